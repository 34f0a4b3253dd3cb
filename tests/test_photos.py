"""Photos on their way in: tagged before the plan, fetched when their turn comes, and left aside one by one."""

from __future__ import annotations

import asyncio
import io
import json
from typing import Annotated, ClassVar

import pytest
from PIL import Image
from rehearsal import Drawn, Rehearsal, make_plugin

from picofw.hookspecs import ProviderSpec, hookimpl
from picofw.providers import Operational
from picofw.records import Sample
from picofw.testing.png import mosaic
from picofw.types import ImageRef
from picofw.workspace import open_existing


class Untagged(Drawn):
    """Photos whose tags nobody knows; some of them are gone, one lies on its side."""

    class Options(Drawn.Options):
        gone: int = 0

    def photos(self):
        for photo in super().photos():
            yield photo.model_copy(update={"tags": None})

    async def fetch(self, photo):
        if int(photo.uri.removeprefix("drawn://")) < self.options.gone:
            return b""
        return await super().fetch(photo)


class Sideways(Drawn):
    """JPEG photos as a camera held upright writes them: on their side, with a note."""

    async def fetch(self, photo):
        file, exif = io.BytesIO(), Image.Exif()
        exif[0x0112] = 6
        Image.open(io.BytesIO(mosaic(96, 64, photo.uri))).save(file, "JPEG", exif=exif)
        return file.getvalue()


class Connected(Drawn):
    """Photos that are fetched over a connection, with more or less patience."""

    connected: ClassVar[list[str]] = []

    class Options(Drawn.Options):
        patience_s: Annotated[float, Operational()] = 1

    async def aopen(self):
        self.connected.append("open")

    async def aclose(self):
        self.connected.append("closed")

    async def fetch(self, photo):
        assert self.connected[-1] == "open"
        return await super().fetch(photo)


class HalfTagged(Drawn):
    """Photos whose labels tell of people, and nothing of text."""

    def photos(self):
        for photo in super().photos():
            yield photo.model_copy(update={"tags": photo.tags - {"text"}, "tag_sources": {"person": "labels"}})


@pytest.fixture
def rehearsal(tmp_path, monkeypatch) -> Rehearsal:
    @hookimpl
    def picofw_providers():
        classes = (Untagged, HalfTagged, Sideways, Connected)
        return [ProviderSpec("source", cls.__name__.lower(), f"plugin_photos:{cls.__name__}", "") for cls in classes]

    members = {cls.__name__: cls for cls in (Untagged, HalfTagged, Sideways, Connected)}
    members["picofw_providers"] = picofw_providers
    return Rehearsal(tmp_path, make_plugin(monkeypatch, "photos", **members))


def tagged(rehearsal: Rehearsal) -> dict[str, set[str]]:
    return {sample.photo.id: set(sample.photo.tags or ()) for sample in rehearsal.samples()}


def test_a_source_is_open_while_photos_are_fetched_and_how_it_fetches_is_not_in_the_runs_data(rehearsal):
    Connected.connected.clear()
    assert rehearsal.run("source.provider=connected", "samples=3") is None
    assert Connected.connected == ["open", "closed"]
    assert rehearsal.run("source.provider=connected", "samples=3", "source.patience_s=9") is None


def test_photos_that_come_without_tags_are_tagged_once_and_types_go_where_they_fit(rehearsal):
    people = ["source.provider=untagged", f"tagger.call_log={rehearsal.log}", "mix=uniform"]
    people.append("edit_types=[clothing,color_tone]")
    rehearsal.run(*people)
    assert rehearsal.paid()["tagger"] == 30
    for sample in rehearsal.singles():
        assert sample.turns[0].edit_type == "color_tone" or "person" in sample.photo.tags
    assert {sample.turns[0].edit_type for sample in rehearsal.singles()} == {"clothing", "color_tone"}
    rehearsal.run(*people, "name=again")
    assert rehearsal.paid()["tagger"] == 30


