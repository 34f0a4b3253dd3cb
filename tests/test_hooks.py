"""Hooks beside providers: a check before the judge, a filter of photos, and observers that harm nobody."""

from __future__ import annotations

import csv
import json
import struct
import sys
import threading
import time
from collections import Counter
from functools import partial
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import observer_csv
import pytest
from documented.pages import ROOT, blocks
from rehearsal import Rehearsal, make_plugin
from tensorboardX.proto.event_pb2 import Event

from picofw import cli
from picofw.blobs import Blobs
from picofw.commands import plan
from picofw.config import compose_settings
from picofw.errors import ConfigError, PluginError
from picofw.hookspecs import hookimpl
from picofw.plugins import Plugins
from picofw.prepare import Prepared, prepare
from picofw.subsets import preferences
from picofw.types import EditType, Photo

PHOTO = Photo(id="p", uri="drawn://0", width=96, height=64)


class Guard:
    """A plugin whose check and filter do as they are told."""

    def __init__(self) -> None:
        self.check = self.keep = lambda **_: None

    @hookimpl
    def picofw_check_edit(self, before, after, edit_type, instruction):
        return self.check(before=before, after=after, edit_type=edit_type, instruction=instruction)

    @hookimpl
    def picofw_keep_photo(self, photo):
        return self.keep(photo=photo)


@pytest.fixture
def rehearsal(tmp_path) -> Rehearsal:
    return Rehearsal(tmp_path)


@pytest.fixture
def guard(rehearsal, monkeypatch) -> Guard:
    guard = Guard()
    hooks = {name: getattr(guard, name) for name in ("picofw_check_edit", "picofw_keep_photo")}
    rehearsal.points += (make_plugin(monkeypatch, "guard", **hooks),)
    return guard


def refusing(**_):
    raise ZeroDivisionError("no luck")


def written(rehearsal: Rehearsal) -> list[str]:
    return [sample.model_dump_json() for sample in rehearsal.samples()]


def attempts(rehearsal: Rehearsal) -> list:
    return [attempt for sample in rehearsal.singles() for attempt in sample.turns[0].attempts]


# --- an extra check of an edit ---------------------------------------------------------------------------


def test_an_edit_that_a_plugin_objects_to_is_kept_but_neither_judged_nor_a_preference(rehearsal, guard):
    guard.check = lambda after, **_: "the sky is green" if after[-20] % 2 else None
    assert rehearsal.run() is None
    failed = [attempt for attempt in attempts(rehearsal) if attempt.outcome == "failed_check"]
    assert failed
    assert {attempt.reason for attempt in failed} == {"guard of guard: the sky is green"}
    assert all(attempt.image is not None and attempt.verdict is None for attempt in failed)
    judged = [a for s in rehearsal.samples() for turn in s.turns for a in turn.attempts if a.outcome != "failed_check"]
    assert rehearsal.paid()["judge"] == len({attempt.verdict.call.digest for attempt in judged})
    assert all(a.outcome == "rejected" for _, _, rejected in preferences(rehearsal.samples()) for a in rejected)
    assert rehearsal.status()["attempts"]["failed_check"] >= len(failed)


def test_a_check_is_given_both_images_the_edit_type_and_the_instruction_off_the_event_loop(rehearsal, guard):
    seen = {}

    def check(before, after, edit_type, instruction):
        assert threading.current_thread() is not threading.main_thread()
        assert isinstance(edit_type, EditType)
        seen[instruction] = (before, after)

    guard.check = check
    assert rehearsal.run("samples=4", "chains.share=0") is None
    blobs = Blobs(str(rehearsal.workspace / "blobs"))
    for sample in rehearsal.singles():
        turn = sample.turns[0]
        expected = {tuple(map(blobs.read_now, (turn.input, attempt.image))) for attempt in turn.attempts}
        assert seen[turn.instruction] in expected
    blobs.close()


def test_with_feedback_the_editor_is_told_a_plugins_reason(rehearsal, guard):
    told = []
    guard.check = lambda instruction, **_: told.append(instruction) or "too dark"
    rehearsal.run("samples=1", "chains.share=0", "attempts.feedback=true")
    assert len(told) == 3
    plain = [attempt.edit.digest for attempt in attempts(rehearsal)]
    rehearsal.run("name=silent", "samples=1", "chains.share=0")
    silent = [attempt.edit.digest for attempt in rehearsal.singles("silent")[0].turns[0].attempts]
    assert [ours == theirs for ours, theirs in zip(plain, silent, strict=True)] == [True, False, False]


