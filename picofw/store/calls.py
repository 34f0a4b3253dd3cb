"""Calls: answers, starts that are not ended, faults."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from picofw.database import Database, Statement
from picofw.store.schema import Start, StoredCall


class Calls(Database):
    """The calls of a workspace."""

    def call(self, digest: str) -> StoredCall | None:
        """Return the committed answer of a call, if there is one.

        Args:
            digest: The call's name.
        """
        row = self.reader.execute("SELECT status, result, model, cost FROM calls WHERE digest=?", (digest,)).fetchone()
        return StoredCall(*row) if row else None

    async def claim(self, start: Start) -> bool:
        """Journal the start of a call; False if it is answered or another process has started it.

        Args:
            start: Which call, and who makes it.
        """
        return (await self.claim_all([start]))[0]

    async def claim_all(self, starts: Sequence[Start]) -> list[bool]:
        """Journal several starts in one commit; say for each whether it is ours.

        Args:
            starts: Which calls, and who makes them.
        """
        sql = (
            "INSERT OR IGNORE INTO inflight SELECT ?,?,?,?,?,?,?,?,? "
            "WHERE NOT EXISTS (SELECT 1 FROM calls WHERE digest=?)"
        )
        return [bool(count) for count in await self.write(*((sql, (*start, start.digest)) for start in starts))]

    async def keep(self, start: Start, call: StoredCall, options: str, usage: str, seconds: float, at: str) -> None:
        """Commit an answer and end its start.

        Args:
            start: What was journalled.
            call: The answer.
            options: Digest of who answered and with which options.
            usage: Usage as JSON.
            seconds: How long it took.
            at: When, as ISO 8601.
        """
        await self.write(
            (
                "INSERT OR IGNORE INTO calls VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                (
                    start.digest,
                    start.role,
                    start.provider,
                    start.model,
                    call.model,
                    options,
                    start.edit_type,
                    call.status,
                    call.result,
                    usage,
                    call.cost,
                    start.run,
                    seconds,
                    at,
                ),
            ),
            ("DELETE FROM inflight WHERE digest=?", (start.digest,)),
        )

    async def fail(self, start: Start, kind: str, message: str, cost: int | None) -> None:
        """Commit a fault and end the start of the call.

        Args:
            start: What was journalled.
            kind: ``transient``, ``rate_limited``, ``fatal`` or ``lost``.
            message: One line.
            cost: Pico-dollars that were billed all the same; None if that is not known.
        """
        await self.write(
            (
                "INSERT INTO faults VALUES(?,?,?,?,?,?,?,?,?,?,?)",
                (
                    start.run,
                    start.digest,
                    start.role,
                    start.provider,
                    start.model,
                    start.edit_type,
                    kind,
                    message,
                    cost,
                    start.bound,
                    start.at,
                ),
            ),
            ("DELETE FROM inflight WHERE digest=?", (start.digest,)),
        )

    async def write_off(self, run: str, digest: str = "") -> None:
        """Count starts of a dead process as lost: whether they were answered cannot be known.

        Args:
            run: The run that made them.
            digest: One call; all of the run's, if empty.
        """
        chosen = (run, digest, digest)
        await self.write(
            (
                "INSERT INTO faults SELECT run, digest, role, provider, model, edit_type, 'lost', "
                "'in flight when the process ended', NULL, bound, at FROM inflight "
                "WHERE run=? AND batch IS NULL AND (?='' OR digest=?)",
                chosen,
            ),
            ("DELETE FROM inflight WHERE run=? AND batch IS NULL AND (?='' OR digest=?)", chosen),
        )

    def claimant(self, digest: str) -> tuple[str, str | None] | None:
        """Return the run that has started this call and not ended it, and the batch it went with, if any.

        Args:
            digest: The call's name.
        """
        row = self.reader.execute("SELECT run, batch FROM inflight WHERE digest=?", (digest,)).fetchone()
        return (str(row[0]), row[1]) if row else None

    def lost(self, run: str) -> tuple[int, int | None]:
        """Return how many calls of a run ended unseen and may have been billed, and up to what cost (None: not known).

        Args:
            run: The run's name.
        """
        count, bound, unknown = self.reader.execute(
            "SELECT count(*), sum(bound), sum(bound IS NULL) FROM faults "
            "WHERE run=? AND cost IS NULL AND kind<>'damaged'",
            (run,),
        ).fetchone()
        return int(count), None if unknown else int(bound or 0)

    def edits(self, run: str | None) -> Iterator[tuple[str, str]]:
        """Yield the digest and the image, as JSON, of the edits that a run paid for.

        Args:
            run: The run's name; None: of all runs.
        """
        yield from self.reader.execute(
            "SELECT digest, json_extract(result, '$.image') FROM calls "
            "WHERE role='editor' AND status='ok' AND (? IS NULL OR run=?)",
            (run, run),
        )

    async def forget(self, run: str, digests: Iterable[str], photos: Iterable[str], tasks: Iterable[str]) -> None:
        """Forget answers and photos whose images are damaged, and open tasks again; what was paid stays counted.

        Args:
            run: The run's name.
            digests: The calls, whichever run paid for them.
            photos: Ids of the run's photos.
            tasks: Ids of the run's tasks.
        """
        statements: list[Statement] = [
            (
                "UPDATE tasks INDEXED BY tasks_by_id SET outcome=NULL, sample=NULL, attempts=NULL WHERE run=? AND id=?",
                (run, task),
            )
            for task in tasks
        ]
        statements += [("UPDATE photos SET image=NULL WHERE run=? AND id=?", (run, photo)) for photo in photos]
        for digest in digests:
            statements += [
                (
                    "INSERT INTO faults SELECT run, digest, role, provider, model, edit_type, 'damaged', "
                    "'its image was damaged', cost, NULL, at FROM calls WHERE digest=?",
                    (digest,),
                ),
                ("DELETE FROM calls WHERE digest=?", (digest,)),
            ]
        if statements:
            await self.write(*statements)
