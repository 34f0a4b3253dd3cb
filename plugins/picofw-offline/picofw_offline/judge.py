"""The offline judge: measures whether an edit did what its instruction says, and left the rest alone."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from typing import Any, ClassVar

from picofw.errors import Fatal, Refused
from picofw.providers import Capabilities, Judge, Options
from picofw.types import JudgeRequest, JudgeResult
from picofw_offline.grammar import Ask, parse
from picofw_offline.options import MODEL, OfflineOptions
from picofw_offline.perception import Picture, look
from picofw_offline.signals.case import Case
from picofw_offline.signals.compliance import VERIFIERS
from picofw_offline.signals.measure import Measure, ramp, weakest
from picofw_offline.signals.preservation import kept_area, preservation
from picofw_offline.signals.seams import seamlessness
from picofw_offline.signals.technical import technical

CRITERIA = ("instruction_compliance", "seamlessness", "preservation_balance", "technical_quality")
"""What this judge can be asked."""

_DRAWN = frozenset({"artistic_style", "cartoon_sketch", "western_comic", "line_art", "sticker"})
_GRAINY = frozenset({"film_grain", "historical_style"})
_GRAINY_WEATHER = frozenset({"rain", "snow"})


class OfflineJudge(Judge):
    """Measures pixels; what was asked is read from the instruction's text alone.

    Each criterion is decided by its weakest measure. It understands the offline grammar only, and is no substitute
    for a judge that sees what people see: an edit can measure well and look odd.
    """

    Options: ClassVar[type[Options]] = OfflineOptions
    capabilities = Capabilities(edit_types=frozenset(VERIFIERS), concurrency=os.cpu_count() or 1, deterministic=True)

    @property
    def model(self) -> str:
        """The name of the measurements; they have no versions but the option ``revision``."""
        return MODEL

    @property
    def family(self) -> str:
        """None: nothing here was learned."""
        return ""

    async def judge(self, request: JudgeRequest) -> JudgeResult:
        """Measure one edit.

        Args:
            request: The images, an instruction of the offline grammar, and any of :data:`CRITERIA`.

        Raises:
            Refused: The instruction is not of the grammar, speaks of what cannot be found in the photo, or an image
                cannot be decoded.
            Fatal: The rubric asks a criterion that this judge does not know.
        """
        asked = [criterion.name for criterion in request.criteria]
        if unknown := [name for name in asked if name not in CRITERIA]:
            raise Fatal(
                f"the offline judge cannot measure {', '.join(unknown)}; it measures {', '.join(CRITERIA)}: "
                "choose a rubric of these, or another judge"
            )
        ask = parse(request.instruction)
        if ask is None:
            raise Refused("the offline judge understands only instructions of the offline grammar")
        before, after = await self.images.read(request.before), await self.images.read(request.after)

        def work() -> dict[str, list[Measure]]:
            return assess(ask, look(request.before.sha256, before), look(request.after.sha256, after))

        measures = await asyncio.to_thread(work)
        return JudgeResult(
            scores={name: round(weakest(measures[name]).score, 4) for name in asked},
            rationale=rationale({name: measures[name] for name in asked}),
            model=MODEL,
            raw={"measures": {name: [_plain(m) for m in measures[name]] for name in asked}},
        )


def assess(ask: Ask, before: Picture, after: Picture) -> dict[str, list[Measure]]:
    """Return the measures of each criterion, of which the weakest is its score.

    Args:
        ask: What the instruction asks for.
        before: The photo.
        after: The edit.

    Raises:
        Refused: The photo lacks what the instruction speaks of.
    """
    case = Case(ask, before, after)
    compliance = VERIFIERS[ask.edit_type](case)
    kept = preservation(case)
    held = weakest(kept).score
    # An edit that destroys what it had to leave alone was not made as asked, whatever else it did.
    compliance.append(Measure("preservation", held, ramp(held, 0.0, 0.4)))
    grainy = ask.edit_type in _GRAINY or ask.to in _GRAINY_WEATHER
    quality = technical(
        case.old, case.new, case.delivered, kept_area(case), drawn=ask.edit_type in _DRAWN, grainy=grainy
    )
    seams = seamlessness(case, weakest(quality).score)
    return dict(zip(CRITERIA, (compliance, seams, kept, quality), strict=True))


def rationale(measures: Mapping[str, list[Measure]]) -> str:
    """Return two plain sentences with the figures that decided.

    Args:
        measures: Of each criterion.
    """
    decided = {name: weakest(found) for name, found in measures.items()}
    parts = [f"{name.replace('_', ' ')} {m.score:.2f} ({m})" for name, m in decided.items()]
    worst = min(decided.items(), key=lambda item: item[1].score)
    verdict = (
        "Nothing measured speaks against the edit."
        if worst[1].score >= 0.7
        else f"Its weakest side is {worst[0].replace('_', ' ')}: {worst[1]}."
    )
    return f"Measured: {', '.join(parts)}. {verdict}"


def _plain(found: Measure) -> dict[str, Any]:
    return {"name": found.name, "value": round(found.value, 4), "score": round(found.score, 4)}
