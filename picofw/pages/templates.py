"""Jinja2 templates: what stands in them is markup, what is put into them is text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from picofw.errors import ConfigError

if TYPE_CHECKING:
    from jinja2 import Environment

FOLDER = "html"
"""Where a package has its templates, and the files that go with them."""


def environment(package: str) -> Environment:
    """Return the templates of a package, in its folder ``html``, and those that all pages share.

    A page extends ``base.html`` and fills its blocks: ``title`` and ``content``, and, where it wants to, ``head``
    (styles of its own), ``header``, ``footer`` and ``scripts`` (files; the page's policy runs no inline script).
    All text is escaped, and a name that was not given is an error.

    Args:
        package: Name of the package, e.g. ``picofw.report``.

    Raises:
        ConfigError: jinja2 is not installed.
    """
    try:
        from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined  # optional
    except ImportError as error:
        raise ConfigError("pages need jinja2: pip install 'picofw[report]'") from error
    loaders = [PackageLoader(name, FOLDER) for name in (package, "picofw.pages")]
    return Environment(
        loader=ChoiceLoader(loaders), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
