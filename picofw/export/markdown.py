"""Foreign text in Markdown: shown, and nothing else."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

_MARKUP = re.compile(r"([\\`*_{}\[\]#|~$@]|:(?=/)|(?<=www)\.)", re.IGNORECASE)  # the last two would make links


def plain(text: str, longest: int = 200) -> str:
    """Return text as one line of Markdown that shows it and does nothing else.

    Args:
        text: Anything.
        longest: Characters that are kept.
    """
    line = " ".join("".join(c if unicodedata.category(c)[0] != "C" else " " for c in text[: 4 * longest]).split())
    short = line if len(line) <= longest else line[: longest - 1] + "…"
    escaped = short.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKUP.sub(r"\\\1", escaped)


def linked(text: str) -> str:
    """Return an address as a link, anything else as it is.

    Args:
        text: Anything.
    """
    return f"<{text}>" if re.fullmatch(r"https?://[!-;=?-{}~]{1,300}", text) else plain(text)


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table.

    Args:
        head: Names of the columns.
        rows: Values that are Markdown already.
    """
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)
