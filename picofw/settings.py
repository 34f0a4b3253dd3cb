"""The typed settings of a run: what Hydra composes, validated once. Everything else takes these."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, Field, ValidationError, model_serializer, model_validator

from picofw.checks import CheckSettings
from picofw.cost import Price
from picofw.errors import ConfigError
from picofw.limits import LimitSettings
from picofw.rubric import Rubric
from picofw.screening import PhotoSettings
from picofw.taxonomy import Taxonomy
from picofw.types import Record
from picofw.waves import BatchSettings

RunName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._=,-]{0,119}$")]
"""What a run may be called: it is the name of a folder too."""


_BODY_PARTS = "arm beard body ear eye face foot hair hand head leg mouth nose".split()


class Choice(Record):
    """A provider by its registered name, and its own options; written flat: ``{provider: x, steps: 20}``."""

    provider: str = Field(min_length=1)
    options: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _gather(cls, value: Any) -> Any:
        if isinstance(value, Mapping) and "options" not in value:
            return {
                **{k: v for k, v in value.items() if k == "provider"},
                "options": {k: v for k, v in value.items() if k != "provider"},
            }
        if isinstance(value, str):
            raise ValueError("write {provider: NAME, ...}, or choose by instructor@instructors.long=NAME, editor=NAME")
        return value

    @model_serializer
    def _flat(self) -> dict[str, Any]:
        return {"provider": self.provider, **self.options}


class Instructors(Record):
    """Who writes which instruction.

    Attributes:
        long: Looks at the photo and writes the instruction that the editor is given.
        short: Rewrites it as a person would type it.
        followup: Writes the later turns of a chain.
    """

    long: Choice
    short: Choice
    followup: Choice


class AttemptSettings(Record):
    """How often a turn is tried.

    Attributes:
        max: Attempts at one instruction; the published pipeline made up to 3.
        feedback: Whether the editor is given the judge's rationale on the attempt before.
        reask: How often an instructor or a judge is asked again after an answer that cannot be used.
    """

    max: int = Field(default=3, ge=1, le=20)
    feedback: bool = False
    reask: int = Field(default=1, ge=0, le=10)


class ChainSettings(Record):
    """Multi-turn data.

    Attributes:
        share: Part of the accepted singles that become the first turn of a chain, in [0, 1]; the published
            dataset drew 100,000 of 258,000.
        min_turns: Turns planned at least, the first included.
        max_turns: Turns planned at most.
    """

    share: float = Field(default=0.39, ge=0, le=1)
    min_turns: int = Field(default=2, ge=2, le=10)
    max_turns: int = Field(default=5, ge=2, le=10)

    @model_validator(mode="after")
    def _ordered(self) -> ChainSettings:
        if self.min_turns > self.max_turns:
            raise ValueError(f"min_turns={self.min_turns} is more than max_turns={self.max_turns}")
        return self


class RegionSettings(Record):
    """Edits of one object that a photo's boxes show: their instruction is about that object.

    Attributes:
        share: Part in [0, 1] of the first turns that are given a region, of those whose edit type can use one that
            the photo has. The published pipeline gave none.
        min_area: The least part of the photo that a box must cover, in [0, 1].
        ignore: Labels of what is no object of its own, such as parts of a body.
    """

    share: float = Field(default=0.0, ge=0, le=1)
    min_area: float = Field(default=0.01, ge=0, le=1)
    ignore: tuple[str, ...] = tuple(f"Human {part}" for part in _BODY_PARTS)


class Limits(LimitSettings):
    """Limits of the run; the fields of a limit apply to each account or device on its own.

    Attributes:
        by_key: Other limits for some limit keys (``picofw plan`` shows them).
        min_free_mb: Free disk, in MB, below which no further call is started.
        tasks: Tasks in progress at once; None: four times the largest concurrency, or 10,000 in batch mode.
    """

    by_key: dict[str, LimitSettings] = Field(default_factory=dict)
    min_free_mb: int = Field(default=200, ge=0)
    tasks: int | None = Field(default=None, ge=1)

    def of(self, key: str) -> LimitSettings:
        """Return the limits of what shares a limit key.

        Args:
            key: The limit key.
        """
        return self.by_key.get(key, self)


class BudgetSettings(Record):
    """What the run may spend.

    Attributes:
        usd: Hard limit in USD, calls in flight included; None: no limit. Raising it resumes.
    """

    usd: Decimal | None = Field(default=None, ge=0)


class RunSettings(Record):
    """All that determines a run.

    Attributes:
        name: The run's name; None: the label and a hash of all that determines its data, so that another
            configuration is another run.
        label: First part of the name, where none is given.
        workspace: Folder of the store, the images and the runs.
        blobs: Where images are kept; None: ``blobs/`` in the workspace. A folder or an fsspec URL. The same for all
            runs of a workspace, which share what is paid.
        seed: Determines the plan. Providers have a ``seed`` option of their own.
        samples: How many single edits are planned.
        accepted: Instead of ``samples``: go on until so many are accepted.
        max_tasks: With ``accepted``: plan no more than this; None: four times ``accepted``.
        per_photo: Most edits planned on one photo, each of another type.
        edit_types: Slugs to use; None: all of the taxonomy that the editor can do.
        mix: How often each type is planned: ``published``, ``uniform``, or weights by slug.
        source: Where photos come from.
        photos: Which of them are used.
        tagger: Tags photos that come without tags; None: such photos get no type that needs a tag.
        taxonomy: The edit types.
        rubric: What the judge is asked and what its scores decide.
        instructors: Who writes.
        editor: Who edits.
        judge: Who judges.
        attempts: How often a turn is tried.
        chains: Multi-turn data.
        regions: Edits of an object that the photo's boxes show.
        checks: Free tests of an edit before the judge is paid.
        mode: ``batch``: providers that can are asked through their vendors' batches, slower and cheaper.
        batch: How batches are made.
        limits: How many calls may be under way.
        budget: What the run may spend.
        prices: Prices by model name; they come before the plugins' own.
    """

    name: RunName | None = None
    label: str = Field(default="run", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$")
    workspace: Path = Path("picofw-data")
    blobs: str | None = None
    seed: int = Field(default=0, ge=0)
    samples: int | None = Field(default=None, ge=1)
    accepted: int | None = Field(default=None, ge=1)
    max_tasks: int | None = Field(default=None, ge=1)
    per_photo: int = Field(default=4, ge=1)
    edit_types: tuple[str, ...] | None = None
    mix: Literal["published", "uniform"] | dict[str, float] = "published"
    source: Choice
    photos: PhotoSettings = PhotoSettings()
    tagger: Choice | None = None
    taxonomy: Taxonomy
    rubric: Rubric
    instructors: Instructors
    editor: Choice
    judge: Choice
    attempts: AttemptSettings = AttemptSettings()
    chains: ChainSettings = ChainSettings()
    regions: RegionSettings = RegionSettings()
    checks: CheckSettings = CheckSettings()
    mode: Literal["live", "batch"] = "live"
    batch: BatchSettings = BatchSettings()
    limits: Limits = Limits()
    budget: BudgetSettings = BudgetSettings()
    prices: dict[str, Price] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_size(self) -> RunSettings:
        if (self.samples is None) == (self.accepted is None):
            raise ValueError(
                "give either samples=N (plan N edits) or accepted=N (go on until N are accepted); "
                f"found samples={self.samples}, accepted={self.accepted}"
            )
        if self.max_tasks is not None and self.accepted is None:
            raise ValueError("max_tasks goes with accepted=N; with samples=N the plan has N tasks")
        return self

    @property
    def planned(self) -> int:
        """How many single edits the plan holds at most."""
        if self.samples is not None:
            return self.samples
        assert self.accepted is not None
        return self.max_tasks or 4 * self.accepted

    def choices(self) -> dict[str, tuple[Literal["instructor", "editor", "judge", "tagger"], Choice]]:
        """Return the providers by the key that configures them."""
        slots: dict[str, tuple[Literal["instructor", "editor", "judge", "tagger"], Choice]] = {
            "instructors.long": ("instructor", self.instructors.long),
            "instructors.short": ("instructor", self.instructors.short),
            "instructors.followup": ("instructor", self.instructors.followup),
            "editor": ("editor", self.editor),
            "judge": ("judge", self.judge),
        }
        return slots | ({"tagger": ("tagger", self.tagger)} if self.tagger else {})


# These change how a run goes, never what data it makes.
_OPERATIONAL = {"name", "label", "workspace", "blobs", "mode", "batch", "limits", "budget", "prices"}
Flat = dict[str, Any]


def data_settings(settings: RunSettings, operational: Mapping[str, set[str]]) -> Flat:
    """Return all settings that determine the data, by dotted key.

    Args:
        settings: The run's settings.
        operational: By slot: names of options that change only how calls are made.
    """
    tree = settings.model_dump(mode="json", exclude=_OPERATIONAL)
    for slot, names in operational.items():
        node = tree
        for part in slot.split("."):
            node = node[part]
        for name in names:
            node.pop(name, None)
    return flatten(tree)


def flatten(value: Any, prefix: str = "") -> Flat:
    """Return a tree of settings by dotted key.

    Args:
        value: The tree.
        prefix: Key under which it stands.
    """
    if not isinstance(value, dict) or not value:
        return {prefix: value}
    flat: Flat = {}
    for key, child in value.items():
        flat |= flatten(child, f"{prefix}.{key}" if prefix else str(key))
    return flat


def tree_of(flat: Flat) -> dict[str, Any]:
    """Return settings as a tree again.

    Args:
        flat: What :func:`flatten` returned.
    """
    tree: dict[str, Any] = {}
    for key, value in flat.items():
        *path, last = key.split(".")
        node = tree
        for part in path:
            node = node.setdefault(part, {})
        node[last] = value
    return tree


def auto_name(settings: RunSettings, data: Flat) -> str:
    """Return the run's name: the one given, or its label and a hash of its data settings.

    Args:
        settings: The run's settings.
        data: What :func:`data_settings` returned.
    """
    if settings.name:
        return settings.name
    text = json.dumps(data, sort_keys=True)
    return f"{settings.label}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def changes(before: Flat, after: Flat) -> list[str]:
    """Return one line for each setting that differs.

    Args:
        before: Data settings of a run.
        after: Data settings asked for now.
    """
    missing = object()

    def show(value: Any) -> str:
        return "(unset)" if value is missing else json.dumps(value)

    return [
        f"{key}: {show(before.get(key, missing))} -> {show(after.get(key, missing))}"
        for key in sorted(before.keys() | after.keys())
        if before.get(key, missing) != after.get(key, missing)
    ]


def validate_options(model: type[BaseModel], values: dict[str, Any], where: str) -> Any:
    """Validate the options of a provider against the class it declares.

    Args:
        model: The class of its options.
        values: Options as configured.
        where: The config key they stand under, for messages.

    Raises:
        ConfigError: An option is unknown or its value is not allowed.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise ConfigError(explain(error, model, where)) from error


