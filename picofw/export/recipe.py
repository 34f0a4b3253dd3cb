"""The settings that an export's data was made with, as a preset that ``picofw run`` takes again."""

from __future__ import annotations

import re
from typing import Any

import yaml

from picofw.settings import tree_of

FOLDER = "recipe"
"""What goes before the recipe on Hydra's search path: a folder of config groups."""
NAME = f"{FOLDER}/preset/exported.yaml"

# Groups whose choice would add to what is spelled out here.
_GROUPS = ("source", "taxonomy", "rubric", "editor", "judge", "tagger")
_WRITERS = ("long", "short", "followup")
_INTERPOLATION = re.compile(r"(\\*)\$\{")


def portable(settings: dict[str, Any]) -> dict[str, Any]:
    """Return the settings that determine a run's data, without those that say where photos are on its machine.

    Args:
        settings: The run's settings, as its store keeps them.
    """
    data: dict[str, Any] = settings.get("data", {})
    return {key: value for key, value in data.items() if not key.startswith("source.") or key == "source.provider"}


def recipe(settings: dict[str, Any], version: str) -> str | None:
    """Return the preset; None where it is not known how the data was made, as of an import.

    Args:
        settings: The run's settings, as its store keeps them.
        version: Of picofw.
    """
    tree = tree_of(portable(settings))
    if not tree.keys() >= {"source", "editor", "judge", "instructors"}:
        return None
    choices = [f"override /{group}" for group in _GROUPS]
    choices += [f"override /instructor@instructors.{writer}" for writer in _WRITERS]
    head = {"defaults": [{choice: None} for choice in choices]}
    text = yaml.safe_dump({**head, **_literal(tree)}, sort_keys=False, allow_unicode=False, width=120)
    return (
        "# @package _global_\n"
        f"# All settings that determine this data, made with picofw {version}; but not where the photos are.\n"
        f"#     picofw run 'hydra.searchpath=[.../{FOLDER}]' preset=exported\n"
        f"{text}"
    )


def _literal(value: Any) -> Any:
    """Return a value whose texts Hydra takes as they are: ``${`` would otherwise be filled in."""
    if isinstance(value, dict):
        return {key: _literal(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_literal(child) for child in value]
    return _INTERPOLATION.sub(r"\1\1\\${", value) if isinstance(value, str) else value
