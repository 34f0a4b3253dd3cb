"""Asking a judge about every case, through the door: what was paid for before is not paid for again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from picofw.asking import ask_judge
from picofw.calls import Door, Stopped, Unanswered
from picofw.opening import Note, open_slots
from picofw.prepare import Part
from picofw.slots import Slot
from picofw.status import spent
from picofw.stress.cases import Case
from picofw.types import Criterion, JudgeRequest
from picofw.workspace import Workspace


@dataclass(frozen=True)
class Verdict:
    """What a judge said of a case.

    Attributes:
        case: The case.
        status: Whether it gave scores.
        scores: By criterion, in [0, 1]; empty if it gave none.
        accepted: Whether the rubric accepts the edit; what has no scores is not.
        score: The rubric's aggregate; None if there are no scores.
    """

    case: Case
    status: Literal["ok", "refused", "invalid"]
    scores: dict[str, float]
    accepted: bool
    score: float | None


async def judge_cases(
    workspace: Workspace, prepared: Part, cases: Sequence[Case], note: Note, judged: Callable[[], None]
) -> tuple[list[Verdict], dict[str, Any]]:
    """Ask a judge about every case.

    Args:
        workspace: Where answers and images are kept.
        prepared: Says who judges, by which rubric, within which limits and budget; its name is the account that pays.
        cases: What to ask about; those with the images in the other order only if the judge can swap them.
        note: Is told what the user should know.
        judged: Is called after each verdict.

    Returns:
        The verdicts in the order of the cases, and what they took: ``calls`` paid now, answers ``stored`` before, and
        ``usd``, all that stressing this judge has cost in this workspace.

    Raises:
        PicofwError: It ended early, for a reason that it names; the same call goes on.
    """
    settings, name = prepared.settings, prepared.name
    async with open_slots(workspace, prepared, ("judge",), name, note) as (door, slots):
        judge = slots["judge"]
        cases = [case for case in cases if not case.swapped or judge.provider.capabilities.swaps]
        criteria = settings.rubric.questions()
        _say_costs(door, judge, cases, criteria, note)

        async def one(case: Case) -> Verdict:
            with door.working():
                answer = await ask_judge(
                    door, judge, lambda slot: _request(slot, case, criteria), settings.attempts.reask
                )
            judged()
            if answer.result is None:
                return Verdict(case, answer.status, {}, False, None)
            decision = settings.rubric.decide(answer.result.scores)
            return Verdict(case, "ok", answer.result.scores, decision.accepted, decision.score)

        found = await asyncio.gather(*map(one, cases), return_exceptions=True)
        if door.stopping is not None:
            raise door.stopping
        verdicts = [item for item in found if isinstance(item, Verdict)]
        failed = [item for item in found if isinstance(item, BaseException)]
        if other := [error for error in failed if not isinstance(error, Unanswered | Stopped)]:
            raise other[0]
        if failed:
            raise Unanswered(f"{len(failed)} cases met faults that did not pass: run the same command again")
        usd = spent(workspace.store, name) / 1e12
        return verdicts, {"calls": door.ledger.paid, "stored": door.hits, "usd": f"{usd:.6f}"}


def _request(judge: Slot, case: Case, criteria: tuple[Criterion, ...]) -> JudgeRequest:
    return JudgeRequest(
        before=case.before,
        after=case.after,
        instruction=case.instruction,
        edit_type=case.edit_type,
        criteria=criteria,
        seed=judge.seed("judge"),
        swapped=case.swapped,
        repeat=case.repeat,
    )


def _say_costs(door: Door, judge: Slot, cases: Sequence[Case], criteria: tuple[Criterion, ...], note: Note) -> None:
    pairs = [(slot, _request(slot, case, criteria)) for slot in judge.asked() for case in cases]
    digests = {slot.digest(request): (slot, request) for slot, request in pairs}
    unpaid = {digest: pair for digest, pair in digests.items() if door.store.call(digest) is None}
    bounds = [door.ledger.start(slot, request, digest).bound for digest, (slot, request) in unpaid.items()]
    known = [bound for bound in bounds if bound is not None]
    most = f"at most {sum(known) / 1e12:.6f} USD" if len(known) == len(bounds) else "of unknown cost"
    note(f"{judge.name}: {len(unpaid)} of {len(digests)} verdicts are not in the store, {most}")
