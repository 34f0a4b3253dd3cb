"""The settings of a run and the choices of every group, as Markdown."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from itertools import groupby
from types import UnionType
from typing import Any, Union, get_args, get_origin

import griffe
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from picofw.config import CONFIG_NAME, compose_tree, conf_dir
from picofw.plugins import Plugins
from picofw.settings import Choice, RunSettings, nested_models

_BOUNDS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}


def settings() -> str:
    """Return a table of every setting: its key, type and bounds, what it is if nothing is said, and what it means."""
    tree = compose_tree(CONFIG_NAME, [], Plugins().config_dirs())
    lines = ["| setting | type | default | what it is |", "| --- | --- | --- | --- |"]
    for key, field, meaning in _fields(RunSettings, ""):
        lines.append(f"| `{key}` | {_type(field)} | {_default(key, field, tree)} | {meaning} |")
    return "\n".join(lines) + "\n"


def _fields(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, FieldInfo, str]]:
    meanings = _meanings(model)
    for name, field in model.model_fields.items():
        key = prefix + name
        yield key, field, meanings[name]
        for inner in nested_models(field.annotation):
            if inner is not Choice:  # its options are those of whatever is chosen
                yield from _fields(inner, f"{key}.NAME." if get_origin(field.annotation) is dict else f"{key}.")


def _meanings(model: type[BaseModel]) -> dict[str, str]:
    """Return what the docstrings of a class and its bases say of its fields, each on one line."""
    found: dict[str, str] = {}
    for owner in reversed(model.__mro__):
        for section in griffe.Docstring(inspect.cleandoc(owner.__doc__ or "")).parse("google"):
            if section.kind is griffe.DocstringSectionKind.attributes:
                found |= {one.name: " ".join(one.description.split()).replace("``", "`") for one in section.value}
    return found


def _type(field: FieldInfo) -> str:
    bounds = [
        f"{sign} {getattr(mark, bound)}"
        for mark in field.metadata
        for bound, sign in _BOUNDS.items()
        if getattr(mark, bound, None) is not None
    ]
    return ", ".join([f"`{_name(field.annotation)}`", *bounds])


def _name(annotation: Any) -> str:
    if get_origin(annotation) in (Union, UnionType):
        return " | ".join(_name(one) for one in get_args(annotation))
    return re.sub(r"\b(?:[a-z_]\w*\.)+", "", inspect.formatannotation(annotation)).replace("NoneType", "None")


def _default(key: str, field: FieldInfo, tree: Any) -> str:
    """Return what the config files say; where they say nothing, what the class does."""
    for part in key.split("."):
        if not isinstance(tree, dict) or part not in tree:
            return "required" if field.is_required() else _shown(field.get_default(call_default_factory=True))
        tree = tree[part]
    return _shown(tree)


def _shown(value: Any) -> str:
    if isinstance(value, BaseModel) or (isinstance(value, dict) and value):
        return f"`{value['provider']}`" if isinstance(value, dict) and "provider" in value else "see below"
    return f"`{json.dumps(sorted(value) if isinstance(value, frozenset) else value, default=str)}`"


def groups() -> str:
    """Return every group's choices: each config file, with the comments that explain its options."""
    folders = [conf_dir(), *Plugins().config_dirs()]
    files = sorted((f for folder in folders for f in folder.glob("*/*.yaml")), key=lambda f: (f.parent.name, f.stem))
    parts = []
    for group, choices in groupby(files, key=lambda file: file.parent.name):
        sign = "--format " if group == "export" else f"{group}="
        parts.append(f"## {group}\n")
        parts += [f"### {sign}{file.stem}\n\n```yaml\n{file.read_text(encoding='utf-8')}```\n" for file in choices]
    return "\n".join(parts)
