"""What a provider is asked in tests: real images, and one request of each kind."""

from __future__ import annotations

import hashlib
import io

from PIL import Image, ImageDraw

from picofw.errors import DamagedImage, ProviderError
from picofw.providers import Editor, Instructor, Judge, Provider
from picofw.types import (
    Criterion,
    EditRequest,
    EditType,
    ImageRef,
    InstructRequest,
    JudgeRequest,
    PastTurn,
    Request,
    Result,
)

SEASON = EditType(
    slug="season", label="Seasonal transformation", category="Scene", guidance="Name the season and its signs."
)
WIDER = EditType(slug="outpainting", label="Outpainting", category="Scene", keeps_frame=False)
CRITERIA = (
    Criterion(name="instruction_compliance", question="Was the requested change made?"),
    Criterion(name="seamlessness", question="Does it look natural?"),
)


class MemoryImages:
    """Images in memory; what the store is to a provider."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def keep(self, data: bytes) -> ImageRef:
        """Keep an image and return what refers to it.

        Args:
            data: The image.
        """
        name = hashlib.sha256(data).hexdigest()
        self._kept[name] = data
        with Image.open(io.BytesIO(data)) as image:
            kind = Image.MIME[image.format or ""]
            return ImageRef(sha256=name, media_type=kind, width=image.width, height=image.height)

    async def read(self, image: ImageRef) -> bytes:
        """Return an image's bytes.

        Args:
            image: The image.
        """
        if image.sha256 not in self._kept:
            raise DamagedImage(image.sha256)
        return self._kept[image.sha256]


def photo(width: int = 96, height: int = 72, image_format: str = "PNG", text: str = "", hue: int = 0) -> bytes:
    """Return a small image.

    Args:
        width: Pixels.
        height: Pixels.
        image_format: Any that Pillow writes.
        text: Words in the picture.
        hue: 0-255; another one makes another picture.
    """
    image = Image.linear_gradient("L").resize((width, height)).convert("RGB")
    draw = ImageDraw.Draw(image)
    draw.ellipse((width // 4, height // 4, width // 2, height // 2), fill=(hue, 80, 160))
    draw.text((4, 4), text, fill=(255, 255, 255))
    out = io.BytesIO()
    image.save(out, image_format)
    return out.getvalue()


def instruct_request(image: ImageRef, kind: str = "long", **fields: object) -> InstructRequest:
    """Return a request for an instruction.

    Args:
        image: The image.
        kind: ``long``, ``short`` or ``followup``.
        **fields: Other fields than the usual ones.
    """
    usual: dict[str, object] = {"seed": 7, "kind": kind, "image": image, "edit_type": SEASON}
    if kind == "short":
        usual["long_instruction"] = "Turn the meadow into a snowy winter landscape under a pale sky."
    if kind == "followup":
        usual["history"] = (PastTurn(edit_type="season", instruction="Turn the meadow white with snow."),)
    return InstructRequest.model_validate(usual | fields)


def edit_request(image: ImageRef, **fields: object) -> EditRequest:
    """Return a request for an edit.

    Args:
        image: The image.
        **fields: Other fields than the usual ones.
    """
    usual = {"seed": 7, "image": image, "instruction": "Make it winter.", "edit_type": SEASON, "attempt": 1}
    return EditRequest.model_validate(usual | fields)


def judge_request(before: ImageRef, after: ImageRef, **fields: object) -> JudgeRequest:
    """Return a request for a verdict.

    Args:
        before: The image that was edited.
        after: The edited image.
        **fields: Other fields than the usual ones.
    """
    usual = {
        "seed": 7,
        "before": before,
        "after": after,
        "instruction": "Make it winter.",
        "edit_type": SEASON,
        "criteria": CRITERIA,
    }
    return JudgeRequest.model_validate(usual | fields)


async def answer(provider: Provider, request: Request) -> Result | ProviderError:
    """Return what a provider answers, or the error it raises; anything else it raises is a defect.

    Args:
        provider: An open provider.
        request: A request of its role.
    """
    try:
        if isinstance(provider, Instructor):
            assert isinstance(request, InstructRequest)
            return await provider.instruct(request)
        if isinstance(provider, Editor):
            assert isinstance(request, EditRequest)
            return await provider.edit(request)
        assert isinstance(provider, Judge)
        assert isinstance(request, JudgeRequest)
        return await provider.judge(request)
    except ProviderError as error:
        return error
