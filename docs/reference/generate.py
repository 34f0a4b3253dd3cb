"""Fills the pages of the reference from the code, when MkDocs builds the site; nothing generated is kept.

A page has a comment where a part belongs: ``<!-- commands -->`` and the like, as in ``_PARTS``.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import configuration  # beside this file, which MkDocs puts on the path while it loads this one

from picofw.cli import COMMANDS

_GUIDES = "Guides"
_ROLE = re.compile(r":(?:mod|class|func|meth):<code>~?([^<]+)</code>")


def commands() -> str:
    """Return each command's own help."""
    return "\n".join(f"## picofw {name}\n\n```text\n{_help(name)}```\n" for name in COMMANDS)


def _help(name: str) -> str:
    formatter = partial(argparse.HelpFormatter, width=100)
    parser = argparse.ArgumentParser(f"picofw {name}", description=COMMANDS[name].HELP, formatter_class=formatter)
    COMMANDS[name].arguments(parser)
    return parser.format_help()


_PARTS: dict[str, Callable[[], str]] = {
    "<!-- commands -->": commands,
    "<!-- settings -->": configuration.settings,
    "<!-- groups -->": configuration.groups,
}


def on_config(config: Any) -> Any:
    """Add the guides that the navigation does not name to those that it does."""
    named = set(_pages(config.nav))
    guides = next(entry[_GUIDES] for entry in config.nav if isinstance(entry, dict) and _GUIDES in entry)
    guides += sorted(page.name for page in Path(config.docs_dir).glob("*.md") if page.name not in named)
    return config


def _pages(nav: Any) -> Iterator[str]:
    for entry in nav:
        if isinstance(entry, str):
            yield entry
        else:
            for inner in entry.values():
                yield from _pages([inner] if isinstance(inner, str) else inner)


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put the generated parts in their places."""
    for place, part in _PARTS.items():
        if place in markdown:
            markdown = markdown.replace(place, part())
    return markdown.replace(r"\|", "|")  # GitHub wants the pipe in a table's code escaped, Python-Markdown does not


def on_page_content(html: str, **_: Any) -> str:
    """Show what docstrings write in reStructuredText's way as Markdown would."""
    return _ROLE.sub(r"<code>\1</code>", html).replace("::</p>", ":</p>")