def test_where_no_plugin_checks_no_image_is_read_for_it(rehearsal, monkeypatch):
    reads = Counter()
    read_now = Blobs.read_now

    def counting(self, image):
        reads[image.sha256] += 1
        return read_now(self, image)

    monkeypatch.setattr(Blobs, "read_now", counting)
    assert rehearsal.run("samples=4", "chains.share=0") is None
    assert set(reads.values()) == {1}  # by the core's own checks


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (refusing, "ZeroDivisionError: no luck"),
        (lambda **_: sys.exit("no model"), "SystemExit: no model"),
        (lambda **_: True, "TypeError: it answered True, neither a reason nor None"),
        (lambda **_: "", "TypeError: it answered '', neither a reason nor None"),
    ],
    ids=["raises", "exits", "bool", "empty"],
)
def test_a_check_that_fails_stops_the_run_and_costs_nothing_that_was_paid(rehearsal, guard, answer, said):
    calls = []
    guard.check = lambda **given: calls.append(1) or (answer(**given) if len(calls) > 4 else None)
    ended = rehearsal.run()
    assert isinstance(ended, PluginError)
    assert str(ended).startswith(f"plugin guard of guard failed in picofw_check_edit: {said}; nothing paid is lost")
    assert all(sample.outcome != "failed_check" for sample in rehearsal.singles())
    guard.check = lambda **_: None
    assert rehearsal.run() is None
    resumed = written(rehearsal)
    rehearsal.run("name=at_once")
    rehearsal.paid()  # no call twice
    assert written(rehearsal) == resumed
    assert [s.model_dump_json() for s in rehearsal.samples("at_once")] == resumed


def test_a_check_that_hangs_stops_the_run_and_is_waited_for_once(rehearsal, guard, monkeypatch):
    hung = []
    guard.check = lambda **_: hung.append(1) or threading.Event().wait()
    monkeypatch.setattr("rehearsal.Plugins", partial(Plugins, screen_timeout_s=0.2))
    ended = rehearsal.run()
    assert isinstance(ended, PluginError)
    assert "guard of guard failed in picofw_check_edit: TooSlow: it was not done after 0.2 s; nothing paid" in str(
        ended
    )
    assert len(hung) < rehearsal.paid()["editor"]  # the edits that came later were not looked at
    guard.check = lambda **_: None
    assert rehearsal.run() is None
    rehearsal.paid()  # no call twice


def test_the_traceback_of_a_check_that_fails_is_in_the_log(rehearsal, guard):
    guard.check = refusing
    rehearsal.run("samples=1")
    log = (rehearsal.workspace / "runs" / "r" / "picofw.log").read_text()
    assert "ZeroDivisionError: no luck" in log
    assert "defect" not in log


# --- an extra filter of photos ---------------------------------------------------------------------------


def unlucky(photo):
    return "unlucky" if photo.id.endswith("3") else None


def test_a_photo_that_a_plugin_leaves_out_is_not_planned_but_counted_and_listed(rehearsal, guard):
    guard.keep = unlucky
    assert rehearsal.run("samples=30", "per_photo=2") is None
    assert not any(sample.photo.id.endswith("3") for sample in rehearsal.samples())
    planned = rehearsal.status()["plan"]
    assert planned["photos"] == 27
    assert planned["skipped"][0] == {"uri": "drawn://3", "reason": "guard of guard: unlucky"}
    assert len(planned["skipped"]) == 3
    assert any(note.startswith("3 photos are skipped, e.g. drawn://3") for note in rehearsal.notes)


def test_the_dry_run_leaves_the_same_photos_out(rehearsal, guard, monkeypatch, capsys):
    guard.keep = unlucky
    monkeypatch.setattr(plan, "load_plugins", lambda: Plugins(rehearsal.points))
    with pytest.raises(SystemExit) as ended:
        cli.main(["plan", "--json", *rehearsal.overrides])
    assert ended.value.code == 0
    figures = json.loads(capsys.readouterr().out)
    assert (figures["photos"], figures["skipped"]) == (27, 3)


def test_a_filter_that_hangs_stops_the_run_before_anything_is_paid(rehearsal, guard, monkeypatch):
    guard.keep = lambda **_: threading.Event().wait()
    monkeypatch.setattr("rehearsal.Plugins", partial(Plugins, screen_timeout_s=0.1))
    ended = rehearsal.run()
    assert "failed in picofw_keep_photo: TooSlow: it was not done after 0.1 s" in str(ended)
    assert rehearsal.paid().total() == 0


