"""Hooks that a plugin implements. Each is synchronous and cheap: nothing heavy is imported to answer it.

A plugin names a module in its entry points::

    [project.entry-points.picofw]
    acme = "picofw_acme.plugin"

and that module has::

    from picofw.hookspecs import ProviderSpec, hookimpl

    @hookimpl
    def picofw_providers() -> list[ProviderSpec]:
        return [ProviderSpec("editor", "acme", "picofw_acme.editor:Acme", "Acme's hosted editor")]
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pluggy

from picofw.cost import Price
from picofw.records import Attempt, Sample
from picofw.types import EditType, Photo

__all__ = [
    "KINDS",
    "Kind",
    "ProviderSpec",
    "hookimpl",
    "picofw_attempt_finished",
    "picofw_check_edit",
    "picofw_config_dirs",
    "picofw_keep_photo",
    "picofw_prices",
    "picofw_providers",
    "picofw_run_finished",
    "picofw_run_started",
    "picofw_sample_finished",
]

hookspec = pluggy.HookspecMarker("picofw")
hookimpl = pluggy.HookimplMarker("picofw")
"""Marks a plugin's function as the hook of its name; it may take fewer arguments than the hook has."""

Kind = Literal["instructor", "editor", "judge", "tagger", "source", "exporter"]
"""Which interface a provider implements."""
KINDS: tuple[Kind, ...] = ("instructor", "editor", "judge", "tagger", "source", "exporter")
"""All kinds, in the order they are listed."""
SCREENS = ("picofw_keep_photo", "picofw_check_edit")
"""The hooks that change what data a run makes: a run goes on only with the same plugins behind them."""


@dataclass(frozen=True)
class ProviderSpec:
    """Says that a provider exists, without importing it.

    Attributes:
        kind: Which interface it implements.
        name: What configs call it; unique for its kind among all plugins.
        target: ``"module:Class"``, imported when the provider is chosen.
        summary: One line for ``picofw plugins``.
    """

    kind: Kind
    name: str
    target: str
    summary: str


@hookspec
def picofw_providers() -> list[ProviderSpec]:  # type: ignore[empty-body]  # pluggy specs have no body
    """Return the providers that this plugin offers."""


@hookspec
def picofw_config_dirs() -> list[Path]:  # type: ignore[empty-body]  # pluggy specs have no body
    """Return folders of Hydra config groups (``editor/acme.yaml``) that join the search path."""


@hookspec
def picofw_prices() -> dict[str, Price]:  # type: ignore[empty-body]  # pluggy specs have no body
    """Return prices by model name, with the date and source of each. A user's own prices come first."""


@hookspec
def picofw_keep_photo(photo: Photo) -> str | None:
    """Return why a photo should be left out of the plan; None to keep it.

    Called in a thread, once for each photo of the source, before anything is paid; photos left out are counted and
    listed as skipped. An exception, any other answer, or none within 5 minutes stops the run, which can be resumed.
    The name and version of a plugin with this hook are part of a run's data settings: raise the version when its
    answers change.

    Args:
        photo: As the source gives it; its ``tags`` are None if only the run's tagger can tell them.
    """


@hookspec
def picofw_check_edit(before: bytes, after: bytes, edit_type: EditType, instruction: str) -> str | None:
    """Return why an edit should not come to the judge; None to let it.

    Called in several threads at once, for each edit that passed the core's own checks; equal arguments must give equal
    answers, since a run that is resumed asks again. An edit with an objection is a ``failed_check``: it is kept,
    never judged, never a preference pair, and the next attempt is made; with ``attempts.feedback`` its editor is
    told the reason. An exception, any other answer, or none within 5 minutes stops the run, which can be resumed
    without paying twice. The name and version of a plugin with this hook are part of a run's data settings: raise
    the version when its answers change.

    Args:
        before: The image that was edited, as it is stored: PNG, JPEG or WebP; it decodes.
        after: The edited image, as it came; it decodes.
        edit_type: The kind of edit.
        instruction: What the editor was asked to do.
    """


@hookspec
def picofw_run_started(run: str, settings: dict[str, Any]) -> None:
    """Observe that a run starts or resumes.

    Observers are told in a thread of their own, one thing after another: a slow one holds no call up. An exception is
    logged and dropped; one that hangs, or is 10,000 reports behind, is told no more.

    Args:
        run: The run's name.
        settings: Its resolved settings, without secrets.
    """


@hookspec
def picofw_attempt_finished(run: str, sample: str, turn: int, edit_type: str, attempt: Attempt) -> None:
    """Observe an attempt the moment its outcome is known; a failing observer is treated as at the start.

    A run that goes on makes the samples that it had not finished again, from stored answers, and tells of their
    attempts again; sample, turn and number name an attempt, so that the last report on it counts.

    Args:
        run: The run's name.
        sample: Id of the sample that it will be part of.
        turn: 1 for the first; a chain's first turn is a single's, and was told of there.
        edit_type: Slug of the edit type.
        attempt: The attempt, with its scores and cost.
    """


@hookspec
def picofw_sample_finished(run: str, sample: Sample) -> None:
    """Observe a finished sample, accepted or not; a failing observer is treated as at the start.

    A run that goes on tells only of what it finishes itself.

    Args:
        run: The run's name.
        sample: The sample, with all its attempts.
    """


@hookspec
def picofw_run_finished(run: str, summary: dict[str, Any]) -> None:
    """Observe that a run ended, for whatever reason; a failing observer is treated as at the start.

    It is the last that is told, and the place to flush and close: the process waits 10 seconds for its observers.

    Args:
        run: The run's name.
        summary: What ``picofw status --json`` prints.
    """
