"""Options that the offline instructor and editor share."""

from __future__ import annotations

from typing import Literal

from picofw.providers import Options

MODEL = "offline"
"""What the offline providers call themselves, and what their price (nothing) is looked up by."""


class OfflineOptions(Options):
    """Options of an offline provider."""

    revision: Literal[1] = 1
    """Of the algorithms and wordings. It enters the digest: a stored answer of another revision is not used again."""
