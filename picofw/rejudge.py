"""Another judge's verdicts on edits that a run has made: all of them, a sample, or those nearest to the threshold.

Verdicts go through the same door as a run's calls, under an account of their own, so that the same command goes on
where it was and pays for nothing twice. The questions are the run's own.
"""

from __future__ import annotations

import asyncio
import hashlib
import heapq
import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from picofw.asking import ask_judge, opinions
from picofw.calls import Door, Stopped, Unanswered
from picofw.cost import to_pico
from picofw.errors import ConfigError, DamagedImage, PicofwError, StoreError
from picofw.families import one_family
from picofw.opening import LOG_NAME, open_slots
from picofw.prepare import Part
from picofw.session import Watcher
from picofw.slots import Slot
from picofw.store import JudgeRow, VerdictRow
from picofw.subsets import Edit, RunData, edits
from picofw.types import EditType, JudgeRequest
from picofw.workspace import Workspace

_log = logging.getLogger(__name__)
_WINDOW = 10_000
"""How many verdicts may wait for an answer at once in batch mode."""


class Asking(NamedTuple):
    """One time that a judge is asked about every chosen edit.

    Attributes:
        label: What its verdicts are stored under.
        number: 1 for the first time.
        swapped: Whether it is shown the images in the other order.
    """

    label: str
    number: int
    swapped: bool


@dataclass(frozen=True)
class Selection:
    """Which edits are judged; all, if nothing is given.

    Attributes:
        sample: So many, drawn turn by turn, so that edits by one instruction come together and can be compared; a
            larger sample holds every smaller one.
        hardest: So many whose score is nearest to the run's threshold.
    """

    sample: int | None = None
    hardest: int | None = None

    def of(self, data: RunData) -> Iterable[Edit]:
        """Return the chosen edits of a run.

        Args:
            data: The run.
        """
        found = edits(data.samples())
        if self.sample is not None:
            return heapq.nsmallest(self.sample, found, key=_drawn)
        if self.hardest is not None:
            threshold = float(data.settings["rubric"]["threshold"])
            scored = (edit for edit in found if edit.attempt.verdict is not None)
            return heapq.nsmallest(self.hardest, scored, key=lambda edit: (_distance(edit, threshold), edit.id))
        return found


def _drawn(edit: Edit) -> tuple[bytes, int]:
    turn = edit.id.rpartition(".")[0]
    return hashlib.sha256(turn.encode()).digest(), edit.attempt.number


def _distance(edit: Edit, threshold: float) -> float:
    assert edit.attempt.verdict is not None
    return abs(edit.attempt.verdict.score - threshold)


def askings(label: str, repeat: int, swapped: bool) -> list[Asking]:
    """Return the times that a judge is asked, each with a label of its own.

    Args:
        label: The judge's label.
        repeat: How often it is asked; 1 or more.
        swapped: Whether it is shown the images in the other order.
    """
    order = "~swapped" if swapped else ""
    return [Asking(f"{label}{f'#{n}' if n > 1 else ''}{order}", n, swapped) for n in range(1, repeat + 1)]


async def rejudge(
    workspace: Workspace, run: str, judge: Part, times: Collection[Asking], chosen: Selection, watcher: Watcher
) -> Exception | None:
    """Ask a judge about stored edits; those that it has answered for are left out.

    Args:
        workspace: Where the run is.
        run: The run's name.
        judge: The judge, as the slot ``judge`` of the run's settings.
        times: How it is asked.
        chosen: Which edits are judged.
        watcher: Is told how it goes.

    Returns:
        Why it ended early; None if every chosen edit has an answer.

    Raises:
        ConfigError: The judge cannot be opened, cannot swap images, or a label stands for another judge; nothing was
            paid.
        StoreError: Another process asks this judge about this run.
    """
    try:
        async with open_slots(workspace, judge, ["judge"], judge.name, watcher.note) as (door, slots):
            work = _Rejudging(workspace, run, judge, door, slots["judge"], watcher)
            await work.check(times)
            if warning := one_family(RunData(workspace, run).families["editor"], slots["judge"].provider.families):
                watcher.note(warning)
            return await work.go(times, chosen)
    finally:
        await workspace.aclose()


