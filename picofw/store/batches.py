"""Vendors' batches that are not closed."""

from __future__ import annotations

import json

from picofw.database import Database
from picofw.store.schema import BatchRow


class Batches(Database):
    """The batches of a workspace."""

    async def add_batch(self, batch: BatchRow, run: str, at: str) -> None:
        """Commit a batch that is about to be submitted.

        Args:
            batch: The batch; its handle is not known yet.
            run: The run that pays.
            at: When, as ISO 8601.
        """
        values = (batch.id, run, batch.slot, json.dumps(batch.requests), at)
        await self.write(("INSERT INTO batches VALUES(?,?,?,NULL,?,0,?)", values))

    async def set_handle(self, batch: str, handle: str) -> None:
        """Commit the vendor's handle of a batch that was submitted.

        Args:
            batch: Our id.
            handle: The vendor's.
        """
        await self.write(("UPDATE batches SET handle=? WHERE id=?", (handle, batch)))

    async def close_batch(self, batch: str) -> None:
        """Commit that every answer of a batch is kept.

        Args:
            batch: Our id.
        """
        await self.write(("UPDATE batches SET done=1, requests='[]' WHERE id=?", (batch,)))

    async def forget_batch(self, batch: str) -> None:
        """Undo a batch that never reached the vendor.

        Args:
            batch: Our id.
        """
        await self.write(
            ("DELETE FROM inflight WHERE batch=?", (batch,)), ("DELETE FROM batches WHERE id=? AND done=0", (batch,))
        )

    async def open_batches(self, run: str) -> list[BatchRow]:
        """Return a run's batches that are not closed; drop claims of batches that were never committed.

        Args:
            run: The run's name.
        """
        await self.write(
            ("DELETE FROM inflight WHERE run=? AND batch IS NOT NULL AND batch NOT IN (SELECT id FROM batches)", (run,))
        )
        rows = self.reader.execute(
            "SELECT id, slot, handle, requests FROM batches WHERE run=? AND done=0 ORDER BY at, id", (run,)
        )
        return [BatchRow(id_, slot, handle, json.loads(requests)) for id_, slot, handle, requests in rows]
