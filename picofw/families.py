"""Model families: a judge may prefer what models of its own make, and be blind to what they get wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["of_model", "one_family"]

_FIRST = re.compile("[a-z]+")


def of_model(model: str) -> str:
    """Return the family that a model's name tells: ``qwen`` of ``Qwen/Qwen2.5-VL-7B``, ``gpt`` of ``gpt-4o``.

    Args:
        model: The name, with or without its owner.

    Returns:
        The letters that the name begins with; empty if there are none.
    """
    found = _FIRST.match(model.lower().rpartition("/")[2])
    return found[0] if found else ""


def one_family(editor: Iterable[str], judge: Iterable[str]) -> str:
    """Return a warning if judge and editor share a model family; empty if they do not, as far as is known.

    Args:
        editor: Families of the editor's models.
        judge: Families of the judge's; of all members, if there are several.
    """
    shared = sorted(set(editor) & set(judge))
    if not shared:
        return ""
    return (
        f"judge and editor are of one model family ({', '.join(shared)}): such a judge may prefer its own family's "
        "pictures, and miss what it gets wrong; hold it against people (`picofw review`, `picofw calibrate`) or "
        "against a judge of another family (`picofw rejudge`)"
    )
