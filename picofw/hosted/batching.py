"""Batches as files: requests go out as JSON Lines, in as many files as the vendor's limits ask for.

One call of ``submit`` may make several of the vendor's batches, its parts. Each carries a label made of our
batch id and its number, by which it is found again. A submission that was interrupted is what has arrived of
it: the requests of the other parts come back unanswered, so that they are asked again, and no other is.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import orjson


class Label(NamedTuple):
    """Names one part of a batch.

    Attributes:
        batch_id: Our id.
        number: The part's, from 0.
    """

    batch_id: str
    number: int

    def __str__(self) -> str:
        return f"{self.batch_id}:{self.number}"

    @classmethod
    def read(cls, text: str | None) -> Label | None:
        """Return the label that a text is; None if it is none of ours.

        Args:
            text: What a vendor's batch is called.
        """
        batch_id, _, number = (text or "").rpartition(":")
        return cls(batch_id, int(number)) if batch_id and number.isdecimal() else None


async def write_parts(lines: AsyncIterator[bytes], folder: Path, max_bytes: int) -> list[Path]:
    """Write lines into files of limited size and return the files, in order.

    Args:
        lines: The lines, without line ends.
        folder: Where to write.
        max_bytes: Most bytes of a file that has more than one line.
    """
    paths: list[Path] = []
    room = 0
    async for line in lines:
        if len(line) + 1 > room:
            paths.append(folder / f"{len(paths):06d}.jsonl")
            room = max_bytes
        room -= len(line) + 1
        await asyncio.to_thread(_append, paths[-1], line)
    return paths


def _append(path: Path, line: bytes) -> None:
    with path.open("ab") as file:
        file.write(line + b"\n")


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects of a file of JSON Lines.

    Args:
        path: The file.
    """
    with path.open("rb") as file:
        for line in file:
            if line.strip():
                yield orjson.loads(line)


def handle_of(found: Mapping[Label, str], batch_id: str) -> str | None:
    """Return the handle of a batch: the vendor's names of its parts; None if none is there.

    Args:
        found: The vendor's name of each part, by label.
        batch_id: Our id.
    """
    return ",".join(found[label] for label in sorted(found) if label.batch_id == batch_id) or None
