"""What people said of edits: ratings of single edits, and choices between two."""

from __future__ import annotations

import json
from collections.abc import Iterable

from picofw.database import Database, Statement
from picofw.store.schema import Choice, Rating


class Ratings(Database):
    """People's answers; a rater's later answer to the same question takes the place of the earlier one."""

    async def add_answers(self, run: str, *answers: Rating | Choice) -> None:
        """Commit answers, all of them or none.

        Args:
            run: The run's name.
            answers: What was answered.

        Raises:
            StoreError: They are not committed.
        """
        await self.write(*(_statement(run, answer) for answer in answers))

    async def replace_choices(self, run: str, people: str, choices: Iterable[Choice]) -> None:
        """Commit what an imported set says in place of what it said before, all or nothing.

        Args:
            run: The run's name.
            people: The rater that stands for those of the set; a further one is ``people 2``.
            choices: Theirs; no time is known of them.

        Raises:
            StoreError: They are not committed.
        """
        forget = "DELETE FROM choices WHERE run=? AND at='' AND (rater=? OR rater GLOB ?)"
        values = (run, people, f"{people} [0-9]*")
        await self.write((forget, values), *(_statement(run, choice) for choice in choices))

    def ratings(self, run: str, rater: str | None = None) -> list[Rating]:
        """Return ratings by edit and rater, skipped ones included.

        Args:
            run: The run's name.
            rater: Only this person's; None: everyone's.
        """
        rows = self.reader.execute(
            "SELECT edit, rater, scores, accepted, skipped, seconds, at FROM ratings "
            "WHERE run=? AND (? IS NULL OR rater=?) ORDER BY edit, rater",
            (run, rater, rater),
        )
        return [
            Rating(edit, who, json.loads(scores), None if accepted is None else bool(accepted), bool(skipped), *rest)
            for edit, who, scores, accepted, skipped, *rest in rows
        ]

    def choices(self, run: str, rater: str | None = None) -> list[Choice]:
        """Return choices by pair and rater, skipped ones included.

        Args:
            run: The run's name.
            rater: Only this person's; None: everyone's.
        """
        rows = self.reader.execute(
            "SELECT left_edit, right_edit, rater, choice, seconds, at FROM choices "
            "WHERE run=? AND (? IS NULL OR rater=?) ORDER BY left_edit, right_edit, rater",
            (run, rater, rater),
        )
        return [Choice(*row) for row in rows]


def _statement(run: str, answer: Rating | Choice) -> Statement:
    if isinstance(answer, Choice):
        return "INSERT OR REPLACE INTO choices VALUES(?,?,?,?,?,?,?)", (run, *answer)
    edit, rater, scores, *rest = answer
    values = (run, edit, rater, json.dumps(scores), *rest)
    return "INSERT OR REPLACE INTO ratings VALUES(?,?,?,?,?,?,?,?)", values
