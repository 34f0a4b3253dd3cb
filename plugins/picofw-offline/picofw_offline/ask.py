"""What can be asked for, and what can be said about a photo: the two records that sentences are made of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from picofw_offline.wording import COLOURS, FORMS, PLACES

_WORDS = re.compile(r"[^\"\s]+(?: [^\"\s]+)*")
FACTORS = {"size": (0.3, 3.0), "zoom": (1.1, 4.0), "extent": (0.05, 1.0)}
"""Least and largest factor of each slot that says one."""


@dataclass(frozen=True)
class Ask:
    """One edit that is asked for.

    Attributes:
        edit_type: Slug; a key of ``wording.FORMS``.
        target: What the edit is about, a key of ``wording.TARGETS``; empty: the whole photo.
        colour: The target's present colour, one of ``wording.COLOURS``; empty: not said.
        place: Where the target is, or where a new thing goes; a key of ``wording.PLACES``; empty: not said.
        to: The wanted value, a key of the form's ``values``; empty where the type has none.
        old: Words that are visible now, as written; empty unless the type is about them.
        text: Words that are wanted; empty unless the type writes some.
        factor: Size relative to now (resize 0.3-3, zoom 1.1-4) or canvas added per direction as a share of that
            side (outpainting 0.05-1), in steps of 0.01; 1 for all other types.

    Raises:
        ValueError: A value lies outside of what the type's form allows.
    """

    edit_type: str
    target: str = ""
    colour: str = ""
    place: str = ""
    to: str = ""
    old: str = ""
    text: str = ""
    factor: float = 1.0

    def __post_init__(self) -> None:
        if self.edit_type not in FORMS:
            raise ValueError(f"edit type {self.edit_type!r} has no form; there are {', '.join(FORMS)}")
        form = FORMS[self.edit_type]
        self._allow("to", tuple(form.values) or ("",))
        self._allow("target", form.targets or ("",))
        self._allow("colour", ("", *COLOURS) if form.targets else ("",))
        takes_place = form.targets and form.targets != ("clothing",)
        self._allow("place", tuple(PLACES) if "place" in form.slots else ("", *PLACES) if takes_place else ("",))
        for name in ("old", "text"):
            words = getattr(self, name)
            if (name in form.slots) != bool(_WORDS.fullmatch(words)) or len(words) > 60:
                raise ValueError(f"{self.edit_type}: {name}={words!r} is not allowed")
        reading = next(iter(form.slots & set(FACTORS)), "")
        low, high = FACTORS.get(reading, (1.0, 1.0))
        if not low <= self.factor <= high or self.factor != round(self.factor, 2):
            raise ValueError(f"{self.edit_type}: factor={self.factor} is not within {low}-{high} in steps of 0.01")

    def _allow(self, name: str, allowed: Sequence[str]) -> None:
        value = getattr(self, name)
        if value not in allowed:
            raise ValueError(f"{self.edit_type}: {name}={value!r} is not one of {', '.join(map(repr, allowed))}")


@dataclass(frozen=True)
class Scene:
    """What is visible in a photo, to ground a long instruction; it colours the wording and asks for nothing.

    Attributes:
        light: One of ``wording.LIGHTS``.
        tones: One to three of ``wording.COLOURS``, the largest share first.
        subject: The main subject's colour, or empty.
        place: Where the main subject is; a key of ``wording.PLACES``, or empty.
        people: Whether a person is visible.
    """

    light: str
    tones: tuple[str, ...] = field(default=("grey",))
    subject: str = ""
    place: str = ""
    people: bool = False
