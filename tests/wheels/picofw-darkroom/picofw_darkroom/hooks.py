"""What picofw asks when it starts."""

from decimal import Decimal
from pathlib import Path

from picofw.cost import Price
from picofw.hookspecs import ProviderSpec, hookimpl


@hookimpl
def picofw_providers() -> list[ProviderSpec]:
    return [ProviderSpec("editor", "darkroom", "picofw_darkroom.editor:Darkroom", "Develops photos at Darkroom")]


@hookimpl
def picofw_config_dirs() -> list[Path]:
    return [Path(__file__).parent / "conf"]


@hookimpl
def picofw_prices() -> dict[str, Price]:
    return {"silver-2": Price(images=Decimal("0.03"), source="https://darkroom.example/prices", date="2026-11-01")}
