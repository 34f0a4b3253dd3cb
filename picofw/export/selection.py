"""From a run's samples to records: which sample is in which subset and split, and what its record is made of.

The one way that data takes through an export. It streams: a sample is read, becomes records, and is forgotten.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from picofw.errors import ConfigError
from picofw.export.fields import SUBSETS, file_stem, subsets_of
from picofw.export.options import Options, SplitOptions, TextOptions
from picofw.providers import Dataset
from picofw.records import Attempt, Sample, Turn
from picofw.taxonomy import Taxonomy
from picofw.types import ImageRef

TRAIN, TEST = "train", "test"


@dataclass(frozen=True)
class Selected:
    """A sample as the options select it.

    Attributes:
        sample: The sample.
        subsets: The subsets that it has a record in; none if it is not exported.
        split: ``train`` or ``test``.
        rejected: The rejected edits of its preference record.
    """

    sample: Sample
    subsets: tuple[str, ...]
    split: str
    rejected: tuple[Attempt, ...]


@dataclass(frozen=True)
class Example:
    """A record of a single edit with one instruction, as trainers take it.

    Attributes:
        stem: Name for its files; no other example of the export has it.
        split: ``train`` or ``test``.
        sample: Where it comes from.
        text: The instruction.
        rejected: Of a preference pair: the edit that lost.
    """

    stem: str
    split: str
    sample: Sample
    text: str
    rejected: Attempt | None = None

    @property
    def turn(self) -> Turn:
        """The turn whose edit it is."""
        return self.sample.turns[0]

    @property
    def accepted(self) -> Attempt:
        """The accepted edit."""
        assert self.turn.accepted is not None
        return self.turn.accepted

    @property
    def loser(self) -> Attempt:
        """The rejected edit of a preference pair."""
        assert self.rejected is not None
        return self.rejected


def edited(attempt: Attempt | None) -> ImageRef:
    """Return the image of an attempt that was judged.

    Args:
        attempt: An accepted or rejected attempt, which must be there.
    """
    assert attempt is not None
    assert attempt.image is not None
    return attempt.image


def select(sample: Sample, options: Options) -> Selected:
    """Say what is exported of a sample.

    Args:
        sample: A finished sample, accepted or not.
        options: What to export.
    """
    split = split_of(sample.photo.id, options) if isinstance(options, SplitOptions) else TRAIN
    subsets = subsets_of(sample)
    if not subsets or not _passes(sample, options):
        return Selected(sample, (), split, ())
    rejected = tuple(attempt for attempt in sample.turns[0].rejected if _is_pair(sample.turns[0], attempt, options))
    kept = tuple(name for name in subsets if name != "preference" or rejected)
    return Selected(sample, kept, split, rejected)


def _passes(sample: Sample, options: Options) -> bool:
    if not licensed(sample, options) or not all(of_type(turn, options) for turn in sample.accepted_turns):
        return False
    scores = [turn.accepted.verdict.score for turn in sample.turns if turn.accepted and turn.accepted.verdict]
    return all(score >= options.min_score for score in scores)


def licensed(sample: Sample, options: Options) -> bool:
    """Return whether a sample's photo has one of the licences that are exported.

    Args:
        sample: A finished sample.
        options: What to export.
    """
    return not options.licenses or sample.photo.license in options.licenses


def of_type(turn: Turn, options: Options) -> bool:
    """Return whether a turn is of one of the edit types that are exported.

    Args:
        turn: The turn.
        options: What to export.
    """
    return not options.edit_types or turn.edit_type in options.edit_types


def _is_pair(turn: Turn, rejected: Attempt, options: Options) -> bool:
    if options.min_gap is None:
        return True
    assert turn.accepted is not None
    if turn.accepted.verdict is None or rejected.verdict is None:
        return False  # an import may have no scores: how far the two are apart is not known
    return round(turn.accepted.verdict.score - rejected.verdict.score, 9) >= options.min_gap


def selected(dataset: Dataset, options: Options, subsets: tuple[str, ...] = SUBSETS) -> Iterator[Selected]:
    """Yield the samples that have a record in one of the subsets, in plan order.

    Args:
        dataset: What to export.
        options: What of it.
        subsets: Those that the format has.
    """
    for sample in dataset.samples():
        found = select(sample, options)
        if any(name in subsets for name in found.subsets):
            yield found


def examples(dataset: Dataset, options: TextOptions, subset: str) -> Iterator[Example]:
    """Yield single edits, or pairs of an accepted edit and one that was rejected, each with one instruction.

    Args:
        dataset: What to export.
        options: What of it, and with which instruction.
        subset: ``sft`` for edits, ``preference`` for pairs.
    """
    for found in selected(dataset, options, (subset,)):
        losers = found.rejected if subset == "preference" else (None,)
        for ending, text in _texts(found.sample, options):
            for loser in losers:
                stem = file_stem(found.sample.id) + ending + (f"_attempt{loser.number}" if loser else "")
                yield Example(stem, found.split, found.sample, text, loser)


def _texts(sample: Sample, options: TextOptions) -> list[tuple[str, str]]:
    """Return the instructions of a sample's records, each with what it adds to their names."""
    turn = sample.turns[0]
    if options.instruction == "both":
        return [("", turn.instruction), ("_short", turn.short)]
    if options.instruction == "random":
        return [("", turn.short if draw(options.seed, "instruction", sample.id) < 0.5 else turn.instruction)]
    return [("", turn.short if options.instruction == "short" else turn.instruction)]


def split_of(photo_id: str, options: SplitOptions) -> str:
    """Return the split of a photo and of all that was made of it.

    Args:
        photo_id: The photo's id.
        options: Share of the test split, and seed.
    """
    return TEST if draw(options.seed, "split", photo_id) < options.test_share else TRAIN


def draw(seed: int, what: str, name: str) -> float:
    """Return a number in [0, 1) that is always the same for the same arguments.

    Args:
        seed: Of the export.
        what: What is drawn.
        name: For whom.
    """
    digest = hashlib.sha256(f"{seed}\n{what}\n{name}".encode(errors="surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def taxonomy_of(dataset: Dataset, options: Options) -> Taxonomy:
    """Return the run's edit types.

    Args:
        dataset: What to export.
        options: What of it.

    Raises:
        ConfigError: The options name a type that the run does not have.
    """
    taxonomy = Taxonomy.model_validate(dataset.settings["taxonomy"])
    if options.edit_types:
        taxonomy.restrict(options.edit_types)
    return taxonomy


def nothing(dataset: Dataset, options: object) -> ConfigError:
    """Return why there is nothing to export, in the user's terms.

    Args:
        dataset: What should have been exported.
        options: The format's options.
    """
    licences: set[str] = set()
    accepted = pairs = 0
    for sample in dataset.samples():
        found = subsets_of(sample)
        accepted += bool(found)
        pairs += "preference" in found
        if found:
            licences.add(sample.photo.license)
    if not accepted:
        return ConfigError(f"run {dataset.name!r} has no accepted edit: there is nothing to export")
    stated = ", ".join(repr(licence) for licence in sorted(licences)[:10])
    hint = f"; its photos' licences are: {stated}" if isinstance(options, Options) and options.licenses else ""
    return ConfigError(
        f"run {dataset.name!r} has {accepted} accepted samples, {pairs} of them with rejected edits, but none that "
        f"this format and its options leave over: loosen them{hint}"
    )