def explain(error: ValidationError, model: type[BaseModel], where: str = "") -> str:
    """Return one line for each thing that is wrong: its key, what was found, what is allowed.

    Args:
        error: What pydantic found.
        model: The class that it validated.
        where: Prefix of the keys.
    """
    lines = []
    for item in error.errors(include_url=False):
        key = ".".join(str(part) for part in (where, *item["loc"]) if part != "")
        message = item["msg"].removeprefix("Value error, ")
        if item["type"] == "extra_forbidden":
            message = f"unknown key; {near(str(item['loc'][-1]), _keys_at(model, item['loc'][:-1]))}"
        elif item["type"] != "missing" and not isinstance(item["input"], dict | list | BaseModel):
            message += f" (found {item['input']!r})"
        lines.append(f"{key}: {message}" if key else message)
    return "\n".join(lines)


def near(given: str, allowed: Iterable[str]) -> str:
    """Return what there is to choose from, and the name that was probably meant.

    Args:
        given: What was given.
        allowed: What is allowed.
    """
    names = list(allowed)
    close = difflib.get_close_matches(given, names, n=1)
    return f"there is: {', '.join(names) or 'none'}" + (f" (did you mean {close[0]!r}?)" if close else "")


def _keys_at(model: type[BaseModel], path: Iterable[int | str]) -> list[str]:
    """Return the keys that are allowed at a path of nested settings; a dict's own keys lead nowhere deeper."""
    for part in path:
        field = model.model_fields.get(str(part))
        model = next(nested_models(field.annotation), model) if field else model
    return list(model.model_fields)


def nested_models(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the classes of settings that a field's annotation names, however deep: ``dict[str, X] | None``.

    Args:
        annotation: A field's annotation.
    """
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from nested_models(inner)