class _Rejudging:
    """One process's part of it."""

    def __init__(self, workspace: Workspace, run: str, judge: Part, door: Door, slot: Slot, watcher: Watcher) -> None:
        self.store, self.run, self.settings = workspace.store, run, judge.settings
        self.door, self.slot, self.watcher = door, slot, watcher
        self.data = RunData(workspace, run)
        self.edit_types: Mapping[str, EditType] = {t.slug: t for t in judge.settings.taxonomy.edit_types()}
        self.unanswered = 0

    async def check(self, times: Iterable[Asking]) -> None:
        """See that the judge can do what is asked, and that its labels mean this judge and no other."""
        slot = self.slot
        if any(asking.swapped for asking in times) and not slot.provider.capabilities.swaps:
            raise ConfigError(
                f"--swap: judge {slot.name!r} has no order of images to swap; it goes with judges that show them to a "
                "model one after the other"
            )
        known = {row.judge: row for row in self.store.judges(self.run)}
        families = ",".join(sorted(slot.provider.families))
        for asking in times:
            row = JudgeRow(asking.label, slot.name, slot.provider.model, slot.options, families)
            if known.setdefault(asking.label, row)[:4] != row[:4]:
                raise ConfigError(
                    f"run {self.run!r} has verdicts of a judge {asking.label!r} whose options or prompts were others "
                    "than they are now: give this one a label of its own, as with judge.seed=1"
                )
            await self.store.add_judge(self.run, row)

    async def go(self, times: Collection[Asking], chosen: Selection) -> Exception | None:
        """Ask what was not asked yet; return why it ended early, if it did."""
        done = {asking.label: self.store.judged(self.run, asking.label) for asking in times}
        states = [edit.id in done[asking.label] for edit in chosen.of(self.data) for asking in times]
        self.watcher.phase("verdicts", len(states), sum(states))
        open_ones = (
            (asking, edit) for edit in chosen.of(self.data) for asking in times if edit.id not in done[asking.label]
        )
        await self._ask_all(open_ones)
        await self.door.drain()
        if self.door.stopping is None and self.unanswered:
            return Unanswered(f"{self.unanswered} edits met faults that did not pass: run the same command again")
        return self.door.stopping

    async def _ask_all(self, open_ones: Iterable[tuple[Asking, Edit]]) -> None:
        ceiling = max(int(each.limiter.ceiling) for each in self.slot.asked())
        free = asyncio.Semaphore(_WINDOW if self.settings.mode == "batch" else 4 * ceiling)
        async with asyncio.TaskGroup() as group:
            with self.door.working():
                for asking, edit in open_ones:
                    await (self.door.idle(free.acquire()) if free.locked() else free.acquire())
                    if self.door.stopping is not None:
                        break
                    group.create_task(self._one(asking, edit)).add_done_callback(lambda _: free.release())

    async def _one(self, asking: Asking, edit: Edit) -> None:
        try:
            with self.door.working():
                await self._ask(asking, edit)
        except Unanswered as error:
            self.unanswered += 1
            _log.info("edit %s stays open: %s", edit.id, error)
        except Stopped as error:
            _log.info("edit %s stays open: %s", edit.id, error)
        except DamagedImage as error:
            self.watcher.note(f"edit {edit.id} is left aside: {error}")
        except StoreError as error:
            self.door.stop(error)
        except Exception as error:  # a defect of ours must not cost what other edits have in flight
            _log.exception("edit %s", edit.id)
            self.door.stop(PicofwError(f"edit {edit.id} met a defect: {error!r}; see {LOG_NAME}"))

    async def _ask(self, asking: Asking, edit: Edit) -> None:
        after, rubric = edit.attempt.image, self.settings.rubric
        assert after is not None

        def question(judge: Slot) -> JudgeRequest:
            return JudgeRequest(
                before=edit.turn.input,
                after=after,
                instruction=edit.turn.instruction,
                edit_type=self.edit_types[edit.turn.edit_type],
                region=edit.turn.region,
                criteria=rubric.questions(),
                swapped=asking.swapped,
                seed=judge.seed("judge") if asking.number == 1 else judge.seed("judge", asking.number),
            )

        answer = await ask_judge(self.door, self.slot, question, self.settings.attempts.reask)
        scores = answer.result.scores if answer.result else {}
        rationale = answer.result.rationale if answer.result else answer.reason
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        row = VerdictRow(
            edit=edit.id,
            judge=asking.label,
            digest=answer.ref.digest,
            status=answer.status,
            scores=scores,
            rationale=rationale,
            at=at,
            cost=to_pico(answer.ref.cost_usd),
            members=opinions(answer),
        )
        await self.store.add_verdict(self.run, row)
        accepted = bool(scores) and rubric.decide(scores).accepted
        self.watcher.finished(("accepted" if accepted else "rejected") if scores else answer.status, self.door)
