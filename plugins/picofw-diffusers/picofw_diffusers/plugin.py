"""What this plugin brings to picofw; importing it imports neither torch nor diffusers."""

from __future__ import annotations

from pathlib import Path

from picofw.hookspecs import ProviderSpec, hookimpl


@hookimpl
def picofw_providers() -> list[ProviderSpec]:
    """Return the editor."""
    return [
        ProviderSpec(
            "editor",
            "diffusers",
            "picofw_diffusers.editor:DiffusersEditor",
            "any instruction-editing pipeline of diffusers, on your own GPU",
        )
    ]


@hookimpl
def picofw_config_dirs() -> list[Path]:
    """Return the folder of this plugin's config groups."""
    return [Path(__file__).resolve().parent / "conf"]
