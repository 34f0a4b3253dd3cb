"""The pipeline as published: attempts at one instruction, what becomes of each, and chains."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from picofw.blobs import Blobs
from picofw.calls import Door
from picofw.checks import CheckSettings
from picofw.config import compose_settings
from picofw.cost import FREE, Budget
from picofw.errors import InvalidOutput, Refused
from picofw.ledger import Ledger
from picofw.limits import Limiter, LimitSettings
from picofw.observers import Observers
from picofw.plugins import Plugins
from picofw.providers import Editor, Instructor, Judge, Options
from picofw.settings import RunSettings
from picofw.slots import Slot
from picofw.store import Store, TaskRow
from picofw.subsets import preferences, singles
from picofw.summaries import Summaries
from picofw.testing.png import mosaic, plain
from picofw.types import EditResult, InstructResult, JudgeResult, Photo, Region, TurnState
from picofw.workflow import Pipeline, make_chain, make_single

PHOTO = Photo(id="p", uri="drawn://p", width=96, height=64, tags=frozenset())
PIXELS = mosaic(96, 64, "photo")


@functools.cache
def composed(overrides: tuple[str, ...]) -> RunSettings:
    return compose_settings(["preset=fake", *overrides], [])


class Scripted:
    """Answers step by step and keeps what it was asked; an exception among the steps is raised."""

    def __init__(self, *steps: Any) -> None:
        super().__init__(Options())
        self.steps, self.asked = list(steps), []

    def step(self, request: Any, otherwise: Any) -> Any:
        self.asked.append(request)
        step = self.steps.pop(0) if self.steps else otherwise
        if isinstance(step, Exception):
            raise step
        return step


class Writer(Scripted, Instructor):
    async def instruct(self, request):
        text = self.step(request, f"{request.kind} instruction for {request.edit_type.slug}")
        state = TurnState(changed=(request.edit_type.slug,), refers_to="the dog" if request.kind == "followup" else "")
        return InstructResult(text=text, state=state)


class Brush(Scripted, Editor):
    async def edit(self, request):
        otherwise = mosaic(96, 64, f"{request.instruction} {request.attempt}")
        return EditResult(image=self.step(request, otherwise))


class Critic(Scripted, Judge):
    """Gives every criterion the same score."""

    async def judge(self, request):
        score = self.step(request, 0.9)
        return JudgeResult(scores={criterion.name: score for criterion in request.criteria}, rationale=f"worth {score}")


class Studio:
    """The pipeline around a writer, an editor and a judge."""

    def __init__(self, folder) -> None:
        self.store, self.blobs = Store(folder / "picofw.sqlite"), Blobs(str(folder / "blobs"))
        self.summaries = Summaries(self.blobs, CheckSettings())
        self.writer, self.brush, self.critic = Writer(), Brush(), Critic()
        self.plugins = Plugins([])
        self.observers = Observers(self.plugins)

    async def aclose(self) -> None:
        self.observers.close()
        self.summaries.close()
        await self.store.aclose()
        self.blobs.close()

    def pipe(self, *overrides: str) -> Pipeline:
        settings = composed(overrides)
        filled = {f"instructors.{kind}": ("instructor", self.writer) for kind in ("long", "short", "followup")}
        filled |= {"editor": ("editor", self.brush), "judge": ("judge", self.critic)}
        slots = {
            key: Slot(key, role, "scripted", provider, Limiter(LimitSettings()))
            for key, (role, provider) in filled.items()
        }
        for provider in (self.writer, self.brush, self.critic):
            provider.images = self.blobs
        door = Door(Ledger(self.store, self.blobs, "r", Budget(None), {"": FREE}), lambda run: False)
        types = {edit_type.slug: edit_type for edit_type in settings.taxonomy.edit_types()}
        return Pipeline("r", door, slots, None, self.summaries, types, settings, self.plugins, observers=self.observers)

    async def single(self, *overrides: str, slug: str = "color_tone", photo: Photo = PHOTO):
        image = await self.blobs.put(PIXELS)
        task = TaskRow("t", "single", 0, "p", "", (slug,))
        return await make_single(self.pipe(*overrides), task, photo, image)

    async def chain(self, *further: str, overrides: tuple[str, ...] = ()):
        base = await self.single(*overrides)
        self.paid_for_base = [len(provider.asked) for provider in (self.writer, self.brush, self.critic)]
        task = TaskRow("c", "chain", 0, "p", base.id, ("color_tone", *further))
        return base, await make_chain(self.pipe(*overrides), task, base)


@pytest.fixture
async def studio(tmp_path):
    studio = Studio(tmp_path)
    yield studio
    await studio.aclose()


def outcomes(sample) -> list[str]:
    return [attempt.outcome for attempt in sample.turns[-1].attempts]


# --- regions -----------------------------------------------------------------------------------------

DOG, SPECK, FACE = Region("Dog", 0.1, 0.2, 0.5, 0.9), Region("Ant", 0, 0, 0.05, 0.05), Region("Human face", 0, 0, 1, 1)
WITH_BOXES = PHOTO.model_copy(update={"regions": (SPECK, DOG, FACE)})


async def test_an_edit_of_an_object_is_about_one_that_the_photos_boxes_show(studio):
    sample = await studio.single("regions.share=1", slug="remove_object", photo=WITH_BOXES)
    long, short = studio.writer.asked
    assert sample.turns[0].region == long.region == studio.brush.asked[0].region == studio.critic.asked[0].region == DOG
    assert short.region is None


async def test_boxes_are_not_used_unless_asked_for_nor_by_types_about_no_one_thing(studio):
    for overrides, slug in [((), "remove_object"), (("regions.share=1",), "color_tone")]:
        sample = await studio.single(*overrides, slug=slug, photo=WITH_BOXES)
        assert sample.turns[0].region is None
    assert all(request.region is None for request in (*studio.writer.asked, *studio.brush.asked, *studio.critic.asked))


async def test_a_type_may_be_about_some_objects_only(studio):
    man = Region("Man", 0.2, 0.2, 0.4, 0.8)
    photo = PHOTO.model_copy(update={"regions": (DOG, man)})
    assert (await studio.single("regions.share=1", slug="clothing", photo=photo)).turns[0].region == man


async def test_the_later_turns_of_a_chain_have_no_region_since_edits_move_things(studio):
    base = await studio.single("regions.share=1", slug="remove_object", photo=WITH_BOXES)
    task = TaskRow("c", "chain", 0, "p", base.id, ("remove_object", "replace_object"))
    chain = await make_chain(studio.pipe("regions.share=1"), task, base)
    assert [turn.region for turn in chain.turns] == [DOG, None]


async def test_a_call_without_a_region_is_named_as_if_there_were_none(studio):
    await studio.single("regions.share=1")
    paid = len(studio.brush.asked)
    await studio.single("regions.share=1", photo=WITH_BOXES)
    assert len(studio.brush.asked) == paid


# --- one edit ----------------------------------------------------------------------------------------


async def test_an_edit_that_the_judge_likes_is_accepted_at_once(studio):
    sample = await studio.single()
    assert sample.outcome == "accepted"
    assert outcomes(sample) == ["accepted"]
    turn = sample.turns[0]
    assert (turn.edit_type, turn.instruction) == ("color_tone", "long instruction for color_tone")
    assert turn.short == "short instruction for color_tone"
    assert turn.accepted.image != turn.input
    assert turn.accepted.verdict.score == 0.9
    assert len(turn.instruct) == 2


async def test_the_short_instruction_is_written_from_the_long_one(studio):
    await studio.single()
    long, short = studio.writer.asked
    assert (long.kind, short.kind) == ("long", "short")
    assert short.long_instruction == "long instruction for color_tone"


async def test_the_editor_and_the_judge_are_given_the_long_instruction(studio):
    await studio.single()
    assert studio.brush.asked[0].instruction == studio.critic.asked[0].instruction == "long instruction for color_tone"


async def test_there_are_three_attempts_at_the_same_instruction_and_failures_are_kept(studio):
    studio.critic.steps = [0.2, 0.3, 0.8]
    sample = await studio.single()
    assert sample.outcome == "accepted"
    assert outcomes(sample) == ["rejected", "rejected", "accepted"]
    assert len(studio.writer.asked) == 2
    assert [request.attempt for request in studio.brush.asked] == [1, 2, 3]
    assert {request.instruction for request in studio.brush.asked} == {sample.turns[0].instruction}
    assert len({request.seed for request in studio.brush.asked}) == 3


async def test_failures_before_a_success_are_its_rejected_edits(studio):
    studio.critic.steps = [0.2, 0.3, 0.8]
    [(sample, chosen, rejected)] = preferences([await studio.single()])
    assert chosen.number == 3
    assert [attempt.verdict.score for attempt in rejected] == [0.2, 0.3]
    assert [attempt.verdict.failed for attempt in rejected] == [
        ("instruction_compliance", "seamlessness", "preservation_balance", "technical_quality", "threshold"),
        ("instruction_compliance", "threshold"),
    ]
    assert sample.turns[0].input != chosen.image


async def test_when_all_attempts_fail_the_sample_is_discarded_but_kept(studio):
    studio.critic.steps = [0.2, 0.3, 0.4]
    sample = await studio.single()
    assert sample.outcome == "discarded"
    assert outcomes(sample) == ["rejected"] * 3
    assert all(attempt.image is not None and attempt.verdict is not None for attempt in sample.turns[0].attempts)
    assert "instruction_compliance" in sample.reason
    assert list(singles([sample])) == list(preferences([sample])) == []


async def test_the_number_of_attempts_is_a_setting(studio):
    studio.critic.steps = [0.2] * 5
    assert outcomes(await studio.single("attempts.max=5")) == ["rejected"] * 5


async def test_the_editor_is_not_told_what_the_judge_said_unless_asked_for(studio):
    studio.critic.steps = [0.2, 0.8]
    await studio.single()
    assert [request.feedback for request in studio.brush.asked] == ["", ""]


async def test_with_feedback_the_editor_is_told_why_the_attempt_before_failed(studio):
    studio.critic.steps = [0.2, 0.8]
    studio.brush.steps = [mosaic(96, 64, "a"), PIXELS, mosaic(96, 64, "b")]
    sample = await studio.single("attempts.feedback=true")
    assert outcomes(sample) == ["rejected", "unchanged", "accepted"]
    first, second, third = (request.feedback for request in studio.brush.asked)
    assert (first, second) == ("", "worth 0.2")
    assert third.startswith("no region differs")


@pytest.mark.parametrize(
    ("bytes_", "slug", "outcome"),
    [
        (PIXELS, "color_tone", "unchanged"),
        (plain(96, 64, "x"), "color_tone", "blank"),
        (mosaic(96, 64, "y")[:-100], "color_tone", "undecodable"),
        (b"sorry, no picture today", "color_tone", "undecodable"),
        (mosaic(96, 128, "z"), "color_tone", "frame_changed"),
    ],
)
async def test_what_no_judge_could_accept_is_named_and_the_judge_is_not_paid(studio, bytes_, slug, outcome):
    studio.brush.steps = [bytes_]
    sample = await studio.single(slug=slug)
    assert outcomes(sample) == [outcome, "accepted"]
    assert len(studio.critic.asked) == 1
    assert sample.turns[0].attempts[0].reason
    assert sample.turns[0].attempts[0].verdict is None
    assert list(preferences([sample])) == []


async def test_a_type_that_changes_the_frame_may_change_it(studio):
    studio.brush.steps = [mosaic(96, 128, "z")]
    assert outcomes(await studio.single(slug="outpainting")) == ["accepted"]


async def test_a_refused_edit_ends_the_turn(studio):
    studio.brush.steps = [Refused("not this one")]
    sample = await studio.single()
    assert (sample.outcome, sample.reason) == ("refused", "not this one")
    assert outcomes(sample) == ["refused"]
    assert len(studio.brush.asked) == 1
    assert studio.critic.asked == []


async def test_an_answer_without_an_image_is_an_attempt_and_the_next_is_made(studio):
    studio.brush.steps = [InvalidOutput("only words")]
    sample = await studio.single()
    assert outcomes(sample) == ["invalid", "accepted"]
    assert sample.turns[0].attempts[0].image is None
    assert list(preferences([sample])) == []


async def test_a_judge_whose_answer_cannot_be_used_is_asked_once_more_as_a_new_call(studio):
    studio.critic.steps = [InvalidOutput("chatter"), 0.9]
    sample = await studio.single()
    assert outcomes(sample) == ["accepted"]
    assert [request.repeat for request in studio.critic.asked] == [0, 1]


async def test_an_edit_that_the_judge_cannot_judge_is_unjudged_and_no_rejected_edit(studio):
    studio.critic.steps = [InvalidOutput("chatter"), InvalidOutput("more chatter")]
    sample = await studio.single()
    assert outcomes(sample) == ["unjudged", "accepted"]
    assert sample.turns[0].attempts[0].reason == "more chatter"
    assert len(studio.critic.asked) == 3
    assert list(preferences([sample])) == []


async def test_a_judge_that_refuses_ends_the_turn(studio):
    studio.critic.steps = [Refused("I will not look")]
    sample = await studio.single()
    assert sample.outcome == "refused"
    assert outcomes(sample) == ["refused"]


@pytest.mark.parametrize(
    ("steps", "outcome", "asked"),
    [
        ([InvalidOutput("?"), InvalidOutput("??")], "no_instruction", 2),
        ([Refused("no")], "refused", 1),
        (["look at the sky", Refused("no")], "refused", 2),
        (["look at the sky", InvalidOutput("?"), InvalidOutput("??")], "no_instruction", 3),
    ],
)
async def test_without_an_instruction_no_edit_is_paid(studio, steps, outcome, asked):
    studio.writer.steps = list(steps)
    sample = await studio.single()
    assert (sample.outcome, sample.turns) == (outcome, ())
    assert sample.reason == str(steps[-1])
    assert len(studio.writer.asked) == asked
    assert studio.brush.asked == []


async def test_a_task_made_again_pays_for_nothing(studio):
    studio.critic.steps = [0.2, 0.8]
    first = await studio.single()
    asked = [len(provider.asked) for provider in (studio.writer, studio.brush, studio.critic)]
    assert await studio.single() == first
    assert [len(provider.asked) for provider in (studio.writer, studio.brush, studio.critic)] == asked


async def test_another_threshold_judges_the_same_scores_anew_and_pays_only_for_further_attempts(studio):
    studio.critic.steps = [0.75, 0.95]
    assert outcomes(await studio.single("rubric.threshold=0.7")) == ["accepted"]
    assert outcomes(await studio.single("rubric.threshold=0.8")) == ["rejected", "accepted"]
    assert len(studio.brush.asked) == len(studio.critic.asked) == 2
    assert len(studio.writer.asked) == 2


# --- chains ------------------------------------------------------------------------------------------


async def test_a_chain_takes_over_its_first_turn_and_does_not_pay_for_it_again(studio):
    base, chain = await studio.chain("film_grain")
    assert chain.outcome == "accepted"
    assert chain.base == base.id
    assert chain.turns[0] == base.turns[0]
    assert studio.paid_for_base == [2, 1, 1]
    assert [len(studio.writer.asked), len(studio.brush.asked), len(studio.critic.asked)] == [4, 2, 2]


async def test_each_turn_goes_on_from_the_image_and_the_history_before_it(studio):
    base, chain = await studio.chain("film_grain", "season")
    second, third = (request for request in studio.writer.asked if request.kind == "followup")
    assert [turn.input for turn in chain.turns[1:]] == [turn.accepted.image for turn in chain.turns[:2]]
    assert [(past.edit_type, past.instruction) for past in third.history] == [
        ("color_tone", "long instruction for color_tone"),
        ("film_grain", "followup instruction for film_grain"),
    ]
    assert second.image == base.turns[0].accepted.image
    assert chain.turns[2].state.refers_to == "the dog"
    assert chain.turns[0].state.refers_to == ""


async def test_a_chain_whose_later_turn_fails_keeps_its_accepted_turns_if_there_are_two(studio):
    studio.critic.steps = [0.9, 0.9, 0.1, 0.1, 0.1]
    _, chain = await studio.chain("film_grain", "season", "weather")
    assert chain.outcome == "accepted"
    assert [turn.edit_type for turn in chain.accepted_turns] == ["color_tone", "film_grain"]
    assert [turn.edit_type for turn in chain.turns] == ["color_tone", "film_grain", "season"]
    assert outcomes(chain) == ["rejected"] * 3


@pytest.mark.parametrize(("steps", "outcome"), [([0.9, 0.1, 0.1, 0.1], "discarded"), ([0.9, Refused("no")], "refused")])
async def test_a_chain_with_one_accepted_turn_is_none(studio, steps, outcome):
    studio.critic.steps = list(steps)
    _, chain = await studio.chain("film_grain", "season")
    assert chain.outcome == outcome
    assert chain.reason
    assert len(chain.turns) == 2


async def test_a_chain_ends_where_no_further_instruction_is_written(studio):
    studio.writer.steps = ["a", "b", "c", "d", Refused("enough")]
    _, chain = await studio.chain("film_grain", "season")
    assert chain.outcome == "accepted"
    assert len(chain.turns) == 2
    assert chain.reason == "enough"


async def test_the_same_edit_of_another_task_is_another_edit(studio):
    """Else two chains that happen to ask for the same thing would share their luck."""
    image = await studio.blobs.put(PIXELS)
    for task_id in ("one", "two"):
        await make_single(studio.pipe(), TaskRow(task_id, "single", 0, "p", "", ("color_tone",)), PHOTO, image)
    assert len({request.seed for request in studio.brush.asked}) == 2
    assert len(studio.writer.asked) == 2
