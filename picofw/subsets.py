"""From the store to the three subsets: singles, preferences, chains. Streams; nothing is kept in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from picofw.families import one_family
from picofw.records import Attempt, Sample, Turn
from picofw.store import Store
from picofw.types import ImageRef
from picofw.workspace import Workspace

__all__ = ["Edit", "RunData", "chains", "edits", "preferences", "singles"]


OWN = "own"
"""Label of the judge that a run was made with."""


class RunData:
    """A run's data, as exporters and reports read it.

    Args:
        workspace: Where it is.
        name: The run's name.
    """

    def __init__(self, workspace: Workspace, name: str) -> None:
        self.name = name
        self._workspace = workspace
        row = workspace.store.run(name)
        assert row is not None
        self.settings: dict[str, Any] = row["settings"]

    @property
    def families(self) -> dict[str, list[str]]:
        """Families of the models behind ``editor`` and ``judge``; none, where that was not noted: of imports."""
        return {"editor": [], "judge": [], **self.settings.get("families", {})}

    @property
    def family_warning(self) -> str:
        """A warning of judges that share a model family with the editor; empty if none does, as far as is known."""
        editor = set(self.families["editor"])
        judges = {row.judge: set(row.families.split(",")) for row in self._workspace.store.judges(self.name)}
        shared = {
            judge: families & editor
            for judge, families in {OWN: set(self.families["judge"]), **judges}.items()
            if families & editor
        }
        warning = one_family(editor, set().union(*shared.values()))
        return f"{', '.join(shared)}: {warning}" if warning else ""

    def samples(self) -> Iterator[Sample]:
        """Yield every finished sample in plan order; singles first, then chains."""
        yield from finished_singles(self._workspace.store, self.name, self.settings.get("accepted"))
        yield from _finished(self._workspace.store, self.name, "chain")

    def photo_of(self, sample: Sample) -> ImageRef | None:
        """Return the stored photo that a sample starts from, upright; None if it was never fetched.

        Args:
            sample: A sample of the run.
        """
        _, image = self._workspace.store.photo(self.name, sample.photo.id)
        return None if image is None else ImageRef.model_validate_json(image)

    def read(self, image: ImageRef) -> bytes:
        """Return an image's bytes.

        Args:
            image: A stored image.

        Raises:
            DamagedImage: The bytes are missing or do not match their name.
        """
        return self._workspace.blobs.read_now(image)


class Edit(NamedTuple):
    """An attempt that came to the judge, with what it was made from.

    Attributes:
        id: ``<sample>.<turn>.<attempt>``, both counted from 1; unique in a run.
        sample: The sample it is of.
        turn: The turn it is an attempt at.
        attempt: The attempt; it has an image, and a verdict unless the judge gave none.
    """

    id: str
    sample: Sample
    turn: Turn
    attempt: Attempt


def edits(samples: Iterable[Sample]) -> Iterator[Edit]:
    """Yield every edit that came to the judge, once each.

    Args:
        samples: A run's samples.
    """
    for sample in samples:
        for place, turn in new_turns(sample):
            for attempt in turn.attempts:
                if is_judged(attempt):
                    yield Edit(edit_id(sample.id, place, attempt.number), sample, turn, attempt)


def new_turns(sample: Sample) -> Iterator[tuple[int, Turn]]:
    """Yield a sample's turns, each with its place, 1 for the first; but not a chain's first, which is its base's.

    Args:
        sample: The sample.
    """
    for place, turn in enumerate(sample.turns, 1):
        if place > 1 or not sample.base:
            yield place, turn


def is_judged(attempt: Attempt) -> bool:
    """Return whether an attempt came to the judge: it has an image, and a verdict unless the judge gave none.

    Args:
        attempt: Any attempt.
    """
    return attempt.image is not None and attempt.outcome in ("accepted", "rejected", "unjudged")


def edit_id(sample: str, place: int, number: int) -> str:
    """Return an edit's id, unique in its run.

    Args:
        sample: The sample's id.
        place: Of the turn, 1 for the first.
        number: Of the attempt, 1 for the first.
    """
    return f"{sample}.{place}.{number}"


def finished_singles(store: Store, run: str, accepted: int | None) -> Iterator[Sample]:
    """Yield finished singles in plan order.

    Args:
        store: The store.
        run: The run's name.
        accepted: Stop after so many accepted ones. A run that goes on until then may have finished more, where
            faults left earlier tasks for later.
    """
    count = 0
    for sample in _finished(store, run, "single"):
        yield sample
        count += sample.outcome == "accepted"
        if count == accepted:
            return


def _finished(store: Store, run: str, kind: str) -> Iterator[Sample]:
    for task in store.all_tasks(run, kind):
        if task.sample is not None:
            yield Sample.model_validate_json(task.sample)


def singles(samples: Iterable[Sample]) -> Iterator[Sample]:
    """Yield the single-turn SFT data: singles with an accepted edit.

    Args:
        samples: A run's samples.
    """
    return (sample for sample in samples if sample.kind == "single" and sample.outcome == "accepted")


def preferences(samples: Iterable[Sample]) -> Iterator[tuple[Sample, Attempt, tuple[Attempt, ...]]]:
    """Yield the preference data: singles with the accepted edit, and the rejected ones before it.

    Args:
        samples: A run's samples.
    """
    for sample in singles(samples):
        turn = sample.turns[0]
        if turn.accepted is not None and turn.rejected:
            yield sample, turn.accepted, turn.rejected


def chains(samples: Iterable[Sample]) -> Iterator[Sample]:
    """Yield the multi-turn data: chains with at least two accepted turns; read their ``accepted_turns``.

    Args:
        samples: A run's samples.
    """
    return (sample for sample in samples if sample.kind == "chain" and sample.outcome == "accepted")
