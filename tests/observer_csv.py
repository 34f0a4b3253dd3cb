"""An observer: one line of a CSV for each attempt of a run, beside the run's log."""

from __future__ import annotations

import csv
from pathlib import Path

from picofw.hookspecs import hookimpl

FIELDS = ["sample", "turn", "edit_type", "attempt", "outcome", "score", "usd"]
files: dict[str, Path] = {}  # by run


@hookimpl
def picofw_run_started(run, settings):
    path = Path(settings["workspace"], "runs", run, "attempts.csv")
    if not path.exists():
        path.write_text(",".join(FIELDS) + "\n")
    files[run] = path


@hookimpl
def picofw_sample_finished(run, sample):
    with files[run].open("a", newline="") as file:
        rows = csv.writer(file)
        for number, turn in enumerate(sample.turns, 1):
            if sample.base and number == 1:
                continue  # a chain takes its first turn over from a single
            for attempt in turn.attempts:
                score = attempt.verdict.score if attempt.verdict else ""
                spent = attempt.edit.cost_usd
                rows.writerow([sample.id, number, turn.edit_type, attempt.number, attempt.outcome, score, spent])
