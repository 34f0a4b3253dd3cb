"""What this plugin offers. Imports nothing heavy: a provider's module is imported when it is chosen."""

from __future__ import annotations

from pathlib import Path

from picofw.cost import FREE, Price
from picofw.hookspecs import ProviderSpec, hookimpl

_SPECS = [
    ProviderSpec(
        "instructor",
        "offline",
        "picofw_offline.instructor:OfflineInstructor",
        "Looks at the photo and words instructions from a grammar; free, deterministic",
    ),
    ProviderSpec(
        "editor",
        "offline",
        "picofw_offline.editor:OfflineEditor",
        "Edits by image processing and small models; only types it does well",
    ),
    ProviderSpec(
        "judge",
        "offline",
        "picofw_offline.judge:OfflineJudge",
        "Measures an edit against its instruction; understands this plugin's grammar only",
    ),
    ProviderSpec(
        "tagger",
        "offline",
        "picofw_offline.tagger:OfflineTagger",
        "Finds people (by their faces) and readable text",
    ),
]


@hookimpl
def picofw_providers() -> list[ProviderSpec]:
    """Return the four offline providers."""
    return _SPECS


@hookimpl
def picofw_config_dirs() -> list[Path]:
    """Return the config groups instructor, editor, judge and tagger, each with an ``offline``."""
    return [Path(__file__).parent / "conf"]


@hookimpl
def picofw_prices() -> dict[str, Price]:
    """Return the price of the model ``offline``: nothing."""
    return {"offline": FREE}
