"""Tables, and the rows that leave them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from picofw.records import Opinion


def attempts_of(sample: str, base: str) -> str:
    """Return SQL that makes the column ``attempts`` of a task: what became of each attempt at its new turns.

    ``lighting:rejected,lighting:accepted``; ``:no_image`` follows where there is no edit. Figures read these few bytes
    instead of the whole sample.

    Args:
        sample: SQL of the sample as JSON.
        base: SQL of the base's id; empty for a single.
    """
    return f"""(
        SELECT coalesce(group_concat(json_extract(turn.value, '$.edit_type') || ':' ||
            json_extract(attempt.value, '$.outcome') ||
            iif(json_extract(attempt.value, '$.image') IS NULL, ':no_image', '')), '')
        FROM json_each({sample}, '$.turns') AS turn, json_each(turn.value, '$.attempts') AS attempt
        WHERE {base}='' OR turn.key > 0)"""  # noqa: S608  # of our own words


# Append only: entry N brings a store from version N to N + 1.
MIGRATIONS = [
    """
    CREATE TABLE runs(
        name TEXT PRIMARY KEY, settings TEXT NOT NULL, version TEXT NOT NULL, created TEXT NOT NULL,
        plan TEXT, chains TEXT) WITHOUT ROWID;
    CREATE TABLE calls(
        digest TEXT PRIMARY KEY, role TEXT NOT NULL, provider TEXT NOT NULL, asked TEXT NOT NULL,
        model TEXT NOT NULL, options TEXT NOT NULL, edit_type TEXT NOT NULL, status TEXT NOT NULL, result TEXT NOT NULL,
        usage TEXT NOT NULL, cost INTEGER, run TEXT NOT NULL, seconds REAL NOT NULL, at TEXT NOT NULL);
    CREATE INDEX calls_by_run ON calls(run, role, model, edit_type, cost);
    CREATE TABLE inflight(
        digest TEXT PRIMARY KEY, run TEXT NOT NULL, role TEXT NOT NULL, provider TEXT NOT NULL,
        model TEXT NOT NULL, edit_type TEXT NOT NULL, bound INTEGER, at TEXT NOT NULL, batch TEXT) WITHOUT ROWID;
    CREATE TABLE batches(
        id TEXT PRIMARY KEY, run TEXT NOT NULL, slot TEXT NOT NULL, handle TEXT, requests TEXT NOT NULL,
        done INTEGER NOT NULL, at TEXT NOT NULL);
    CREATE TABLE faults(
        run TEXT NOT NULL, digest TEXT NOT NULL, role TEXT NOT NULL, provider TEXT NOT NULL,
        model TEXT NOT NULL, edit_type TEXT NOT NULL, kind TEXT NOT NULL, message TEXT NOT NULL,
        cost INTEGER, bound INTEGER, at TEXT NOT NULL);
    CREATE INDEX faults_by_run ON faults(run, kind);
    CREATE TABLE photos(
        run TEXT NOT NULL, id TEXT NOT NULL, record TEXT NOT NULL, image TEXT,
        PRIMARY KEY(run, id)) WITHOUT ROWID;
    CREATE TABLE tasks(
        run TEXT NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL, position INTEGER NOT NULL,
        photo TEXT NOT NULL, base TEXT NOT NULL, edit_types TEXT NOT NULL, outcome TEXT, sample TEXT,
        PRIMARY KEY(run, kind, position)) WITHOUT ROWID;
    CREATE INDEX tasks_by_id ON tasks(run, id);
    """,
    """
    CREATE TABLE ratings(
        run TEXT NOT NULL, edit TEXT NOT NULL, rater TEXT NOT NULL, scores TEXT NOT NULL, accepted INTEGER,
        skipped INTEGER NOT NULL, seconds REAL NOT NULL, at TEXT NOT NULL, PRIMARY KEY(run, edit, rater)) WITHOUT ROWID;
    CREATE TABLE choices(
        run TEXT NOT NULL, left_edit TEXT NOT NULL, right_edit TEXT NOT NULL, rater TEXT NOT NULL, choice TEXT NOT NULL,
        seconds REAL NOT NULL, at TEXT NOT NULL, PRIMARY KEY(run, left_edit, right_edit, rater)) WITHOUT ROWID;
    """,
    """
    CREATE TABLE judges(
        run TEXT NOT NULL, judge TEXT NOT NULL, provider TEXT NOT NULL, model TEXT NOT NULL, options TEXT NOT NULL,
        PRIMARY KEY(run, judge)) WITHOUT ROWID;
    CREATE TABLE verdicts(
        run TEXT NOT NULL, edit TEXT NOT NULL, judge TEXT NOT NULL, digest TEXT NOT NULL, status TEXT NOT NULL,
        scores TEXT NOT NULL, rationale TEXT NOT NULL, at TEXT NOT NULL,
        PRIMARY KEY(run, edit, judge)) WITHOUT ROWID;
    """,
    """
    ALTER TABLE verdicts ADD COLUMN cost INTEGER;
    ALTER TABLE verdicts ADD COLUMN members TEXT NOT NULL DEFAULT '{}';
    """,
    """
    ALTER TABLE judges ADD COLUMN families TEXT NOT NULL DEFAULT '';
    CREATE TABLE stresses(
        options TEXT NOT NULL, run TEXT NOT NULL, rubric TEXT NOT NULL, judge TEXT NOT NULL, found TEXT NOT NULL,
        at TEXT NOT NULL, PRIMARY KEY(options, run, rubric)) WITHOUT ROWID;
    """,
    """
    CREATE TABLE standins(
        run TEXT NOT NULL, lost INTEGER NOT NULL, position INTEGER, PRIMARY KEY(run, lost)) WITHOUT ROWID;
    """,
    f"""
    ALTER TABLE tasks ADD COLUMN attempts TEXT;
    UPDATE tasks SET attempts={attempts_of("sample", "base")} WHERE sample IS NOT NULL;
    CREATE INDEX tasks_by_attempts ON tasks(run, attempts, kind, outcome, edit_types);
    DROP INDEX calls_by_run;
    CREATE INDEX calls_by_run ON calls(run, role, model, edit_type, asked, cost);
    """,  # noqa: S608  # of our own words
]


@dataclass(frozen=True)
class StoredCall:
    """A committed answer.

    Attributes:
        status: ``ok``, or the outcome of an answer that cannot be used: ``refused``, ``invalid``.
        result: The result as JSON; for another status ``{"message": ...}``.
        model: The model that answered.
        cost: Pico-dollars, None if unknown.
    """

    status: str
    result: str
    model: str
    cost: int | None


class Start(NamedTuple):
    """A call that is about to be made.

    Attributes:
        bound: What it may cost at most, in pico-dollars; None if unknown.
        at: When, as ISO 8601.
        batch: Our id of the vendor's batch it goes with; None for a live call.
    """

    digest: str
    run: str
    role: str
    provider: str
    model: str
    edit_type: str
    bound: int | None
    at: str
    batch: str | None = None


class BatchRow(NamedTuple):
    """A vendor's batch.

    Attributes:
        id: Our own id, which travels with the submission.
        slot: The slot whose provider has it.
        handle: The vendor's name for it; None until the submission is known to have arrived.
        requests: The requests as JSON, in the order submitted.
    """

    id: str
    slot: str
    handle: str | None
    requests: list[str]


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A planned task; ``sample`` is the finished sample as JSON, None while it is open."""

    id: str
    kind: str
    position: int
    photo: str
    base: str
    edit_types: tuple[str, ...]
    outcome: str | None = None
    sample: str | None = None


