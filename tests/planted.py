"""Runs whose truth is known: edits of planted quality, and judges of planted noise and bias."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path

import numpy as np

from picofw.records import Attempt, CallRef, Sample, Turn, Verdict
from picofw.rubric import Rubric
from picofw.store import VerdictRow
from picofw.testing.dataset import CRITERIA, settings
from picofw.types import ImageRef, Photo
from picofw.workspace import Workspace

TYPES = ("color_tone", "season", "zoom_in", "sticker", "add_object")
USD = Decimal("0.01")
"""What each call costs."""


async def plant(
    root: Path,
    run: str,
    attempts: int,
    noises: Sequence[float],
    biases: Sequence[float] | None = None,
    seed: int = 0,
    rubric: Rubric | None = None,
) -> np.ndarray:
    """Make a run of about so many judged edits, and return their true scores, shape (edits, criteria).

    The first judge is the run's own and decides which attempts are made, by ``rubric``; the others judge all of them.
    Four edits of each photo, three attempts each at most. What a judge says is the truth, its bias and its noise.
    """
    random = np.random.default_rng(seed)
    kept = settings() | {"name": run}
    rubric = rubric or Rubric.model_validate(kept["rubric"])
    kept["rubric"] = rubric.model_dump(mode="json")
    samples, truths = _samples(random, attempts, noises[0], rubric)
    workspace = Workspace(root)
    with workspace.lock(run):  # makes its folder
        await workspace.register(run, kept)
    await workspace.store.add_finished(run, samples)
    edits = [f"{s.id}.1.{a.number}" for s in samples for a in s.turns[0].attempts]
    for number, noise in enumerate(noises[1:], 1):
        bias = biases[number] if biases else 0.0
        said = np.clip(truths + bias + random.normal(0, noise, truths.shape), 0, 1).round(3)
        rows = iter(_verdicts(edits, f"judge{number}", said))
        while some := list(itertools.islice(rows, 2000)):
            await asyncio.gather(*(workspace.store.add_verdict(run, row) for row in some))
    await workspace.aclose()
    return truths


def _verdicts(edits: Sequence[str], judge: str, said: np.ndarray) -> Iterator[VerdictRow]:
    for edit, scores in zip(edits, said.tolist(), strict=True):
        by = dict(zip(CRITERIA, scores, strict=True))
        yield VerdictRow(edit, judge, _name(judge, edit), "ok", by, "", "2026-01-01", cost=10**10)


def _samples(
    random: np.random.Generator, attempts: int, noise: float, rubric: Rubric
) -> tuple[list[Sample], np.ndarray]:
    samples: list[Sample] = []
    truths: list[np.ndarray] = []
    while len(truths) < attempts:
        number = len(samples)
        if number % 4 == 0:
            photo, ease = f"photo{number // 4}", random.normal(0, 0.08)
        made: list[Attempt] = []
        while len(made) < 3 and not (made and made[-1].outcome == "accepted"):
            truth = np.clip(random.normal(0.7 + ease, 0.15, len(CRITERIA)), 0.02, 0.98)
            said = np.clip(truth + random.normal(0, noise, len(CRITERIA)), 0, 1).round(3).tolist()
            truths.append(truth)
            made.append(_attempt(f"{number}", len(made) + 1, dict(zip(CRITERIA, said, strict=True)), rubric))
        samples.append(_sample(number, photo, made))
    return samples, np.array(truths)


def _attempt(turn: str, number: int, scores: dict[str, float], rubric: Rubric) -> Attempt:
    decision = rubric.decide(scores)
    verdict = Verdict(
        call=_call("own", f"judge {turn} {number}"),
        scores=scores,
        rationale="",
        score=decision.score,
        accepted=decision.accepted,
        failed=decision.failed,
    )
    outcome = "accepted" if decision.accepted else "rejected"
    image = _image(f"{turn} {number}")
    return Attempt(
        number=number, outcome=outcome, edit=_call("editor", f"edit {turn} {number}"), image=image, verdict=verdict
    )


def _sample(number: int, photo: str, made: Sequence[Attempt]) -> Sample:
    turn = Turn(
        edit_type=TYPES[number % len(TYPES)],
        input=_image(photo),
        instruction=f"edit {number}",
        short="edit",
        instruct=(_call("instructor", f"long {number}"), _call("instructor", f"short {number}")),
        attempts=tuple(made),
    )
    return Sample(
        id=_name("sample", str(number))[:20],
        kind="single",
        position=number,
        photo=Photo(id=photo, uri=f"file:///{photo}.jpg"),
        outcome="accepted" if turn.accepted else "discarded",
        turns=(turn,),
    )


def _call(provider: str, what: str) -> CallRef:
    return CallRef(digest=_name(provider, what), provider=provider, model="m", options="o", seed=0, cost_usd=USD)


def _image(what: str) -> ImageRef:
    return ImageRef(sha256=_name("image", what), media_type="image/png", width=64, height=48)


def _name(*what: str) -> str:
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()
