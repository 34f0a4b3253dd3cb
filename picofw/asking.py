"""Asking: again while an answer cannot be used, and in the place of a panel each of its members."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TypeVar

from picofw.calls import Answer, Door
from picofw.errors import InvalidOutput, Refused
from picofw.providers import Panel
from picofw.records import CallRef, Opinion
from picofw.slots import Slot, validated
from picofw.types import JudgeRequest, JudgeResult, Request, Result

R = TypeVar("R", bound=Result)


async def ask(door: Door, slot: Slot, request: Request, kind: type[R], reask: int) -> Answer[R]:
    """Ask, and ask again as a new call while the answer cannot be used.

    Args:
        door: Answers.
        slot: Who is asked; no panel.
        request: What is asked.
        kind: The result's class.
        reask: How often to ask again at most.

    Raises:
        PicofwError: As :meth:`picofw.calls.Door.call` says.
    """
    for again in range(reask + 1):
        asked = request.model_copy(update={"repeat": request.repeat + again}) if again else request
        answer = await door.call(slot, asked, kind)
        if answer.status != "invalid":
            break
    return answer


async def ask_judge(
    door: Door, slot: Slot, question: Callable[[Slot], JudgeRequest], reask: int
) -> Answer[JudgeResult]:
    """Ask a judge, or every member of a panel at once, each with a seed of its own.

    A member that refuses, or gives no usable answer, leaves it to the panel whether the others are enough. A fault
    that may pass is no answer: the panel waits until it is asked again, and those who answered are not asked twice.

    Args:
        door: Answers.
        slot: Who is asked.
        question: Makes the request that a slot is asked.
        reask: How often to ask again at most.

    Raises:
        PicofwError: As :meth:`picofw.calls.Door.call` says.
    """
    request = question(slot)
    if not slot.members:
        return await ask(door, slot, request, JudgeResult, reask)

    async def one(member: Slot) -> Answer[JudgeResult]:
        with door.working():
            return await ask_judge(door, member, question, reask)

    everyone = asyncio.gather(*map(one, slot.members.values()), return_exceptions=True)
    answers: dict[str, Answer[JudgeResult]] = {}
    for name, answer in zip(slot.members, await door.idle(everyone), strict=True):
        if isinstance(answer, BaseException):
            raise answer
        answers[name] = answer
    return _combined(slot, request, answers)


def _combined(slot: Slot, request: JudgeRequest, answers: Mapping[str, Answer[JudgeResult]]) -> Answer[JudgeResult]:
    """Return what a panel makes of its members' answers."""
    assert isinstance(slot.provider, Panel)
    costs = [answer.ref.cost_usd for answer in answers.values()]
    known = [cost for cost in costs if cost is not None]
    ref = CallRef(
        digest=slot.digest(request),
        provider=slot.name,
        model=slot.provider.model,
        options=slot.options,
        seed=request.seed,
        cost_usd=sum(known, Decimal(0)) if len(known) == len(costs) else None,
    )
    hit = all(answer.hit for answer in answers.values())
    try:
        given = {name: _given(answer) for name, answer in answers.items()}
        result = validated(request, slot.provider.combine(request, given), JudgeResult)
    except (Refused, InvalidOutput) as error:
        return Answer(ref, "refused" if isinstance(error, Refused) else "invalid", None, str(error), hit, answers)
    return Answer(ref, "ok", result, "", hit, answers)


def _given(answer: Answer[JudgeResult]) -> JudgeResult | Refused | InvalidOutput:
    if answer.result is not None:
        return answer.result
    return Refused(answer.reason) if answer.status == "refused" else InvalidOutput(answer.reason)


def opinions(answer: Answer[JudgeResult]) -> dict[str, Opinion]:
    """Return what each member of a panel said, by its name; nothing for a judge that is none.

    Args:
        answer: The judge's.
    """
    return {
        name.rpartition(".")[2]: Opinion(
            call=member.ref,
            scores=member.result.scores if member.result else {},
            rationale=member.result.rationale if member.result else member.reason,
        )
        for name, member in answer.members.items()
    }


def disagreement(members: Mapping[str, Opinion]) -> dict[str, float]:
    """Return for each criterion how far the members' scores lie apart at most; nothing where fewer than two scored.

    Args:
        members: What each said.
    """
    scored = [opinion.scores for opinion in members.values() if opinion.scores]
    if len(scored) < 2:
        return {}
    return {
        name: round(max(scores[name] for scores in scored) - min(scores[name] for scores in scored), 9)
        for name in scored[0]
    }
