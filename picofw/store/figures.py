"""Sums over a run, as its status shows them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from picofw.database import Database


class Figures(Database):
    """What can be counted of a workspace's runs."""

    def outcomes(self, run: str) -> list[tuple[str, str, str | None, int]]:
        """Return (kind, first edit type, outcome, count) of a run's tasks; outcome None: not finished.

        Args:
            run: The run's name.
        """
        return self.reader.execute(
            "SELECT kind, json_extract(edit_types, '$[0]'), outcome, count(*) FROM tasks INDEXED BY tasks_by_attempts "
            "WHERE run=? GROUP BY 1, 2, 3",
            (run,),
        ).fetchall()

    def attempts(self, run: str) -> list[tuple[str, str, int]]:
        """Return (edit type, attempt outcome, count) over the new turns of a run's finished tasks.

        Args:
            run: The run's name.
        """
        rows = self.reader.execute(
            "SELECT attempts, count(*) FROM tasks INDEXED BY tasks_by_attempts WHERE run=? AND attempts>'' GROUP BY 1",
            (run,),
        )
        found: Counter[tuple[str, str]] = Counter()
        for attempts, count in rows:
            for attempt in attempts.split(","):
                slug, outcome, *_ = attempt.split(":")
                found[slug, outcome] += count
        return [(slug, outcome, count) for (slug, outcome), count in sorted(found.items())]

    def turns_of_chains(self, run: str) -> Iterator[tuple[int, str, str]]:
        """Yield (position, instruction, state as JSON) of each accepted turn of a run's accepted chains, in order.

        Args:
            run: The run's name.
        """
        yield from self.reader.execute(
            """SELECT tasks.position, json_extract(turn.value, '$.instruction'), json_extract(turn.value, '$.state')
               FROM tasks, json_each(tasks.sample, '$.turns') AS turn
               WHERE run=? AND kind='chain' AND outcome='accepted'
               AND json_extract(turn.value, '$.attempts[#-1].outcome')='accepted'
               ORDER BY tasks.position, turn.key""",
            (run,),
        )

    def subset_sizes(self, run: str, accepted: int | None) -> dict[str, int]:
        """Return how many samples of a run each subset has.

        Args:
            run: The run's name.
            accepted: How many accepted singles count at most, the first in plan order; None: all.
        """
        singles, preferences = self.reader.execute(
            """SELECT count(*), total(instr(attempts, ':rejected,') > 0)
               FROM (SELECT attempts FROM tasks INDEXED BY tasks_by_attempts
                     WHERE run=? AND kind='single' AND outcome='accepted' ORDER BY position LIMIT ?)""",
            (run, -1 if accepted is None else accepted),
        ).fetchone()
        [chains] = self.reader.execute(
            "SELECT count(*) FROM tasks INDEXED BY tasks_by_attempts "
            "WHERE run=? AND kind='chain' AND outcome='accepted'",
            (run,),
        ).fetchone()
        return {"sft": singles, "preference": int(preferences), "multi_turn": chains}

    def spend(self, run: str) -> list[tuple[str, str, str, int, int | None, int]]:
        """Return (role, model, edit type, calls, pico-dollars, calls of unknown cost) that a run paid for.

        Args:
            run: The run's name.
        """
        return self.reader.execute(
            """SELECT role, model, edit_type, sum(calls), sum(cost), sum(unknown) FROM (
                 SELECT role, model, edit_type, count(*) AS calls, sum(cost) AS cost, sum(cost IS NULL) AS unknown
                 FROM calls WHERE run=? GROUP BY 1, 2, 3
                 UNION ALL
                 SELECT role, model, edit_type, 0, sum(cost), 0 FROM faults WHERE run=? GROUP BY 1, 2, 3)
               GROUP BY 1, 2, 3 ORDER BY 1, 2, 3""",
            (run, run),
        ).fetchall()

    def reused(self, run: str) -> list[tuple[str, int, int | None, int]]:
        """Return (role, calls, pico-dollars, calls of unknown cost) that a run's samples name and other runs paid for.

        Args:
            run: The run's name.
        """
        return self.reader.execute(
            """SELECT role, count(*), sum(cost), sum(cost IS NULL) FROM calls WHERE run<>? AND digest IN (
                 SELECT node.value FROM tasks, json_tree(tasks.sample, '$.turns') AS node
                 WHERE tasks.run=? AND tasks.sample IS NOT NULL AND node.key='digest')
               GROUP BY 1 ORDER BY 1""",
            (run, run),
        ).fetchall()

    def answering_models(self, run: str) -> list[tuple[str, str, str, int]]:
        """Return (role, model asked, model that answered, calls).

        Args:
            run: The run's name.
        """
        return self.reader.execute(
            """SELECT role, asked, model, sum(calls) FROM (
                 SELECT role, asked, model, count(*) AS calls FROM calls WHERE run=?
                 GROUP BY role, model, edit_type, asked)  -- in the order of the index
               GROUP BY 1, 2, 3 ORDER BY 1, 2, 3""",
            (run,),
        ).fetchall()

    def latencies(self) -> dict[tuple[str, str, str], tuple[int, float]]:
        """Return how many live calls were measured, and their mean seconds, by role, provider and model asked.

        The last live calls count, at most 20,000; a batch's answers have no time of their own.
        """
        rows = self.reader.execute(
            """SELECT role, provider, asked, count(*), avg(seconds) FROM (
                 SELECT role, provider, asked, seconds FROM calls WHERE seconds>0 ORDER BY rowid DESC LIMIT 20000)
               GROUP BY 1, 2, 3"""
        )
        return {(role, provider, asked): (count, seconds) for role, provider, asked, count, seconds in rows}

    def faults(self, run: str) -> list[tuple[str, str, int]]:
        """Return (role, kind, count) of a run's failed calls.

        Args:
            run: The run's name.
        """
        return self.reader.execute(
            "SELECT role, kind, count(*) FROM faults WHERE run=? GROUP BY 1, 2 ORDER BY 1, 2", (run,)
        ).fetchall()