def test_a_filter_that_fails_stops_the_run_before_anything_is_planned_or_paid(rehearsal, guard):
    guard.keep = refusing
    ended = rehearsal.run()
    assert isinstance(ended, PluginError)
    assert str(ended).startswith("plugin guard of guard failed in picofw_keep_photo: ZeroDivisionError: no luck")
    assert rehearsal.paid().total() == 0
    assert rehearsal.status()["plan"] is None
    guard.keep = lambda **_: None
    assert rehearsal.run() is None
    assert len(rehearsal.singles()) == 12


# --- which plugins a run goes on with --------------------------------------------------------------------


class Distribution:
    """What a plugin's entry point says of its distribution."""

    name, requires = "picofw-guard", None

    def __init__(self, version: str) -> None:
        self.version = version


def shipped(point: EntryPoint, version: str) -> EntryPoint:
    found = EntryPoint(point.name, point.value, point.group)
    vars(found)["dist"] = Distribution(version)  # as importlib.metadata does it
    return found


def test_a_run_does_not_go_on_with_other_checks_and_says_which(rehearsal, guard):
    point = rehearsal.points[-1]
    rehearsal.points = (rehearsal.points[0], shipped(point, "1.0"))
    assert rehearsal.run("samples=3") is None
    hooks = ("check_edit", "keep_photo")
    kept = rehearsal.settings()["data"]
    assert [kept[f"plugins.picofw_{hook}"] for hook in hooks] == [["guard of picofw-guard 1.0"]] * 2
    paid = rehearsal.paid()
    for points, now in [((shipped(point, "1.1"),), '["guard of picofw-guard 1.1"]'), ((), "(unset)")]:
        rehearsal.points = (rehearsal.points[0], *points)
        with pytest.raises(ConfigError) as caught:
            rehearsal.run("samples=3")
        for hook in hooks:
            assert f'plugins.picofw_{hook}: ["guard of picofw-guard 1.0"] -> {now}' in str(caught.value)
    assert rehearsal.paid() == paid


def prepared(*points: EntryPoint) -> Prepared:
    return prepare(compose_settings(["preset=fake"], []), Plugins(points))


def test_another_check_is_another_run_and_a_plugin_that_only_watches_is_not(monkeypatch, rehearsal, guard):
    watching = make_plugin(monkeypatch, "watch", picofw_sample_finished=observer_csv.picofw_sample_finished)
    assert prepared(watching).data == prepared().data
    assert prepared(rehearsal.points[-1]).name != prepared().name


def test_of_several_plugins_the_first_reason_is_given_and_all_may_object(monkeypatch):
    def objecting(name, answer):
        @hookimpl
        def picofw_keep_photo(photo):
            return answer

        return make_plugin(monkeypatch, name, picofw_keep_photo=picofw_keep_photo)

    plugins = Plugins([objecting("kind", None), objecting("stern", "no licence")])
    assert plugins.objection("picofw_keep_photo", photo=PHOTO) == "stern of stern: no licence"
    assert plugins.implementing("picofw_keep_photo") == ["kind of kind", "stern of stern"]
    assert plugins.implementing("picofw_check_edit") == []


# --- observers ---------------------------------------------------------------------------------------------


@pytest.fixture
def observed(rehearsal, monkeypatch) -> Rehearsal:
    rehearsal.points += (EntryPoint("csv", "observer_csv", "picofw"),)
    return rehearsal


def lines(rehearsal: Rehearsal) -> list[dict[str, str]]:
    with (rehearsal.workspace / "runs" / "r" / "attempts.csv").open() as file:
        return list(csv.DictReader(file))


def test_the_example_observer_writes_every_attempt_once_also_when_the_run_goes_on(observed):
    assert observed.run("judge.faults.fatal.calls=[9]") is not None
    assert observed.run() is None
    found = Counter(row["outcome"] for row in lines(observed))
    assert found == observed.status()["attempts"]
    scored = {row["score"] for row in lines(observed) if row["outcome"] == "accepted"}
    assert all(0 <= float(score) <= 1 for score in scored)


def test_an_observer_that_fails_harms_neither_the_run_nor_other_observers(observed, monkeypatch):
    @hookimpl
    def picofw_run_started(run):
        sys.exit("no room")

    @hookimpl
    def picofw_sample_finished(sample):
        raise ValueError(sample.id)

    @hookimpl
    def picofw_attempt_finished(attempt):
        raise MemoryError(attempt.number)

    hooks = {hook.__name__: hook for hook in (picofw_run_started, picofw_sample_finished, picofw_attempt_finished)}
    observed.points += (make_plugin(monkeypatch, "clumsy", **hooks),)
    assert observed.run("samples=3") is None
    assert Counter(row["outcome"] for row in lines(observed)) == observed.status()["attempts"]
    log = (observed.workspace / "runs" / "r" / "picofw.log").read_text()
    assert log.count("plugin clumsy of clumsy failed in picofw_sample_finished") == len(observed.samples())


