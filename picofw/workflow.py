"""The pipeline, as the paper tells it: instruct, edit, check, judge, accept or try again; then chains.

Plain functions of what they are given. Everything that costs money goes through the door, so that a
task that is run again finds what it already paid for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from picofw.asking import ask, ask_judge, disagreement, opinions
from picofw.calls import Answer, Door
from picofw.checks import Fault
from picofw.observers import Observers
from picofw.plan import draw_region
from picofw.plugins import Plugins
from picofw.providers import Source
from picofw.records import Attempt, CallRef, Sample, SampleOutcome, Turn, Verdict
from picofw.settings import RunSettings
from picofw.slots import Slot
from picofw.store import TaskRow
from picofw.summaries import Summaries
from picofw.types import (
    EditRequest,
    EditResult,
    EditType,
    ImageRef,
    InstructRequest,
    InstructResult,
    JudgeRequest,
    PastTurn,
    Photo,
    Region,
)


@dataclass(frozen=True)
class Pipeline:
    """All that a task needs: the door, who fills each slot, the rules, the plugins that may object, and who watches."""

    run: str
    door: Door
    slots: Mapping[str, Slot]
    source: Source
    summaries: Summaries
    edit_types: Mapping[str, EditType]
    settings: RunSettings
    plugins: Plugins
    observers: Observers


class Order(NamedTuple):
    """What a turn asks for: the fields that it has in common with an :class:`EditRequest`."""

    image: ImageRef
    edit_type: EditType
    instruction: str
    region: Region | None


class _NoTurn(Exception):
    """A turn got no instruction."""

    def __init__(self, outcome: SampleOutcome, reason: str) -> None:
        super().__init__(reason)
        self.outcome, self.reason = outcome, reason


async def make_single(pipe: Pipeline, task: TaskRow, photo: Photo, image: ImageRef) -> Sample:
    """Make one single-turn sample.

    Args:
        pipe: The pipeline.
        task: What is planned.
        photo: The photo it starts from.
        image: The photo's pixels, upright.
    """
    region = _region(pipe, task, photo)
    return await _make_sample(pipe, task, photo, image, (), region)


def _region(pipe: Pipeline, task: TaskRow, photo: Photo) -> Region | None:
    """Draw the object that a first turn is about. An edit moves and removes objects: later turns get none."""
    settings, labels = pipe.settings.regions, pipe.settings.taxonomy.types[task.edit_types[0]].regions
    if not settings.share or not labels:
        return None
    usable = [r for r in photo.regions if r.area >= settings.min_area and r.label not in settings.ignore]
    wanted = None if labels == "any" else labels
    return draw_region(usable, wanted, settings.share, pipe.settings.seed, task.id)


async def make_chain(pipe: Pipeline, task: TaskRow, base: Sample) -> Sample:
    """Extend an accepted single to a chain; its first turn is taken over, not made again.

    Args:
        pipe: The pipeline.
        task: What is planned.
        base: The accepted single.
    """
    first = base.turns[0]
    assert first.accepted is not None
    assert first.accepted.image is not None
    return await _make_sample(pipe, task, base.photo, first.accepted.image, (first,))


async def _make_sample(
    pipe: Pipeline, task: TaskRow, photo: Photo, image: ImageRef, turns: tuple[Turn, ...], region: Region | None = None
) -> Sample:
    wanted = 2 if task.kind == "chain" else 1
    outcome: SampleOutcome = "accepted"
    reason = ""
    for slug in task.edit_types[len(turns) :]:
        try:
            turn = await make_turn(pipe, task.id, pipe.edit_types[slug], image, turns, region)
        except _NoTurn as end:
            outcome, reason = end.outcome, end.reason
            break
        turns = (*turns, turn)
        if turn.accepted is None:
            last = turn.attempts[-1]
            outcome, reason = ("refused" if last.outcome == "refused" else "discarded"), _why(last)
            break
        assert turn.accepted.image is not None
        image = turn.accepted.image
    if sum(turn.accepted is not None for turn in turns) >= wanted:
        outcome = "accepted"
    return Sample(
        id=task.id,
        kind="chain" if task.kind == "chain" else "single",
        position=task.position,
        photo=photo,
        outcome=outcome,
        turns=turns,
        base=task.base,
        reason=reason,
    )


def _why(last: Attempt) -> str:
    return last.reason if last.verdict is None else f"the last attempt fails by {', '.join(last.verdict.failed)}"


async def make_turn(
    pipe: Pipeline,
    task_id: str,
    edit_type: EditType,
    image: ImageRef,
    before: tuple[Turn, ...],
    region: Region | None = None,
) -> Turn:
    """Write an instruction, then edit until the rubric accepts or the attempts are used up.

    Args:
        pipe: The pipeline.
        task_id: Tells this task's edits from others'.
        edit_type: What to ask for.
        image: What to edit.
        before: The turns so far; none for a first turn.
        region: The object that the instruction must be about.
    """
    history = tuple(PastTurn(edit_type=t.edit_type, instruction=t.instruction, state=t.state) for t in before)
    kind = "followup" if history else "long"
    writer, reask = pipe.slots[f"instructors.{kind}"], pipe.settings.attempts.reask
    about = [image.sha256, edit_type.slug, *(past.instruction for past in history)]
    long = await ask(
        pipe.door,
        writer,
        InstructRequest(
            kind=kind,
            image=image,
            edit_type=edit_type,
            region=region,
            history=history,
            seed=writer.seed(kind, *about),
        ),
        InstructResult,
        reask,
    )
    text = _text(long)
    shortener = pipe.slots["instructors.short"]
    short = await ask(
        pipe.door,
        shortener,
        InstructRequest(
            kind="short",
            image=image,
            edit_type=edit_type,
            long_instruction=text,
            history=history,
            seed=shortener.seed("short", *about),
        ),
        InstructResult,
        reask,
    )
    brief = _text(short)
    order = Order(image, edit_type, text, region)
    attempts: list[Attempt] = []
    for number in range(1, pipe.settings.attempts.max + 1):
        where = (task_id, len(before) + 1, number)
        attempt = await make_attempt(pipe, where, order, _feedback(pipe, attempts))
        pipe.observers.tell(
            "picofw_attempt_finished",
            run=pipe.run,
            sample=task_id,
            turn=where[1],
            edit_type=edit_type.slug,
            attempt=attempt,
        )
        attempts.append(attempt)
        if attempt.outcome in ("accepted", "refused"):
            break
    assert long.result is not None
    return Turn(
        edit_type=edit_type.slug,
        input=image,
        instruction=text,
        short=brief,
        region=region,
        state=long.result.state,
        instruct=(long.ref, short.ref),
        attempts=tuple(attempts),
    )


async def make_attempt(pipe: Pipeline, where: tuple[str, int, int], order: Order, feedback: str) -> Attempt:
    """Edit once, check for free, and let the judge score what passes the checks.

    Args:
        pipe: The pipeline.
        where: Task, turn and attempt.
        order: What to do.
        feedback: The judge's rationale on the attempt before, or nothing.
    """
    editor, number = pipe.slots["editor"], where[2]
    request = EditRequest(**order._asdict(), attempt=number, feedback=feedback, seed=editor.seed(*where))
    edit = await pipe.door.call(editor, request, EditResult)
    if edit.status != "ok":
        return Attempt(number=number, outcome=edit.status, edit=edit.ref, reason=edit.reason)
    assert edit.result is not None
    edited = edit.result.image
    assert isinstance(edited, ImageRef)
    fault = await pipe.summaries.fault(order.image, edited, order.edit_type)
    fault = fault or await _objection(pipe, order, edited)
    if fault is not None:
        return Attempt(number=number, outcome=fault[0], edit=edit.ref, image=edited, reason=fault[1])
    return await _judge(pipe, number, edit.ref, order, edited)


async def _objection(pipe: Pipeline, order: Order, after: ImageRef) -> Fault | None:
    """Return what a plugin has against an edit; no image is read if none checks edits."""
    if not pipe.plugins.implementing("picofw_check_edit"):
        return None
    blobs = pipe.door.ledger.blobs

    def ask() -> str | None:
        return pipe.plugins.objection(
            "picofw_check_edit",
            before=blobs.read_now(order.image),
            after=blobs.read_now(after),
            edit_type=order.edit_type,
            instruction=order.instruction,
        )

    reason = await asyncio.to_thread(ask)
    return None if reason is None else ("failed_check", reason)


async def _judge(pipe: Pipeline, number: int, edit: CallRef, order: Order, after: ImageRef) -> Attempt:
    rubric = pipe.settings.rubric

    def question(judge: Slot) -> JudgeRequest:
        return JudgeRequest(
            before=order.image,
            after=after,
            instruction=order.instruction,
            edit_type=order.edit_type,
            region=order.region,
            criteria=rubric.questions(),
            seed=judge.seed("judge"),
        )

    answer = await ask_judge(pipe.door, pipe.slots["judge"], question, pipe.settings.attempts.reask)
    if answer.result is None:
        outcome = "refused" if answer.status == "refused" else "unjudged"
        return Attempt(number=number, outcome=outcome, edit=edit, image=after, reason=answer.reason)
    decision, members = rubric.decide(answer.result.scores), opinions(answer)
    verdict = Verdict(
        call=answer.ref,
        scores=answer.result.scores,
        rationale=answer.result.rationale,
        score=decision.score,
        accepted=decision.accepted,
        failed=decision.failed,
        members=members,
        disagreement=disagreement(members),
    )
    outcome = "accepted" if decision.accepted else "rejected"
    return Attempt(number=number, outcome=outcome, edit=edit, image=after, verdict=verdict)


def _text(answer: Answer[InstructResult]) -> str:
    if answer.result is None:
        raise _NoTurn("refused" if answer.status == "refused" else "no_instruction", answer.reason)
    return answer.result.text.strip()


def _feedback(pipe: Pipeline, attempts: list[Attempt]) -> str:
    if not pipe.settings.attempts.feedback or not attempts:
        return ""
    last = attempts[-1]
    return last.verdict.rationale if last.verdict else last.reason
