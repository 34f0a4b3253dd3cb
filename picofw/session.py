"""One process's part of a run: plan once, make the singles, then the chains."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

from picofw.calls import Door, Stopped, Unanswered
from picofw.errors import (
    ConfigError,
    DamagedImage,
    PicofwError,
    PluginError,
    SourceDown,
    SourceError,
    StoreError,
    Unreachable,
)
from picofw.opening import LOG_NAME
from picofw.outage import check_source, is_time_to_check
from picofw.photos import load_photo
from picofw.plan import make_plan, plan_chains, task_id
from picofw.prepare import Prepared
from picofw.records import Sample, SampleOutcome
from picofw.scan import scan
from picofw.standins import spare_photos, stand_ins
from picofw.store import TaskRow
from picofw.types import Photo
from picofw.workflow import Pipeline, make_chain, make_single
from picofw.workspace import Workspace

_log = logging.getLogger(__name__)


class Watcher:
    """Is told how a run goes; the progress display is one. Does nothing by itself."""

    def phase(self, name: str, total: int, done: int) -> None:
        """Note that a phase starts.

        Args:
            name: ``photos``, ``singles``, ``chains`` or ``verdicts``.
            total: How many steps it has.
            done: How many were finished before.
        """

    def finished(self, outcome: str, door: Door) -> None:
        """Note a finished step.

        Args:
            outcome: What became of the sample, or of the edit that was judged again.
            door: Its counters say what was paid and what came from the store.
        """

    def note(self, message: str) -> None:
        """Note something the user should know.

        Args:
            message: One line.
        """


class Session:
    """One process's part of a run.

    Args:
        prepared: What to run.
        workspace: Where.
        pipe: The opened pipeline.
        watcher: Is told how it goes.
    """

    def __init__(self, prepared: Prepared, workspace: Workspace, pipe: Pipeline, watcher: Watcher) -> None:
        self.prepared, self.workspace, self.pipe = prepared, workspace, pipe
        self.watcher = watcher
        self.store, self.name, self.settings = workspace.store, prepared.name, prepared.settings
        self.accepted = self.unanswered = 0
        self._unreached: list[tuple[TaskRow, str]] = []

    async def go(self) -> Exception | None:
        """Do what is left to do; return why it ended early, or None if the run is complete.

        Raises:
            ConfigError: The source cannot be read; nothing was paid.
        """
        try:
            await self._plan()
            await self._phase("single", self._single)
            while self._all_done() and await self._stand_in():
                await self._phase("single", self._single)
            if self._all_done() and (wanted := self.settings.accepted) is not None:
                self.watcher.note(
                    f"only {self.accepted} of {wanted} are accepted, and all tasks are done: raise max_tasks"
                )
            if self.pipe.door.stopping is None and not self.unanswered:  # else it is not settled which to extend
                await self._plan_chains()
                await self._phase("chain", self._chain)
        except ConfigError:  # of the source, before anything was asked
            raise
        except PicofwError as error:
            self.pipe.door.stop(error)
        await self.pipe.door.drain()
        if self.pipe.door.stopping is None and self.unanswered:
            return Unanswered(f"{self.unanswered} tasks met faults that did not pass: run the same command again")
        return self.pipe.door.stopping

    async def _plan(self) -> None:
        row = self.store.run(self.name)
        assert row is not None
        if row["plan"]:
            return
        prepared = self.prepared
        self.watcher.phase("photos", 0, 0)
        found = await scan(self.pipe, self.name, prepared.edit_types.values(), self.watcher.note)
        plan = make_plan(
            found.photos.tags(),
            list(prepared.edit_types.values()),
            prepared.weights,
            self.settings.planned,
            self.settings.per_photo,
            self.settings.seed,
        )
        report = {
            "photos": len(found.photos),
            "skipped": [item.model_dump() for item in found.skipped],
            "dropped": dict(found.dropped),
            "quotas": plan.quotas,
            "planned": plan.planned,
            "shortfall": plan.shortfall,
            "left_out": dict(prepared.left_out),
        }
        used = {task.photo_id for task in plan.tasks}
        used.update(
            spare_photos(found.photos.tags(), plan.tasks, list(prepared.edit_types.values()), self.settings.seed)
        )
        rows = (TaskRow(t.id, "single", t.position, t.photo_id, "", (t.edit_type,)) for t in plan.tasks)
        await self.store.add_plan(self.name, report, (found.row(photo_id) for photo_id in sorted(used)), rows)
        if plan.shortfall:
            missing = ", ".join(f"{slug} {count}" for slug, count in plan.shortfall.items())
            self.watcher.note(
                f"the photos carry {len(plan.tasks)} of {self.settings.planned} tasks; missing: {missing}"
            )

    def _all_done(self) -> bool:
        """Return whether all singles are finished, and more of them are wanted."""
        wanted = self.settings.accepted
        whole = self.pipe.door.stopping is None and not self.unanswered
        return whole and (wanted is None or self.accepted < wanted)

    async def _stand_in(self) -> bool:
        """Let other photos carry the edits of those that could not be used; return whether there are new tasks."""
        lost = self.store.lost_singles(self.name)
        if not lost:
            return False
        slugs = [slug for _, slug in lost]
        types, per_photo, seed = self.prepared.edit_types, self.settings.per_photo, self.settings.seed
        photos = stand_ins(slugs, self.store.carriers(self.name), types, per_photo, seed)
        positions = itertools.count(self.store.next_position(self.name, "single"))
        tasks = [
            TaskRow(task_id(photo, slug), "single", next(positions), photo, "", (slug,)) if photo is not None else None
            for slug, photo in zip(slugs, photos, strict=True)
        ]
        await self.store.add_stand_ins(self.name, zip((at for at, _ in lost), tasks, strict=True))
        missing = Counter(slug for slug, task in zip(slugs, tasks, strict=True) if task is None)
        short = "".join(f", {slug} {count}" for slug, count in sorted(missing.items())).removeprefix(", ")
        self.watcher.note(
            f"{len(lost)} tasks lost their photos; {len(lost) - missing.total()} go on with others"
            + (f"; no photo is left for {short}" if missing else "")
        )
        return missing.total() < len(lost)

    async def _plan_chains(self) -> None:
        row = self.store.run(self.name)
        assert row is not None
        if row["chains"]:
            return
        shown: dict[frozenset[str], frozenset[str]] = {}  # one object for equal tags: there may be many samples
        accepted = [
            (task_id, slug, shown.setdefault(frozenset(tags), frozenset(tags)))
            for task_id, slug, tags in self.store.accepted_singles(self.name, self.settings.accepted)
        ]
        planned = plan_chains(
            accepted,
            list(self.prepared.edit_types.values()),
            self.prepared.weights,
            self.settings.chains.share,
            self.settings.chains.min_turns,
            self.settings.chains.max_turns,
            self.settings.seed,
        )
        rows = (
            TaskRow(c.id, "chain", c.position, self.store.photo_of(self.name, c.base), c.base, c.edit_types)
            for c in planned
        )
        await self.store.add_chains(self.name, {"planned": len(planned)}, rows)

    async def _phase(self, kind: str, make: Callable[[TaskRow], Coroutine[Any, Any, Sample]]) -> None:
        counts = [(outcome, n) for k, _, outcome, n in self.store.outcomes(self.name) if k == kind]
        self.watcher.phase(f"{kind}s", sum(n for _, n in counts), sum(n for outcome, n in counts if outcome))
        wanted = self.settings.accepted if kind == "single" else None
        most, busy, ended = self._window(), 0, asyncio.Event()
        self.accepted = 0

        async def one(task: TaskRow) -> None:
            nonlocal busy
            try:
                with self.pipe.door.working():
                    try:
                        await self._finish(task, await self._guarded(task, make))
                    except Unreachable as error:
                        self._unreached.append((task, str(error)))
                        if is_time_to_check(self.pipe, self.name, len(self._unreached)):
                            await self._settle_unreached()
            except Unanswered as error:
                self.unanswered += 1
                _log.info("task %s stays open: %s", task.id, error)
            except Stopped as error:
                _log.info("task %s stays open: %s", task.id, error)
            except (StoreError, PluginError) as error:
                self.pipe.door.stop(error)
            except Exception as error:  # a defect of ours must not cost what other tasks have in flight
                _log.exception("task %s", task.id)
                self.pipe.door.stop(PicofwError(f"task {task.id} met a defect: {error!r}; see {LOG_NAME}"))
            finally:
                busy -= 1
                ended.set()

        async with asyncio.TaskGroup() as group:
            with self.pipe.door.working():
                for task in self.store.all_tasks(self.name, kind, open_only=wanted is None):
                    if task.outcome is not None:
                        self.accepted += task.outcome == "accepted"
                        continue
                    # Where so many are wanted, no task is begun that could turn out not to be needed: which
                    # tasks are made then depends on the plan alone, and none is paid for in vain.
                    while busy and busy >= (most if wanted is None else min(most, wanted - self.accepted)):
                        ended.clear()
                        await self.pipe.door.idle(ended.wait())
                    if self.pipe.door.stopping is not None or (wanted is not None and self.accepted >= wanted):
                        break
                    busy += 1
                    group.create_task(one(task))
        await self._settle_unreached()

    async def _settle_unreached(self) -> None:
        """Leave aside the tasks whose photos cannot be reached; but if it is the source that fails, they stay open."""
        unreached, self._unreached = self._unreached, []
        if not unreached or self.pipe.door.stopping is not None:
            return
        try:
            await check_source(self.pipe, self.name, len(unreached), unreached[-1][1])
        except SourceDown as error:
            self.pipe.door.stop(error)
            return
        for task, why in unreached:
            await self._finish(task, self._left_aside(task, "no_photo", why))

    def _window(self) -> int:
        """Return how many tasks may be in progress at once."""
        limits = self.settings.limits
        many = 10_000 if self.settings.mode == "batch" else 4 * _largest(self.pipe)
        return limits.tasks or many

    async def _guarded(self, task: TaskRow, make: Callable[[TaskRow], Coroutine[Any, Any, Sample]]) -> Sample:
        """Make a sample; a photo or a stored image that cannot be read costs this task alone."""
        try:
            return await make(task)
        except Unreachable:
            raise
        except SourceError as error:
            return self._left_aside(task, "no_photo", str(error))
        except DamagedImage as error:
            return self._left_aside(task, "damaged", str(error))

    def _left_aside(self, task: TaskRow, outcome: SampleOutcome, reason: str) -> Sample:
        self.watcher.note(f"task {task.id} is left aside: {reason}")
        photo = Photo.model_validate_json(self.store.photo(self.name, task.photo)[0])
        return Sample(
            id=task.id,
            kind="chain" if task.kind == "chain" else "single",
            position=task.position,
            photo=photo,
            outcome=outcome,
            base=task.base,
            reason=reason,
        )

    async def _single(self, task: TaskRow) -> Sample:
        photo, image = await load_photo(self.pipe, self.name, task.photo)
        return await make_single(self.pipe, task, photo, image)

    async def _chain(self, task: TaskRow) -> Sample:
        base = self.store.task(self.name, task.base)
        assert base is not None
        assert base.sample is not None
        first = Sample.model_validate_json(base.sample)
        if first.outcome != "accepted":  # its edit was damaged, forgotten, and made again with another result
            return self._left_aside(task, "discarded", "the edit it started from is no longer accepted")
        return await make_chain(self.pipe, task, first)

    async def _finish(self, task: TaskRow, sample: Sample) -> None:
        try:
            await self.store.finish(self.name, task, sample.outcome, sample.model_dump_json())
        except StoreError as error:
            self.pipe.door.stop(error)
            return
        self.accepted += sample.outcome == "accepted"
        self.watcher.finished(sample.outcome, self.pipe.door)
        self.pipe.observers.tell("picofw_sample_finished", run=self.name, sample=sample)


def _largest(pipe: Pipeline) -> int:
    return max(int(each.limiter.ceiling) for slot in pipe.slots.values() for each in slot.asked())