def test_observers_are_told_of_the_start_each_sample_and_the_end_in_order_by_the_run_itself(rehearsal, monkeypatch):
    told = []

    @hookimpl
    def picofw_run_started(run, settings):
        told.append((run, settings["name"]))

    @hookimpl
    def picofw_sample_finished(run, sample):
        told.append((run, sample.id))

    @hookimpl
    def picofw_run_finished(run, summary):
        told.append((run, summary))

    hooks = (picofw_run_started, picofw_sample_finished, picofw_run_finished)
    rehearsal.points += (make_plugin(monkeypatch, "keen", **{hook.__name__: hook for hook in hooks}),)
    assert rehearsal.run("samples=3") is None
    (first, *samples, last), told[:] = told[:], []
    assert first == ("r", "r")
    assert sorted(samples) == sorted(("r", sample.id) for sample in rehearsal.samples())
    assert last == ("r", rehearsal.status())

    rehearsal.run("samples=3")  # all is done: nothing but the start and the end
    assert told == [first, last]


def test_attempts_are_told_as_they_end_and_those_of_an_unfinished_sample_again_when_the_run_goes_on(
    rehearsal, monkeypatch
):
    told, reports = {}, []

    @hookimpl
    def picofw_attempt_finished(run, sample, turn, edit_type, attempt):
        told[sample, turn, attempt.number] = (run, edit_type, attempt)
        reports.append(sample)

    @hookimpl
    def picofw_sample_finished(sample):
        reports.append(sample)

    hooks = (picofw_attempt_finished, picofw_sample_finished)
    rehearsal.points += (make_plugin(monkeypatch, "keen", **{hook.__name__: hook for hook in hooks}),)
    assert rehearsal.run("judge.faults.fatal.calls=[9]") is not None
    assert rehearsal.run() is None
    made = {
        (sample.id, number, attempt.number): ("r", turn.edit_type, attempt)
        for sample in rehearsal.samples()
        for number, turn in enumerate(sample.turns, 1)
        if not (sample.base and number == 1)  # a single's
        for attempt in turn.attempts
    }
    assert told == made
    for sample in rehearsal.singles():  # each is told of after its attempts
        assert sample.id not in reports[reports.index(sample) :]


def test_the_end_is_told_also_where_the_run_ends_early(rehearsal, monkeypatch):
    told = []

    @hookimpl
    def picofw_run_finished(summary):
        told.append(summary)

    rehearsal.points += (make_plugin(monkeypatch, "keen", picofw_run_finished=picofw_run_finished),)
    assert rehearsal.run("judge.faults.fatal.calls=[3]") is not None
    assert told == [rehearsal.status()]
    assert told[0]["singles"]["open"] > 0


def test_the_documented_observer_draws_every_score_once_also_when_the_run_goes_on(rehearsal, monkeypatch):
    (code,) = (block.text for block in blocks(ROOT / "docs" / "hooks.md") if "SummaryWriter" in block.text)
    curves: dict[str, Any] = {}
    exec(code, curves)
    rehearsal.points += (make_plugin(monkeypatch, "curves", **curves),)
    assert rehearsal.run("judge.faults.fatal.calls=[9]") is not None
    time.sleep(1)  # TensorBoard's files are named by the second
    assert rehearsal.run() is None

    drawn = events(rehearsal.workspace / "runs" / "r" / "tensorboard")
    samples = [(sample, turn) for sample in rehearsal.samples() for turn in sample.turns[1 if sample.base else 0 :]]
    scored = [(s.position, attempt) for s, turn in samples for attempt in turn.attempts if attempt.verdict]
    for name in ("seamlessness", "technical_quality"):
        expected = sorted((position, attempt.verdict.scores[name]) for position, attempt in scored)
        assert drawn[f"criterion/{name}"] == [(position, pytest.approx(score)) for position, score in expected]
    assert len(drawn["accepted/single"]) == len(rehearsal.singles())
    assert drawn["singles/accepted"][-1] == (0, rehearsal.status()["singles"]["accepted"])


def events(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """What TensorBoard would show: (step, value) by tag, by step."""
    found: dict[str, list[tuple[int, float]]] = {}
    for file in sorted(folder.iterdir()):
        data = file.read_bytes()
        while data:
            (size,) = struct.unpack("<Q", data[:8])
            event = Event.FromString(data[12 : 12 + size])  # a length and a text, each followed by its checksum
            for value in event.summary.value:
                found.setdefault(value.tag, []).append((event.step, value.simple_value))
            data = data[16 + size :]
    return {tag: sorted(points) for tag, points in found.items()}
