"""JSON Lines, read a line at a time, whatever is in them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def read_lines(path: Path) -> Iterator[tuple[str, dict[str, Any] | None]]:
    """Yield where each record stands, and the record; None if it is none. A missing file has none.

    Args:
        path: A file with a JSON object on each line; one named ``*.json`` is a list of them, as picofw writes it.
    """
    brackets = ("[", "]") if path.suffix == ".json" else ()
    if not path.is_file():
        return
    with path.open(encoding="utf-8", errors="replace", newline="\n") as file:
        for number, line in enumerate(file, 1):
            if line.strip() in brackets:
                continue
            try:
                record = json.loads(line.rstrip("\n").removesuffix(",") if brackets else line)
            except (ValueError, RecursionError):
                record = None
            yield f"{path.name}, line {number}", record if isinstance(record, dict) else None
