"""A source that is down for a while costs a run no photo; photos that alone cannot be reached are replaced."""

from __future__ import annotations

import asyncio
from typing import ClassVar

import pytest
from rehearsal import Drawn, Rehearsal, make_plugin

from picofw.errors import SourceDown, Unreachable
from picofw.hookspecs import ProviderSpec, hookimpl
from picofw.types import Photo

ONE_EACH = ["source.provider=remote", "samples=30", "per_photo=1", "source.photos=90", "mix=uniform"]


class Remote(Drawn):
    """Photos of a server that is down from some request to another, and of dead ones that never answer."""

    asked: ClassVar[int] = 0
    down_from: ClassVar[int | None] = None
    dead: ClassVar[frozenset[int]] = frozenset()
    had: ClassVar[set[int]] = set()

    async def fetch(self, photo: Photo) -> bytes:
        Remote.asked += 1
        number = int(photo.uri.removeprefix("drawn://"))
        if number in self.dead or (self.down_from is not None and Remote.asked > self.down_from):
            raise Unreachable(f"{photo.uri}: status 503; tried 4 times")
        self.had.add(number)
        return await super().fetch(photo)


@pytest.fixture
def rehearsal(tmp_path, monkeypatch) -> Rehearsal:
    @hookimpl
    def picofw_providers():
        return [ProviderSpec("source", "remote", "plugin_remote:Remote", "")]

    for name, value in (("asked", 0), ("down_from", None), ("dead", frozenset()), ("had", set())):
        monkeypatch.setattr(Remote, name, value)
    return Rehearsal(tmp_path, make_plugin(monkeypatch, "remote", Remote=Remote, picofw_providers=picofw_providers))


def written(rehearsal: Rehearsal, name: str) -> list[str]:
    return [sample.model_dump_json() for sample in rehearsal.samples(name)]


@pytest.mark.parametrize("first", [0, 1, 13, 28])
def test_a_run_whose_source_goes_down_stops_and_later_goes_on_as_if_nothing_had_been(rehearsal, monkeypatch, first):
    assert rehearsal.run(*ONE_EACH, "name=undisturbed") is None
    monkeypatch.setattr(Remote, "down_from", Remote.asked + first)
    for _ in range(2):
        ended = rehearsal.run(*ONE_EACH)
        assert isinstance(ended, SourceDown)
        assert "status 503; tried 4 times" in str(ended)
        assert "run the same command again" in str(ended)
    assert set(rehearsal.status()["singles"]) <= {"open", "accepted", "discarded"}
    assert rehearsal.status()["lost_photos"]["tasks"] == 0
    monkeypatch.setattr(Remote, "down_from", None)
    assert rehearsal.run(*ONE_EACH) is None
    assert written(rehearsal, "r") == written(rehearsal, "undisturbed")


def test_photos_that_cannot_be_reached_are_replaced_where_others_can_be(rehearsal, monkeypatch):
    monkeypatch.setattr(Remote, "dead", frozenset(range(30)))
    assert rehearsal.run(*ONE_EACH, "edit_types=[color_tone]") is None
    singles = rehearsal.singles()
    lost = [sample for sample in singles if sample.outcome == "no_photo"]
    assert {sample.photo.id for sample in lost} <= {f"photo{number}" for number in range(30)}
    assert all("status 503" in sample.reason for sample in lost)
    assert len(lost) > 5
    assert len(singles) - len(lost) == 30
    assert rehearsal.status()["lost_photos"] == {"tasks": len(lost), "stood_in": len(lost)}


def test_a_run_of_which_only_unreachable_photos_are_left_comes_to_an_end(rehearsal, monkeypatch):
    monkeypatch.setattr(Remote, "down_from", 5)
    assert isinstance(rehearsal.run(*ONE_EACH), SourceDown)
    monkeypatch.setattr(Remote, "down_from", None)
    monkeypatch.setattr(Remote, "dead", frozenset(range(90)) - Remote.had)
    assert rehearsal.run(*ONE_EACH) is None
    assert rehearsal.status()["lost_photos"]["tasks"] >= 25
    assert "open" not in rehearsal.status()["singles"]


def test_many_dead_photos_before_the_first_that_comes_are_no_outage(rehearsal, monkeypatch):
    async def slow(remote, photo):
        await asyncio.sleep(0.2)
        return await Drawn.fetch(remote, photo)

    fetch = Remote.fetch
    monkeypatch.setattr(Remote, "dead", frozenset(range(40)))
    monkeypatch.setattr(Remote, "fetch", lambda self, photo: (fetch if int(photo.uri[8:]) < 40 else slow)(self, photo))
    assert rehearsal.run(*ONE_EACH, "photos.near_duplicates=0") is None
    assert rehearsal.status()["singles"].get("accepted", 0) > 0


@pytest.mark.parametrize("looks", [["photos.near_duplicates=0"], ["source.provider=bare"]], ids=["looked at", "tagged"])
def test_an_outage_while_photos_are_looked_at_leaves_no_plan_of_the_few_that_were_had(rehearsal, monkeypatch, looks):
    class Bare(Remote):
        def photos(self):
            return (photo.model_copy(update={"tags": None}) for photo in super().photos())

    @hookimpl
    def picofw_providers():
        return [ProviderSpec("source", "bare", "plugin_bare:Bare", "")]

    rehearsal.points += (make_plugin(monkeypatch, "bare", Bare=Bare, picofw_providers=picofw_providers),)
    settings = [*ONE_EACH, *looks, "edit_types=[color_tone,clothing]"]
    assert rehearsal.run(*settings, "name=undisturbed") is None
    for first in (0, 40, 30):
        monkeypatch.setattr(Remote, "down_from", Remote.asked + first)
        assert isinstance(rehearsal.run(*settings), SourceDown)
        assert rehearsal.status()["plan"] is None
    monkeypatch.setattr(Remote, "down_from", None)
    assert rehearsal.run(*settings) is None
    assert rehearsal.status()["plan"]["skipped"] == []
    assert written(rehearsal, "r") == written(rehearsal, "undisturbed")
