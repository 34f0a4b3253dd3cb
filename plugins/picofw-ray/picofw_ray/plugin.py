"""What this plugin brings to picofw; importing it does not import Ray."""

from __future__ import annotations

from pathlib import Path

from picofw.hookspecs import ProviderSpec, hookimpl

_WHAT = "on the machines of a Ray cluster"


@hookimpl
def picofw_providers() -> list[ProviderSpec]:
    """Return the pools."""
    return [
        ProviderSpec("editor", "ray", "picofw_ray.providers:RayEditor", f"another editor, {_WHAT}"),
        ProviderSpec("judge", "ray", "picofw_ray.providers:RayJudge", f"another judge, {_WHAT}"),
        ProviderSpec("instructor", "ray", "picofw_ray.providers:RayInstructor", f"another instructor, {_WHAT}"),
    ]


@hookimpl
def picofw_config_dirs() -> list[Path]:
    """Return the folder of this plugin's config groups."""
    return [Path(__file__).resolve().parent / "conf"]
