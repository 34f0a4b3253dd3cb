"""The offline instructor: looks at the photo, finds asks that fit, and words one of them."""

from __future__ import annotations

import asyncio
import os
from dataclasses import asdict, replace
from typing import Any, ClassVar

import numpy as np

from picofw.errors import Refused
from picofw.providers import Capabilities, Instructor, Options
from picofw.types import InstructRequest, InstructResult
from picofw_offline.grammar import Ask, Scene, parse, render_followup, render_long, render_short
from picofw_offline.options import MODEL, OfflineOptions
from picofw_offline.perception import Picture, look_at_photo
from picofw_offline.proposals import PROPOSALS
from picofw_offline.standout import stands_out
from picofw_offline.state import state_of
from picofw_offline.wording import LIGHTS


class OfflineInstructor(Instructor):
    """Words instructions that the offline editor and judge understand, grounded in what it measures in the photo."""

    Options: ClassVar[type[Options]] = OfflineOptions
    capabilities = Capabilities(edit_types=frozenset(PROPOSALS), concurrency=os.cpu_count() or 1, deterministic=True)

    @property
    def model(self) -> str:
        """The name of the rules; they have no versions but the option ``revision``."""
        return MODEL

    async def instruct(self, request: InstructRequest) -> InstructResult:
        """Word one instruction; the seed chooses what is asked for and how.

        Args:
            request: What to write about. A short instruction needs a long one of this grammar.

        Raises:
            Refused: The edit type is not offered, nothing of it fits the photo, or the long instruction is not of
                this grammar.
        """
        if request.kind == "short":
            return self._shorten(request)
        if request.edit_type.slug not in PROPOSALS:
            raise Refused(f"the offline instructor does not offer {request.edit_type.slug}")
        data = await self.images.read(request.image)
        return await asyncio.to_thread(_instruct, request, data)

    def _shorten(self, request: InstructRequest) -> InstructResult:
        ask = parse(request.long_instruction)
        if ask is None:
            raise Refused("the long instruction is not of the offline grammar, so that it cannot be shortened")
        rng = np.random.default_rng([request.seed, request.repeat])
        brief = replace(ask, place="") if ask.target in ("subject", "person") and rng.random() < 0.7 else ask
        seed = int(rng.integers(2**31))
        return InstructResult(text=render_short(brief, seed), model=MODEL, raw={"ask": _plain(brief)})


def _instruct(request: InstructRequest, data: bytes) -> InstructResult:
    picture = look_at_photo(request.image.sha256, data)
    asks = PROPOSALS[request.edit_type.slug](picture)
    rng = np.random.default_rng([request.seed, request.repeat])
    ask = asks[int(rng.integers(len(asks)))]
    seed = int(rng.integers(2**31))
    if request.kind == "long":
        return InstructResult(
            text=render_long(ask, scene_of(picture), seed),
            state=state_of(ask),
            model=MODEL,
            raw={"ask": _plain(ask), "choices": len(asks)},
        )
    found = ask
    last = parse(request.history[-1].instruction) if request.history else None
    if ask.target == "subject" and last is not None and last.target == "subject":
        ask = replace(ask, colour="", place="")  # spoken of just now: "it" will do
    text, refers_to = render_followup(ask, [turn.edit_type for turn in request.history], seed)
    return InstructResult(
        text=text, state=state_of(found, refers_to), model=MODEL, raw={"ask": _plain(ask), "choices": len(asks)}
    )


def scene_of(picture: Picture) -> Scene:
    """Return what a long instruction may say about a photo.

    Args:
        picture: The photo.
    """
    light = float(np.median(picture.lab[::3, ::3, 0]))
    standout = stands_out(picture)
    clear = standout is not None and standout.crisp
    return Scene(
        light=LIGHTS[int(np.searchsorted([20, 38, 68], light))],
        tones=tuple(name for name, share in picture.shares[:2] if share > 0.08) or (picture.shares[0][0],),
        subject=standout.colour if standout is not None and clear else "",
        place=standout.place if standout is not None and clear else "",
        people=bool(picture.faces),
    )


def _plain(ask: Ask) -> dict[str, Any]:
    return {name: value for name, value in asdict(ask).items() if value not in ("", 1.0)}