def test_a_tagger_is_asked_about_the_tags_that_nobody_knows_and_each_tag_says_where_it_is_from(rehearsal):
    types = ["source.provider=halftagged", "mix=uniform", "tagger.share=1"]
    rehearsal.run(*types, "edit_types=[clothing]", f"tagger.call_log={rehearsal.log}", "name=people")
    assert rehearsal.paid()["tagger"] == 0
    rehearsal.run(*types, "edit_types=[clothing,replace_text]", f"tagger.call_log={rehearsal.log}", "name=both")
    assert rehearsal.paid()["tagger"] == 30
    sources = {"person": "labels", "text": "tagger:fake"}
    for sample in rehearsal.singles("both"):
        assert sample.photo.tag_sources == sources
        assert sample.photo.tags >= {"text"}
        assert ("person" in sample.photo.tags) == (int(sample.photo.id.removeprefix("photo")) % 3 == 0)


def test_no_tagger_is_asked_where_no_planned_type_needs_a_tag(rehearsal):
    rehearsal.run("source.provider=untagged", "edit_types=[color_tone]", f"tagger.call_log={rehearsal.log}")
    assert rehearsal.paid()["tagger"] == 0
    assert len(rehearsal.singles()) == 12


def test_no_tagger_is_asked_about_photos_that_have_tags(rehearsal):
    rehearsal.run("edit_types=[clothing]", f"tagger.call_log={rehearsal.log}")
    assert rehearsal.paid()["tagger"] == 0
    assert all("person" in tags for tags in tagged(rehearsal).values())


def test_without_a_tagger_untagged_photos_get_no_type_that_needs_a_tag(rehearsal):
    rehearsal.run("source.provider=untagged", "edit_types=[clothing,color_tone]", "mix=uniform", "tagger=null")
    assert {sample.turns[0].edit_type for sample in rehearsal.singles()} == {"color_tone"}
    assert any("missing: clothing 6" in note for note in rehearsal.notes)


def test_a_photo_that_is_gone_when_it_is_tagged_is_skipped_and_named(rehearsal):
    rehearsal.run("source.provider=untagged", "+source.gone=2", "source.photos=6", "edit_types=[clothing]")
    assert any(note.startswith("2 photos are skipped, e.g. drawn://0: ") for note in rehearsal.notes)
    assert [item["uri"] for item in rehearsal.status()["plan"]["skipped"]] == ["drawn://0", "drawn://1"]
    assert not {"photo0", "photo1"} & tagged(rehearsal).keys()


def sizes(samples: list[Sample]) -> set[tuple[int, int]]:
    return {(turn.input.width, turn.input.height) for sample in samples for turn in sample.turns}


def test_photos_are_stored_upright(rehearsal):
    rehearsal.run("source.provider=sideways", "samples=3", "chains.share=0")
    assert sizes(rehearsal.singles()) == {(64, 96)}


def test_a_photos_pixels_are_kept_as_they_came_where_nothing_has_to_change(rehearsal):
    rehearsal.run("samples=3", "chains.share=0")
    sample = rehearsal.singles()[0]
    opened = open_existing(rehearsal.workspace)
    assert opened.blobs.read_now(sample.turns[0].input) == mosaic(96, 64, sample.photo.uri)
    assert ImageRef.model_validate(json.loads(opened.store.photo("r", sample.photo.id)[1])) == sample.turns[0].input
    asyncio.run(opened.aclose())


def test_a_photo_is_fetched_once_and_not_again_when_the_run_goes_on(rehearsal, monkeypatch):
    fetched = []
    fetch = Drawn.fetch

    async def counting(self, photo):
        fetched.append(photo.id)
        return await fetch(self, photo)

    monkeypatch.setattr(Drawn, "fetch", counting)
    rehearsal.run("samples=6", "source.photos=3", "limits.tasks=1", "judge.faults.fatal.calls=[4]")
    rehearsal.run("samples=6", "source.photos=3", "limits.tasks=1")
    assert sorted(fetched) == ["photo0", "photo1", "photo2"]


def test_what_is_known_of_a_photo_travels_with_its_samples(rehearsal):
    rehearsal.run("samples=3")
    assert {sample.photo.license for sample in rehearsal.samples()} == {"CC0"}
