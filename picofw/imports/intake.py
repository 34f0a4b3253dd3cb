"""From a collection to a run: records become finished tasks, a batch to a commit.

What is committed is never read again: the same command after a crash, or after missing images were added, brings what
the run does not have yet. Memory does not grow with the collection.

Sets of pairs are small, and read as a whole each time: a sample gets the edits that it does not have, and what people
preferred is what the set says now.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from picofw.errors import ConfigError
from picofw.export.manifest import Problem
from picofw.export.parallel import in_parallel
from picofw.imports.items import PEOPLE, Collection, Item, Preference, Unusable, why
from picofw.records import Sample
from picofw.review.cards import ordered
from picofw.store import Choice
from picofw.subsets import edit_id
from picofw.workspace import Workspace

SKIPPED = "skipped.jsonl"
_BATCH = 128
_SHOWN = 100


@dataclass(frozen=True)
class Report:
    """What an import did.

    Attributes:
        run: The run's name.
        singles: How many singles the run has now.
        chains: How many chains.
        new: How many of both this import brought.
        skipped: How many records could not be used.
        examples: The first of these.
        skipped_file: Where all of them are listed, a JSON object a line.
    """

    run: str
    singles: int
    chains: int
    new: int
    skipped: int
    examples: list[Problem]
    skipped_file: Path


async def bring(root: Path, name: str, collection: Collection, imported: dict[str, Any]) -> Report:
    """Make a run of a collection, or go on with it.

    Args:
        root: The workspace's folder; made if there is none.
        name: The run's name.
        collection: What to bring.
        imported: Where it comes from, as the run's settings keep it.

    Raises:
        ConfigError: A run of that name exists and is another one.
        StoreError: The workspace cannot be written.
    """
    workspace = Workspace(root)
    try:
        elsewhere = workspace.store.run_with_other_blobs(None)
        if elsewhere is not None:
            workspace = Workspace(root, elsewhere[1])
        with workspace.lock(name):
            intake = _Intake(workspace, name, collection)
            row = workspace.store.run(name)
            if row is None:
                place = elsewhere[1] if elsewhere else None
                settings = {**collection.settings, "name": name, "blobs": place, "imported": imported}
                await workspace.register(name, settings)
                await intake.close_plan()  # a run without a plan would be forgotten
            elif row["settings"].get("imported") != imported:
                raise ConfigError(f"run {name!r} of {root} is no import of this dataset: use another name")
            await intake.run()
            return await intake.close_plan()
    finally:
        await workspace.aclose()


class _Intake:
    """One import under way."""

    def __init__(self, workspace: Workspace, name: str, collection: Collection) -> None:
        self.workspace, self.store, self.name, self.collection = workspace, workspace.store, name, collection
        self.types = collection.settings["taxonomy"]["types"].keys()
        self.list = workspace.folder(name) / SKIPPED
        self.new = self.skipped = 0
        self.examples: list[Problem] = []
        self.preferences: dict[str, tuple[Preference, ...]] = {}

    async def run(self) -> None:
        """Bring what the run does not have yet, and what people said; list what cannot be used."""
        batch: list[Sample] = []
        with self.list.open("w", encoding="utf-8") as lines:
            for found in in_parallel(self._made, self._missing()):
                if isinstance(found, Problem):
                    self.skipped += 1
                    self.examples += [found] if self.skipped <= _SHOWN else []
                    lines.write(json.dumps({"where": found.where, "what": found.what}) + "\n")
                    continue
                batch.append(found)
                if len(batch) == _BATCH:
                    await self._commit(batch)
                    batch = []
            await self._commit(batch)
        if self.preferences:
            said = [choice for id_, found in self.preferences.items() for choice in self._choices(id_, found)]
            await self.store.replace_choices(self.name, PEOPLE, said)

    async def close_plan(self) -> Report:
        """Commit what came as what was planned, since nothing else was asked for."""
        counts, planned = Counter[str](), Counter[str]()
        for kind, slug, _, count in self.store.outcomes(self.name):
            counts[kind] += count
            planned[slug] += count if kind == "single" else 0
        plan = {
            "photos": self.store.photo_count(self.name),
            "skipped": [{"uri": problem.where, "reason": problem.what} for problem in self.examples],
            "quotas": planned,
            "planned": planned,
            "shortfall": {},
            "left_out": {},
        }
        await self.store.close_plan(self.name, plan, {"planned": counts["chain"]})
        return Report(self.name, counts["single"], counts["chain"], self.new, self.skipped, self.examples, self.list)

    def _missing(self) -> Iterator[Item | Problem]:
        """Yield the records that the run does not have, or not with all edits, and what is none."""
        for item in self.collection.items(self.workspace.blobs):
            if isinstance(item, Item) and item.preferences:
                self.preferences[item.id] = item.preferences
                yield item
            elif isinstance(item, Problem) or self.store.task(self.name, item.id) is None:
                yield item

    def _made(self, item: Item | Problem) -> Sample | Problem:
        if isinstance(item, Problem):
            return item
        try:
            sample = item.make(self.workspace.blobs)
            if unknown := {turn.edit_type for turn in sample.turns} - self.types:
                raise Unusable(f"the taxonomy has no edit type {', '.join(sorted(unknown))}")
        except (OSError, ValueError, Unusable) as error:
            return Problem(item.where, why(error))
        return sample

    async def _commit(self, batch: list[Sample]) -> None:
        """Commit samples in the order that they came in, each after what the run has."""
        ids: dict[str, Sample] = {}
        for sample in batch:  # the first of two with one id, be the other in this batch or in the one before
            known = self.store.task(self.name, sample.id)
            if known is None:
                ids.setdefault(sample.id, sample)
            elif sample.id in self.preferences:
                before = Sample.model_validate_json(known.sample or "")
                whole = _with_new_edits(before, sample)
                if whole != before:
                    await self.store.finish(self.name, known, whole.outcome, whole.model_dump_json())
        position = {kind: self.store.next_position(self.name, kind) for kind in ("single", "chain")}
        placed = []
        for sample in ids.values():
            base = sample.base if sample.base in ids or self.store.task(self.name, sample.base) else ""
            placed.append(sample.model_copy(update={"position": position[sample.kind], "base": base}))
            position[sample.kind] += 1
        if placed:
            await self.store.add_finished(self.name, placed)
        self.new += len(placed)

    def _choices(self, id_: str, preferences: Sequence[Preference]) -> Iterator[Choice]:
        """Yield what was said of a sample's edits, by their names; nothing if the run does not have the sample."""
        task = self.store.task(self.name, id_)
        if task is None:
            return
        [turn] = Sample.model_validate_json(task.sample or "").turns
        names = {attempt.image: edit_id(id_, 1, attempt.number) for attempt in turn.attempts}
        for one, other, better, rater in preferences:
            left, right = ordered(names[one], names[other])
            choice = "tie" if better is None else "left" if names[better] == left else "right"
            yield Choice(left, right, rater, choice, 0, "")


def _with_new_edits(known: Sample, found: Sample) -> Sample:
    """Return a sample with its edits, whose verdicts go by their numbers, and after them those it does not have."""
    [turn], [other] = known.turns, found.turns
    images = {attempt.image for attempt in turn.attempts}
    new = [attempt for attempt in other.attempts if attempt.image not in images]
    numbered = [attempt.model_copy(update={"number": number}) for number, attempt in enumerate(new, 1 + len(images))]
    whole = turn.model_copy(update={"attempts": (*turn.attempts, *numbered)})
    return known.model_copy(update={"turns": (whole,)})