class Rating(NamedTuple):
    """What one person said of one edit; the edit is named as :class:`picofw.subsets.Edit` names it.

    Attributes:
        scores: In [0, 1], by criterion; criteria that were left out are missing.
        accepted: Whether the person would have the edit in the dataset; None if that was not said.
        skipped: The person would not say; there are no scores.
        seconds: How long the person looked at it.
        at: When, as ISO 8601.
    """

    edit: str
    rater: str
    scores: dict[str, float]
    accepted: bool | None
    skipped: bool
    seconds: float
    at: str


class Choice(NamedTuple):
    """Which of two edits of one photo by one instruction a person found better.

    Attributes:
        left: The edit that was shown on the left.
        right: The other one.
        choice: ``left``, ``right``, ``tie``, or ``skip``: the person would not say.
        seconds: How long the person looked at them.
        at: When, as ISO 8601.
    """

    left: str
    right: str
    rater: str
    choice: str
    seconds: float
    at: str


class JudgeRow(NamedTuple):
    """A further judge of a run.

    Attributes:
        judge: Its label: the name of its config and the options given, ``#2`` for a second asking, ``~swapped``
            for the images in the other order.
        provider: Registered name of the provider.
        model: The model asked for.
        options: Digest of the data-relevant options, prompts included.
        families: Families of its models, in order, a comma between two; empty: none, or not known.
    """

    judge: str
    provider: str
    model: str
    options: str
    families: str = ""


class StressRow(NamedTuple):
    """What a stress test found of a judge; a later test of the same edits by the same rubric takes its place.

    Attributes:
        options: Digest of the judge's data-relevant options, prompts included: who was tested.
        run: Whose edits were taken; empty: edits of the bundled photos.
        rubric: Name of the rubric.
        judge: The judge's label.
        found: All figures, as :func:`picofw.stress.figures.figures` returns them.
        at: When, as ISO 8601.
    """

    options: str
    run: str
    rubric: str
    judge: str
    found: dict[str, Any]
    at: str


class VerdictRow(NamedTuple):
    """What a further judge says of one edit; the edit is named as :class:`picofw.subsets.Edit` names it.

    Attributes:
        judge: The judge's label.
        digest: The call's name in the store.
        status: ``ok``; or ``refused``, ``invalid``: no verdict, and that will not change.
        scores: In [0, 1], by criterion; empty where there is no verdict.
        rationale: The judge's reason, or why there is no verdict.
        at: When, as ISO 8601.
        cost: Pico-dollars; None if unknown.
        members: Of a panel: what each member said, by its name.
    """

    edit: str
    judge: str
    digest: str
    status: str
    scores: dict[str, float]
    rationale: str
    at: str
    cost: int | None = None
    members: Mapping[str, Opinion] = MappingProxyType({})
