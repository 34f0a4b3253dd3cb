"""The taxonomy: which kinds of edits a dataset has, what each needs, and how often each is asked for."""

from __future__ import annotations

import difflib
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Literal

from pydantic import Field, field_validator

from picofw.errors import ConfigError
from picofw.types import EditType, Record, Tags

_SLUG = re.compile(r"[a-z][a-z0-9_]*")

Mix = Literal["published", "uniform"] | Mapping[str, float]


class TypeEntry(Record):
    """One edit type, as a taxonomy file states it under its slug.

    Attributes:
        label: The label used in released files; unique within a taxonomy.
        category: The heading it is counted under.
        needs: Tags a photo must have before this edit is planned on it, e.g. ``[person]``.
        keeps_frame: Whether the edited image must have the input's aspect ratio.
        regions: What an edit of this type may be given as its object, where the photo's boxes show it: ``any``, or
            labels (``[Person, Man, Woman]``); none for an edit that is about no one thing.
        guidance: What a good instruction of this type names; read by instructors.
        count: How many single edits of this type the published dataset has: its weight in the
            ``published`` mix.
        success_rate: Share of edits that the published pipeline accepted, in [0, 1]; None where none was
            published. For comparison only.
    """

    label: str = Field(min_length=1)
    category: str = Field(min_length=1)
    needs: Tags = frozenset()
    keeps_frame: bool = True
    regions: Literal["any"] | tuple[str, ...] = ()
    guidance: str = ""
    count: int = Field(default=0, ge=0)
    success_rate: float | None = Field(default=None, ge=0, le=1)


class Taxonomy(Record):
    """A set of edit types.

    Attributes:
        name: What the taxonomy is called in reports.
        types: The entries by slug. Their order is the order of tables and reports.
    """

    name: str = Field(min_length=1)
    types: dict[str, TypeEntry]

    @field_validator("types")
    @classmethod
    def _check_types(cls, types: dict[str, TypeEntry]) -> dict[str, TypeEntry]:
        if not types:
            raise ValueError("a taxonomy needs at least one edit type")
        for slug in types:
            if not _SLUG.fullmatch(slug):
                raise ValueError(
                    f"{slug!r} cannot be the slug of an edit type: use lower-case letters, digits and "
                    "underscores, a letter first"
                )
        label, uses = Counter(entry.label for entry in types.values()).most_common(1)[0]
        if uses > 1:
            slugs = ", ".join(slug for slug, entry in types.items() if entry.label == label)
            raise ValueError(f"{slugs} share the label {label!r}: released files tell types apart by label")
        return types

    def edit_types(self) -> tuple[EditType, ...]:
        """Return the types as requests carry them, in the taxonomy's order."""
        return tuple(
            EditType(
                slug=slug,
                label=entry.label,
                category=entry.category,
                needs=entry.needs,
                keeps_frame=entry.keeps_frame,
                guidance=entry.guidance,
            )
            for slug, entry in self.types.items()
        )

    def weights(self, mix: Mix) -> dict[str, float]:
        """Return how often each type is asked for, relative to the others.

        Args:
            mix: ``published``: as often as in the published dataset. ``uniform``: all alike. Or a weight by
                slug, at least 0 and on any scale; a type that is not named has weight 0.

        Returns:
            A weight for every type, in the taxonomy's order; at least one is above 0.

        Raises:
            ConfigError: The mix names an unknown type, a weight is negative or not finite, or all are 0.
        """
        if mix == "published":
            weights = {slug: float(entry.count) for slug, entry in self.types.items()}
        elif mix == "uniform":
            weights = dict.fromkeys(self.types, 1.0)
        elif isinstance(mix, Mapping):
            self._refuse_unknown(mix, "mix")
            weights = {slug: float(mix.get(slug, 0.0)) for slug in self.types}
        else:
            raise ConfigError(f"mix is {mix!r}; it must be 'published', 'uniform' or a weight for each slug")
        for slug, weight in weights.items():
            if not (math.isfinite(weight) and weight >= 0):
                raise ConfigError(f"mix: the weight of {slug!r} is {weight}; it must be a number of at least 0")
        if not any(weights.values()):
            hint = "set a count, or use mix=uniform" if mix == "published" else "set one above 0"
            raise ConfigError(f"mix: every type of taxonomy {self.name!r} has weight 0; {hint}")
        return weights

    def restrict(self, slugs: Iterable[str]) -> Taxonomy:
        """Return the same taxonomy with only the given types, in the taxonomy's order.

        Args:
            slugs: The types to keep.

        Raises:
            ConfigError: A slug is unknown, or none is given.
        """
        kept = set(slugs)
        self._refuse_unknown(kept, "edit_types")
        if not kept:
            raise ConfigError(f"edit_types: none is left of taxonomy {self.name!r}; name at least one")
        return self.model_copy(update={"types": {s: e for s, e in self.types.items() if s in kept}})

    def _refuse_unknown(self, slugs: Iterable[str], where: str) -> None:
        for slug in sorted(set(slugs) - self.types.keys()):
            near = difflib.get_close_matches(slug, self.types, n=3)
            meant = f"did you mean {' or '.join(near)}?" if near else f"it has {', '.join(self.types)}"
            raise ConfigError(f"{where}: taxonomy {self.name!r} has no type {slug!r}; {meant}")
