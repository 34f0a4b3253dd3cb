"""A fitted rubric as a config file: what ``picofw run rubric=NAME`` takes, with where its numbers come from."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from picofw.errors import ConfigError
from picofw.rubric import Rubric

MARK = "# Fitted by `picofw calibrate`"
_DIGITS = 3


def refitted(rubric: Rubric, name: str, threshold: float, weights: Mapping[str, float] | None) -> Rubric:
    """Return a rubric with another threshold, and other weights, of three digits each.

    Args:
        rubric: The run's.
        name: What to call it.
        threshold: In [0, 1].
        weights: By criterion, all of them; they sum to 1. None: the rubric's.
    """
    criteria = rubric.criteria
    if weights is not None:
        rounded = {key: round(weights[key], _DIGITS) for key in criteria}
        largest = max(rounded, key=rounded.__getitem__)
        rounded[largest] = round(rounded[largest] + 1 - sum(rounded.values()), _DIGITS)
        criteria = {key: entry.model_copy(update={"weight": rounded[key]}) for key, entry in criteria.items()}
    changed = {"name": name, "criteria": criteria, "threshold": round(threshold, _DIGITS)}
    return Rubric.model_validate(rubric.model_copy(update=changed).model_dump())


def check_path(path: Path) -> None:
    """See that a rubric can be written there and found by its name.

    Args:
        path: The file.

    Raises:
        ConfigError: It is no ``rubric/NAME.yaml``, or a file that somebody else wrote.
    """
    if path.suffix != ".yaml" or path.absolute().parent.name != "rubric":
        raise ConfigError(
            f"--rubric {path}: name a file NAME.yaml in a folder `rubric`, e.g. my_conf/rubric/fitted.yaml; "
            "`picofw run 'hydra.searchpath=[my_conf]' rubric=fitted` finds it there"
        )
    if path.exists() and not (path.is_file() and path.read_text(encoding="utf-8", errors="replace").startswith(MARK)):
        raise ConfigError(f"--rubric {path} exists and was not written by `picofw calibrate`: name another file")


def write(path: Path, rubric: Rubric, origin: Sequence[str]) -> None:
    """Write a rubric.

    Args:
        path: The file; folders are made, and a file that was written so before is replaced.
        rubric: The rubric; its name is that of the file.
        origin: Where its numbers come from, a sentence each.

    Raises:
        ConfigError: It cannot be written.
    """
    comments = [line for sentence in origin for line in textwrap.wrap(sentence, 115)]
    tree: dict[str, Any] = rubric.model_dump(mode="json")
    text = yaml.safe_dump(tree, sort_keys=False, allow_unicode=True, width=118)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join([MARK, *(f"# {line}" for line in comments), "", text]), encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"--rubric {path} cannot be written: {error.strerror}") from error
