"""Writing a plugin from templates: a whole distribution that works as it is.

Templates are the files under ``templates/`` whose names end in ``.tmpl``: those for any plugin, those for
one whose model has a price or has none, and those of its kind. ``$name`` and the like are filled in;
``PACKAGE`` and ``NAME`` in their paths too.
"""

from __future__ import annotations

import importlib.metadata
import json
import keyword
import re
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import NamedTuple

from packaging.version import Version

import picofw
from picofw.errors import ConfigError
from picofw.hookspecs import Kind
from picofw.plugins import Plugins

_TEMPLATES = Path(__file__).parent / "templates"
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LONGEST_NAME = 30
_NOT_TEXT = {"null", "true", "false", "nan", "inf", "on", "off", "yes", "no", "y", "n"}  # to Hydra or to YAML


class _Facts(NamedTuple):
    """What templates of all kinds need to know about one: what it does, how to try it, what it imports."""

    summary: str
    try_it: str
    imports: tuple[str, ...] = ("pillow>=11", "pydantic>=2.9")


_FACTS: dict[Kind, _Facts] = {
    "editor": _Facts("Shifts the tone of a photo", "picofw run editor=$name source=demo samples=4"),
    "judge": _Facts("Measures how much an edit changed", "picofw run judge=$name source=demo samples=4"),
    "instructor": _Facts(
        "Fills in sentences",
        "picofw run preset=fake instructor@instructors.long=$name instructor@instructors.short=$name samples=4",
        ("pydantic>=2.9",),
    ),
    "tagger": _Facts(
        "Tags photos by the description in their files",
        "picofw run tagger=$name source=folder source.path=photos source.metadata=null samples=4",
    ),
    "source": _Facts("Draws test pictures", "picofw run preset=fake source=$name samples=4"),
    "exporter": _Facts(
        "Pairs of images, and a line of JSON for each",
        "picofw run preset=fake samples=4 && picofw export --format $name --out pairs",
        (),
    ),
}


def new_plugin(name: str, kind: Kind, folder: Path, plugins: Plugins) -> tuple[Path, list[str]]:
    """Write a plugin that works as it is.

    Args:
        name: What configs will call its provider, e.g. ``acme``; the distribution is ``picofw-acme``.
        kind: What it offers.
        folder: Where the distribution's own folder is made.
        plugins: The installed plugins, whose names are taken.

    Returns:
        The distribution's folder, and the commands to go on with.

    Raises:
        ConfigError: The name is not allowed or taken, or the folder exists or cannot be written.
    """
    _check_name(name, kind, plugins)
    values = _values(name, kind)
    target = folder / f"picofw-{name}"
    variant = "unpriced" if kind in ("source", "exporter") else "priced"
    try:
        target.mkdir(parents=True)
        for part in ("any", variant, kind):
            _fill_in(_TEMPLATES / part, target, values)
    except FileExistsError as error:
        raise ConfigError(f"{error.filename} exists already: choose another name or --out, or remove it") from error
    except OSError as error:
        raise ConfigError(f"{target} cannot be written: {error}") from error
    return target, [f"cd {target}", "pip install -e '.[test]' && pytest", values["try_it"]]


def _check_name(name: str, kind: Kind, plugins: Plugins) -> None:
    if not _NAME.fullmatch(name) or len(name) > _LONGEST_NAME:
        raise ConfigError(
            f"{name!r} cannot be a plugin's name: it is small letters, digits and single dashes, begins with a letter "
            f"and has at most {_LONGEST_NAME} characters, as in acme or my-editor"
        )
    if keyword.iskeyword(name) or name in _NOT_TEXT:
        raise ConfigError(f"{name!r} cannot be a plugin's name: it is a word of Python's or of the config files'")
    taken = {spec.name: owner for owner, spec in plugins.specs(kind)}
    if name in taken:
        raise ConfigError(f"{taken[name]} offers the {kind} {name!r} already: choose another name")
    try:
        importlib.metadata.distribution(f"picofw-{name}")
    except importlib.metadata.PackageNotFoundError:
        return
    raise ConfigError(f"picofw-{name} is installed already: choose another name, or pip uninstall picofw-{name}")


def _values(name: str, kind: Kind) -> dict[str, str]:
    facts = _FACTS[kind]
    now = Version(picofw.__version__)
    requirements = [f"picofw>={now.major}.{now.minor},<{now.major}.{now.minor + 1}", *facts.imports]
    return {
        "name": name,
        "kind": kind,
        "group": "export" if kind == "exporter" else kind,
        "package": f"picofw_{name.replace('-', '_')}",
        "cls": "".join(part.capitalize() for part in (*name.split("-"), kind)),
        "summary": facts.summary,
        "try_it": Template(facts.try_it).substitute(name=name),
        "dependencies": ", ".join(json.dumps(line) for line in requirements),
    }


def _fill_in(templates: Path, target: Path, values: Mapping[str, str]) -> None:
    for template in sorted(templates.rglob("*.tmpl")):
        path = template.relative_to(templates).with_suffix("").as_posix()
        file = target / path.replace("PACKAGE", values["package"]).replace("NAME", values["name"])
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8", newline="\n") as out:
            out.write(Template(template.read_text(encoding="utf-8")).substitute(values))
