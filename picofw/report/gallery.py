"""The gallery's data: samples in files of some dozens, and an index to find them by, in pieces.

Both are scripts that hand over JSON, since a page that was opened from a disk may load scripts and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from picofw.export.fields import cost_usd
from picofw.plan import task_id
from picofw.records import Attempt, AttemptOutcome, Sample, SampleOutcome, Turn
from picofw.report.collect import judge_of
from picofw.subsets import new_turns
from picofw.types import ImageRef, Photo

PAGE = 50
"""Samples in a file."""
PIECE = 10_000
"""Samples in a piece of the index."""
SAMPLE_OUTCOMES: tuple[str, ...] = get_args(SampleOutcome)
ATTEMPT_OUTCOMES: tuple[str, ...] = get_args(AttemptOutcome)

Pictures = Callable[[ImageRef], str | None]


def planned_types(sample: Sample, slugs: Iterable[str]) -> list[str]:
    """Return the slugs that were tried for a sample: of a chain its new turns, of a single that which was planned.

    Args:
        sample: A finished sample.
        slugs: All edit types; a single that never got an instruction is recognised by its id.
    """
    if sample.kind == "single" and not sample.turns:
        return [slug for slug in slugs if task_id(sample.photo.id, slug) == sample.id]
    return [turn.edit_type for _, turn in new_turns(sample)]


def record(sample: Sample, labels: Mapping[str, str], picture: Pictures, photo: ImageRef | None) -> dict[str, Any]:
    """Return what the gallery shows of a sample.

    Args:
        sample: A finished sample.
        labels: Names of the edit types by slug.
        picture: Gives the path of an image's picture; None if it cannot be shown.
        photo: The photo's own image, if it was fetched.
    """
    return {
        "id": sample.id,
        "kind": sample.kind,
        "outcome": sample.outcome,
        "reason": sample.reason,
        "types": [labels[slug] for slug in planned_types(sample, labels)],
        "photo": {**_credit(sample.photo), "image": picture(photo) if photo else None},
        "cost": cost_usd(sample),
        "turns": [_turn(turn, labels, picture) for turn in sample.turns],
    }


def _credit(photo: Photo) -> dict[str, str]:
    page = photo.landing_url or photo.url
    return {"title": photo.title or photo.id, "author": photo.author, "license": photo.license, "page": page}


def _turn(turn: Turn, labels: Mapping[str, str], picture: Pictures) -> dict[str, Any]:
    return {
        "type": labels[turn.edit_type],
        "instruction": turn.instruction,
        "short": turn.short,
        "state": turn.state.model_dump(mode="json"),
        "before": picture(turn.input),
        "attempts": [_attempt(attempt, picture) for attempt in turn.attempts],
    }


def _attempt(attempt: Attempt, picture: Pictures) -> dict[str, Any]:
    found = {"outcome": attempt.outcome, "image": picture(attempt.image) if attempt.image else None}
    verdict = attempt.verdict
    if verdict is None:
        return {**found, "reason": attempt.reason}
    return {
        **found,
        "score": verdict.score,
        "scores": verdict.scores,
        "failed": verdict.failed,
        "rationale": verdict.rationale,
        "judge": judge_of(attempt),
    }


@dataclass
class Index:
    """What samples are found by, as columns; one entry in each for each sample.

    Attributes:
        kind: 0 for a single, 1 for a chain.
        types: Numbers of its :func:`planned_types`.
        outcome: Number of its outcome.
        attempts: Bit n is set if one of its attempts had outcome n.
        score: The score of its last verdict, in thousandths; None if it has none.
        judge: Numbers of those who gave its verdicts.
    """

    kind: list[int] = field(default_factory=list)
    types: list[list[int]] = field(default_factory=list)
    outcome: list[int] = field(default_factory=list)
    attempts: list[int] = field(default_factory=list)
    score: list[int | None] = field(default_factory=list)
    judge: list[list[int]] = field(default_factory=list)

    def add(self, sample: Sample, slugs: Mapping[str, int], judges: dict[str, int]) -> None:
        """Enter a sample.

        Args:
            sample: A finished sample.
            slugs: Numbers of the edit types.
            judges: Numbers of the judges so far; a new one gets the next.
        """
        attempts = [attempt for _, turn in new_turns(sample) for attempt in turn.attempts]
        verdicts = [attempt.verdict for attempt in attempts if attempt.verdict]
        found = {judges.setdefault(judge_of(attempt), len(judges)) for attempt in attempts if attempt.verdict}
        self.kind.append(int(sample.kind == "chain"))
        self.types.append(sorted(slugs[slug] for slug in planned_types(sample, slugs)))
        self.outcome.append(SAMPLE_OUTCOMES.index(sample.outcome))
        self.attempts.append(sum(1 << ATTEMPT_OUTCOMES.index(name) for name in {a.outcome for a in attempts}))
        self.score.append(round(verdicts[-1].score * 1000) if verdicts else None)
        self.judge.append(sorted(found))


class Pages:
    """Writes the gallery's data as it comes; keeps no more than one file and one piece.

    Args:
        folder: Where; it exists.
        slugs: The edit types, in the order of their numbers.
    """

    def __init__(self, folder: Path, slugs: Iterable[str]) -> None:
        self.count = 0
        self.judges: dict[str, int] = {}
        self._folder = folder
        self._slugs = {slug: number for number, slug in enumerate(slugs)}
        self._page: list[dict[str, Any]] = []
        self._index = Index()

    def add(self, sample: Sample, shown: dict[str, Any]) -> None:
        """Enter a sample.

        Args:
            sample: A finished sample.
            shown: Its :func:`record`.
        """
        self._page.append(shown)
        self._index.add(sample, self._slugs, self.judges)
        self.count += 1
        if self.count % PAGE == 0:
            self._write_page()
        if self.count % PIECE == 0:
            self._write_piece()

    def close(self) -> None:
        """Write what is left."""
        if self._page:
            self._write_page()
        if self._index.kind:
            self._write_piece()

    def _write_page(self) -> None:
        number = (self.count - 1) // PAGE
        self._write(f"samples/{number // 1000}/{number}.js", "page", number, self._page)
        self._page = []

    def _write_piece(self) -> None:
        number = (self.count - 1) // PIECE
        self._write(f"index/{number}.js", "piece", number, vars(self._index))
        self._index = Index()

    def _write(self, name: str, what: str, number: int, value: object) -> None:
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(value, separators=(",", ":"))  # ASCII: no character of a text is one of the script's
        path.write_text(f"picofw.{what}({number},{text});\n", encoding="ascii")
