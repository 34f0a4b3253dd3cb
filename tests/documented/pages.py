"""The pages of the documentation: their links, headings and tables, and a script of what they tell to do."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
_FILE = re.compile(r"(?:# @package \S+\n)?# ([\w./-]+\.\w+)\n")


@dataclass(frozen=True)
class Block:
    """A fenced block of a page; one that begins with a comment that names a file is that file."""

    number: int
    language: str
    text: str

    @property
    def file(self) -> str | None:
        found = _FILE.match(self.text)
        return found[1] if found else None

    @property
    def commands(self) -> list[str]:
        """The commands of a bash block as they are written, but for comments; one may go over several lines."""
        text = self.text.replace("\\\n", " ") if self.language == "bash" else ""
        return [command for line in text.splitlines() if (command := re.sub(r"\s+#\s.*", "", line).strip())]


def blocks(page: Path) -> list[Block]:
    found = _FENCED.findall(page.read_text())
    return [Block(number, language, text) for number, (language, text) in enumerate(found)]


def script(page: Path, folder: Path, left_out: Mapping[str, str]) -> str:
    """Return a bash script that does what a page tells to do, block by block; ``folder`` gets the blocks' files."""
    lines = ["set -euxo pipefail", "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT"]
    for block in blocks(page):
        kept = folder / str(block.number)
        kept.write_text(block.text)
        if block.file is not None:
            lines += [f"mkdir -p {Path(block.file).parent}", f"cp {shlex.quote(str(kept))} {block.file}"]
        elif block.language == "python":
            lines.append(f"python {shlex.quote(str(kept))}")
        lines += [command for command in block.commands if command not in left_out]
    return "\n".join(lines) + "\n"


def links(page: Path) -> list[str]:
    """The addresses that a page's links and images name."""
    return re.findall(r"\]\(([^)\s]+)\)", _FENCED.sub("", page.read_text()))


def anchors(page: Path) -> set[str]:
    """What a link to a heading of the page may end with, as GitHub makes it."""
    headings = re.findall(r"^#+ (.+)$", _FENCED.sub("", page.read_text()), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def tables(page: Path) -> Iterator[list[list[str]]]:
    """Yield each table as rows of cells, the head first."""
    for table in re.findall(r"(?:^\|.*\|\n)+", page.read_text(), re.M):
        cells = [re.split(r"(?<!\\)\|", line)[1:-1] for line in table.splitlines()]
        rows = [[cell.strip().replace(r"\|", "|") for cell in row] for row in cells]
        yield [rows[0], *rows[2:]]


def table(page: Path, head: str) -> list[list[str]]:
    """The rows of the one table whose first column has that head."""
    (found,) = (rows[1:] for rows in tables(page) if rows[0][0] == head)
    return found


def codes(text: str) -> list[str]:
    """What stands in backticks."""
    return re.findall(r"`([^`]+)`", text)
