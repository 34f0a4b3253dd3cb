"""Whether the rows of a run hold together."""

from __future__ import annotations

from collections.abc import Iterator

from picofw.database import Database

# Each names tasks, and says what is wrong with them.
_LOOSE_ENDS = (
    "SELECT id, 'is stored ' || count(*) || ' times' FROM tasks WHERE run=:run GROUP BY id HAVING count(*)>1",
    "SELECT id, 'its photo ' || photo || ' is not in the store' FROM tasks "
    "WHERE run=:run AND photo NOT IN (SELECT id FROM photos WHERE run=:run)",
    "SELECT id, 'the single edit ' || base || ' that it goes on from is not in the store' FROM tasks "
    "WHERE run=:run AND base<>'' AND base NOT IN (SELECT id FROM tasks WHERE run=:run AND kind='single')",
)


class Integrity(Database):
    """What a check of a run asks of its rows."""

    def task_counts(self, run: str) -> dict[str, int]:
        """Return how many tasks of each kind are stored.

        Args:
            run: The run's name.
        """
        rows = self.reader.execute("SELECT kind, count(*) FROM tasks WHERE run=? GROUP BY kind", (run,))
        return dict(rows.fetchall())

    def loose_ends(self, run: str) -> Iterator[tuple[str, str]]:
        """Yield (task, what is wrong) where an id is not unique, or a row names another one that is not there.

        Args:
            run: The run's name.
        """
        for query in _LOOSE_ENDS:
            yield from self.reader.execute(f"{query} ORDER BY 1", {"run": run})
