"""What the contract tests give to a provider: real photos in memory, and requests about them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from picofw.errors import DamagedImage
from picofw.pixels import inspect
from picofw.slots import REQUESTS
from picofw.types import Criterion, EditType, ImageRef, Request, Role

__all__ = ["MemoryImages", "bundled_photo"]

_PHOTOS = Path(__file__).parents[1] / "sources" / "photos"
EDIT_TYPE = EditType(
    slug="color_tone",
    label="Change overall color tone (warm ↔ cool)",
    category="Pixel & Photometric",
    guidance="Ask for a warmer or cooler tone of the whole photo.",
)
CRITERIA = (
    Criterion(name="instruction_compliance", question="Is the change made, visible, and as meant?"),
    Criterion(name="preservation", question="Is all that was not to be changed as it was?"),
)


class MemoryImages:
    """Images that are kept in memory; each is named by its hash, as in a workspace."""

    def __init__(self) -> None:
        self._data: dict[str, bytes] = {}

    def add(self, data: bytes) -> ImageRef:
        """Keep an image and return what requests call it.

        Args:
            data: Any bytes.
        """
        sha256, found = hashlib.sha256(data).hexdigest(), inspect(data)
        self._data[sha256] = data
        return ImageRef(sha256=sha256, media_type=found.media_type, width=found.width, height=found.height)

    async def read(self, image: ImageRef) -> bytes:
        """Return an image's bytes.

        Args:
            image: What :meth:`add` returned.

        Raises:
            DamagedImage: It was never added.
        """
        try:
            return self._data[image.sha256]
        except KeyError as error:
            raise DamagedImage(f"no image {image.sha256} was added") from error


class LostImages(MemoryImages):
    """A workspace whose images are all damaged."""

    async def read(self, image: ImageRef) -> bytes:
        """Fail.

        Args:
            image: Any image.

        Raises:
            DamagedImage: Always.
        """
        raise DamagedImage(f"the image {image.sha256} is damaged")


def bundled_photo(name: str) -> bytes:
    """Return one of the photos that ship with picofw.

    Args:
        name: Without extension: ``cat``, ``coffee``, ``astronaut`` ...
    """
    return (_PHOTOS / f"{name}.jpg").read_bytes()


def make_request(role: Role, before: ImageRef, after: ImageRef, edit_type: EditType, **changes: Any) -> Request:
    """Return a plausible request to a provider of a role.

    Args:
        role: What the provider does.
        before: The photo that the request is about.
        after: For a judge: the edited photo.
        edit_type: What is asked for.
        **changes: Other values for some fields.
    """
    instruction = "Make the whole photo a little warmer, as in the late afternoon."
    values: dict[Role, dict[str, Any]] = {
        "instructor": {"kind": "long", "image": before, "edit_type": edit_type},
        "editor": {"image": before, "instruction": instruction, "edit_type": edit_type, "attempt": 1},
        "judge": {
            "before": before,
            "after": after,
            "instruction": instruction,
            "edit_type": edit_type,
            "criteria": CRITERIA,
        },
        "tagger": {"image": before, "tags": ("person", "text")},
    }
    return REQUESTS[role](**{"seed": 7, **values[role], **changes})
