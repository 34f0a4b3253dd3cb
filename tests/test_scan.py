"""Photos before the plan: left out by settings, looked at and fetched once, whatever happens meanwhile."""

from __future__ import annotations

import asyncio
import io
from collections import Counter
from typing import ClassVar

import pytest
from PIL import Image
from rehearsal import Drawn, Rehearsal, make_plugin

from picofw.errors import SourceError
from picofw.hookspecs import ProviderSpec, hookimpl
from picofw.testing.png import mosaic
from picofw.types import Photo

LOOKS = ["source.provider=mixed", "photos.greyscale=false", "photos.near_duplicates=4"]


class Mixed(Drawn):
    """Photos of every kind, whose sizes only the pixels tell; it counts what is fetched."""

    fetched: ClassVar[Counter[str]] = Counter()
    dies_after: ClassVar[int | None] = None

    def photos(self):
        for number, photo in enumerate(super().photos()):
            labels = ("NSFW",) if number == 1 else ()
            yield photo.model_copy(update={"width": 0, "height": 0, "labels": labels})

    async def fetch(self, photo: Photo) -> bytes:
        if self.dies_after is not None and sum(self.fetched.values()) == self.dies_after:
            raise RuntimeError("killed")
        self.fetched[photo.id] += 1
        number = int(photo.uri.removeprefix("drawn://"))
        await asyncio.sleep(0.001 * (number % 3))  # answers come in another order than questions
        match number:
            case 2:
                return mosaic(96, 64, "cut")[:200]
            case 3:
                raise SourceError(f"{photo.uri}: gone (status 404)")
            case 4:
                return mosaic(40, 64, "small")
            case 5:
                return grey(96, 64)
            case 7 | 9:
                return mosaic(96 + number, 64, "drawn://6")
        return mosaic(96, 64, photo.uri)


def grey(width: int, height: int) -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").resize((width, height)).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def rehearsal(tmp_path, monkeypatch) -> Rehearsal:
    @hookimpl
    def picofw_providers():
        return [ProviderSpec("source", "mixed", "plugin_mixed:Mixed", "")]

    Mixed.fetched.clear()
    return Rehearsal(tmp_path, make_plugin(monkeypatch, "mixed", Mixed=Mixed, picofw_providers=picofw_providers))


def skipped(rehearsal: Rehearsal) -> dict[str, str]:
    return {item["uri"]: item["reason"] for item in rehearsal.status()["plan"]["skipped"]}


def test_by_default_only_flagged_photos_are_left_out_and_no_photo_is_looked_at(rehearsal):
    assert rehearsal.run("source.provider=mixed", "samples=3") is None
    assert skipped(rehearsal) == {"drawn://1": "its source flags it as nsfw (photos.unsafe)"}
    assert rehearsal.status()["plan"]["dropped"] == {"unsafe": 1}
    assert sum(Mixed.fetched.values()) == 3


def test_photos_are_left_out_with_their_reasons_and_counts(rehearsal):
    assert rehearsal.run(*LOOKS, "photos.min_side=60", "samples=40") is None
    reasons = skipped(rehearsal)
    assert reasons.pop("drawn://2").startswith("not a whole png image")
    assert reasons == {
        "drawn://1": "its source flags it as nsfw (photos.unsafe)",
        "drawn://3": "gone (status 404)",
        "drawn://4": "40 x 64 pixels: each side needs at least 60 (photos.min_side)",
        "drawn://5": "it has no colours (photos.greyscale)",
        "drawn://7": "nearly the same as drawn://6 (photos.near_duplicates)",
        "drawn://9": "nearly the same as drawn://6 (photos.near_duplicates)",
    }
    assert rehearsal.status()["plan"]["dropped"] == {"unsafe": 1, "min_side": 1, "greyscale": 1, "near_duplicates": 2}
    assert rehearsal.status()["plan"]["photos"] == 23
    [told] = [note for note in rehearsal.notes if "left out" in note]
    assert "1 by photos.greyscale, 1 by photos.min_side, 2 by photos.near_duplicates, 1 by photos.unsafe" in told
    assert all(sample.outcome != "no_photo" for sample in rehearsal.singles())


def test_a_photo_that_was_looked_at_is_not_fetched_again(rehearsal):
    assert rehearsal.run(*LOOKS, "samples=40") is None
    assert set(Mixed.fetched.values()) == {1}


def test_a_scan_that_was_cut_short_goes_on_with_the_photos_it_has(rehearsal, monkeypatch):
    many = [*LOOKS, "samples=9", "source.photos=100"]
    monkeypatch.setattr(Mixed, "dies_after", 80)
    with pytest.raises(RuntimeError, match="killed"):
        rehearsal.run(*many)
    monkeypatch.setattr(Mixed, "dies_after", None)
    assert rehearsal.run(*many) is None
    again = [photo_id for photo_id, times in Mixed.fetched.items() if times > 1]
    assert len(again) <= 32 + 2  # those whose fetching was cut off, and the damaged
    assert len(skipped(rehearsal)) == 6


def test_the_same_photos_are_left_out_in_whatever_order_they_arrive(rehearsal, monkeypatch):
    rehearsal.run(*LOOKS, "samples=40")
    first = skipped(rehearsal)
    real = asyncio.sleep
    monkeypatch.setattr(asyncio, "sleep", lambda seconds: real(0.003 - seconds if 0 < seconds < 0.003 else seconds))
    rehearsal.run(*LOOKS, "samples=40", "name=other")
    assert skipped(rehearsal) == first
