"""Edits whose true quality is known, judges and people with planted noise, bias, weights and threshold."""

from __future__ import annotations

import math

import numpy as np

from picofw.ablate.table import Panel, Table
from picofw.calibrate.people import Pairs, People
from picofw.rubric import Rubric

CRITERIA = ("following", "seams", "rest")
WEIGHTS = (0.5, 0.3, 0.2)


def rubric(threshold: float = 0.7, aggregation: str = "weighted_mean", floor: float = 0.0) -> Rubric:
    entries = {n: {"question": "?", "weight": w, "floor": floor} for n, w in zip(CRITERIA, WEIGHTS, strict=True)}
    return Rubric.model_validate({"name": "r", "criteria": entries, "threshold": threshold, "aggregation": aggregation})


class Planted:
    """A table to be; everything is drawn from one seed.

    Attributes:
        quality: True quality by criterion, shape (edits, criteria).
    """

    def __init__(self, edits: int = 400, per_photo: int = 4, types: int = 4, seed: int = 0) -> None:
        self.random = np.random.default_rng(seed)
        self.quality = self.random.uniform(0.1, 0.9, (edits, len(CRITERIA)))
        self.photos = np.arange(edits) // per_photo
        self.types = np.array([f"type{number % types}" for number in range(edits)])
        self.judges: dict[str, np.ndarray] = {}
        self.scores: dict[str, np.ndarray] = {}
        self.decisions: dict[str, np.ndarray] = {}
        self.pairs = Pairs((), np.empty(0, int), np.empty(0, int), np.empty((0, 0)))

    def judge(self, name: str, noise: float = 0.0, bias: float = 0.0) -> Planted:
        noisy = self.quality + bias + self.random.normal(0, noise or 1e-12, self.quality.shape)
        self.judges[name] = np.clip(noisy, 0, 1)
        return self

    def person(
        self,
        name: str,
        threshold: float | np.ndarray = 0.5,
        weights: tuple[float, ...] = WEIGHTS,
        steepness: float = 20,
        noise: float = 0.05,
    ) -> Planted:
        """Accepts with a chance of one in two where the true quality is at the threshold."""
        score = self.quality @ np.array(weights)
        chance = 1 / (1 + np.exp(-steepness * (score - threshold)))
        self.decisions[name] = (self.random.random(len(score)) < chance).astype(float)
        self.scores[name] = np.clip(self.quality + self.random.normal(0, noise, self.quality.shape), 0, 1)
        return self

    def chooses(self, name: str, weights: tuple[float, ...] = WEIGHTS, steepness: float = 20) -> Planted:
        """Prefers one of each two neighbours, by the true quality."""
        left = np.arange(0, len(self.quality) - 1, 2)
        score = self.quality @ np.array(weights)
        chance = 1 / (1 + np.exp(-steepness * (score[left] - score[left + 1])))
        choice = np.where(self.random.random(len(left)) < chance, 1.0, -1.0)
        self.pairs = Pairs((name,), left, left + 1, choice[:, None])
        return self

    @property
    def table(self) -> Table:
        count = len(self.quality)
        rows = np.arange(count)
        return Table(
            runs=("r",),
            criteria=CRITERIA,
            attempts=1,
            ids=np.array([f"e{row}" for row in rows]),
            photos=self.photos,
            turns=rows // 2,
            numbers=np.ones(count, dtype=np.intp),
            paid=np.zeros(count),
            judges=_panel(self.judges, count),
            judge_usd=np.zeros((count, len(self.judges))),
            people=_panel(self.scores, count),
            turn_types=self.types[::2],
            turn_paid=np.zeros(len(rows[::2])),
            turn_made=np.ones(len(rows[::2]), dtype=np.intp),
            turn_closed=np.ones(len(rows[::2]), dtype=bool),
        )

    @property
    def people(self) -> People:
        count = len(self.quality)
        decisions = np.stack(list(self.decisions.values()), axis=1) if self.decisions else np.empty((count, 0))
        return People(tuple(self.scores), _stacked(self.scores, count), decisions, self.pairs, skipped=0)


def _panel(scores: dict[str, np.ndarray], count: int) -> Panel:
    stacked = _stacked(scores, count)
    return Panel(tuple(scores), stacked, asked=~np.isnan(stacked).all(axis=2))


def _stacked(scores: dict[str, np.ndarray], count: int) -> np.ndarray:
    return np.stack(list(scores.values()), axis=1) if scores else np.empty((count, 0, len(CRITERIA)))


def holds(estimate: dict, value: float) -> bool:
    """Whether the interval has the value in it."""
    return estimate["low"] <= value <= estimate["high"]


def no_nan(value) -> bool:
    """Whether there is a number wherever there is one, and a reason wherever there is none."""
    if isinstance(value, dict):
        if value.keys() >= {"value", "reason"} and value["value"] is None and not value["reason"]:
            return False
        return all(no_nan(one) for one in value.values())
    if isinstance(value, list):
        return all(no_nan(one) for one in value)
    return not (isinstance(value, float) and not math.isfinite(value))
