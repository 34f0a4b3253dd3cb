"""The plan: which edit of which photo, in which order, from a seed. Pure; the same arguments, the same plan.

Nothing here uses a random generator: every draw is a hash of the seed and of what is drawn, so that a draw
does not depend on the order of the input, on what else is in it, or on the version of Python.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from picofw.errors import ConfigError
from picofw.transport import allocate, apportion
from picofw.types import EditType, Region

_LOW_BITS = 1 << 53  # as many as a float holds


@dataclass(frozen=True, slots=True)
class Task:
    """One planned single edit.

    Attributes:
        id: As :func:`task_id` gives it.
        position: Its place in the plan, from 0.
        photo_id: The photo to edit.
        edit_type: Slug of the edit type.
    """

    id: str
    position: int
    photo_id: str
    edit_type: str


@dataclass(frozen=True, slots=True)
class Plan:
    """The single edits of a run.

    Attributes:
        tasks: In order; every prefix is close to the mix that was asked for (see :func:`make_plan`).
        quotas: By slug: how many tasks the mix asks for. They sum to the samples asked for.
        planned: By slug: how many tasks there are.
        shortfall: By slug: how many are missing because no photo is left that the type fits; without the
            types that have all.
    """

    tasks: list[Task]
    quotas: dict[str, int]
    planned: dict[str, int]
    shortfall: dict[str, int]


@dataclass(frozen=True, slots=True)
class ChainTask:
    """One planned chain of edits, which goes on from an accepted single.

    Attributes:
        id: Stable hash of the base and the edit types.
        position: Its place among the chains, from 0.
        base: Id of the single task whose accepted edit is the chain's first turn.
        edit_types: Slugs of all turns; the first is the base's.
    """

    id: str
    position: int
    base: str
    edit_types: tuple[str, ...]


def task_id(photo_id: str, slug: str) -> str:
    """Return a single task's id, 20 hex digits: the same in every run, so that runs share what they paid.

    Args:
        photo_id: The photo to edit.
        slug: The edit type.
    """
    return _hash(photo_id, slug)


def make_plan(
    photos: Iterable[tuple[str, frozenset[str]]],
    types: Sequence[EditType],
    weights: Mapping[str, float],
    samples: int,
    per_photo: int,
    seed: int,
) -> Plan:
    """Assign edit types to photos.

    Every type gets its exact part of the samples (rounded by largest remainder) wherever any assignment can
    give it; else the plan is as large as it can be, types that compete for the same photos run short alike,
    and nothing is given to other types instead. Types are interleaved: where all have their quota, the first k
    tasks hold of a type its share of k, give or take one and the number of types times that share (for the
    published mix, two in practice); so a run that stops early has the mix too.

    Args:
        photos: Id and tags of each photo, in any order.
        types: The edit types; a type is planned only on photos that have all the tags it needs.
        weights: By slug, at least 0 and on any scale; a type without one gets no task.
        samples: How many tasks to plan.
        per_photo: How many tasks a photo may carry, all of different types.
        seed: Another seed gives another plan.

    Raises:
        ConfigError: No type has a weight above 0, or a photo's id appears twice.
    """
    quotas = _quotas(types, weights, samples, seed)
    wanted = [edit_type for edit_type in types if quotas[edit_type.slug]]
    groups = _group(photos, frozenset().union(*(edit_type.needs for edit_type in wanted)), seed)
    tags = sorted(groups, key=sorted)
    used = allocate(
        quotas=[quotas[edit_type.slug] for edit_type in wanted],
        eligible=[[g for g, key in enumerate(tags) if edit_type.needs <= key] for edit_type in wanted],
        sizes=[len(groups[key]) for key in tags],
        per_photo=per_photo,
        offsets=[noise(seed, "spread", edit_type.slug) for edit_type in wanted],
    )
    chosen: dict[str, list[str]] = {edit_type.slug: [] for edit_type in types}
    for g, key in enumerate(tags):
        ring, start = groups[key], 0
        for t, edit_type in enumerate(wanted):
            # Going round the ring, a type meets no photo twice, and loads stay within one of each other.
            end = start + used[t][g]
            chosen[edit_type.slug] += [ring[i % len(ring)] for i in range(start, end)]
            start = end
    planned = {slug: len(ids) for slug, ids in chosen.items()}
    return Plan(
        tasks=_in_order(chosen, quotas, seed),
        quotas=quotas,
        planned=planned,
        shortfall={slug: quotas[slug] - n for slug, n in planned.items() if n < quotas[slug]},
    )


def plan_chains(
    accepted: Iterable[tuple[str, str, frozenset[str]]],
    types: Sequence[EditType],
    weights: Mapping[str, float],
    share: float,
    min_turns: int,
    max_turns: int,
    seed: int,
) -> list[ChainTask]:
    """Draw accepted singles and give each further turns.

    Singles are drawn uniformly, the number of turns is uniform in ``min_turns`` to ``max_turns``, and the
    further types are drawn by weight from those that fit the photo, no type twice in a chain. Types that
    change the frame come after those that keep it, so that as many turns as can be share one frame.
    A single with too few fitting types for ``min_turns`` is passed over, and one with too few for the number
    drawn gets as many turns as there are. A base gets the same chain whatever else is accepted.

    Args:
        accepted: Task id, slug of the edit type and the photo's tags of each accepted single, in any order.
        types: The edit types to draw from.
        weights: By slug, at least 0; a type without one is not drawn.
        share: How many of the accepted singles get a chain, in [0, 1].
        min_turns: At least 2, the base's turn included.
        max_turns: At least ``min_turns``.
        seed: Another seed gives other chains.
    """
    singles = sorted(accepted, key=lambda single: noise(seed, "base", single[0]))
    drawable = [edit_type for edit_type in types if weights.get(edit_type.slug, 0) > 0]
    chains: list[ChainTask] = []
    wanted = round(share * len(singles))
    for base, first, tags in singles:
        if len(chains) == wanted:
            break
        fitting = [t for t in drawable if t.needs <= tags and t.slug != first]
        if len(fitting) + 1 < min_turns:
            continue
        turns = min_turns + noise(seed, "turns", base) % (max_turns - min_turns + 1)
        # The smallest of exponential variables with rates w: a weighted draw without replacement.
        fitting.sort(key=lambda t: -math.log(_unit(seed, "type", base, t.slug)) / weights[t.slug])
        further = sorted(fitting[: turns - 1], key=lambda t: not t.keeps_frame)
        slugs = (first, *(t.slug for t in further))
        chains.append(ChainTask(_hash("chain", base, *slugs), len(chains), base, slugs))
    return chains


def draw_region(
    regions: Iterable[Region], labels: Collection[str] | None, share: float, seed: int, about: str
) -> Region | None:
    """Return the region that an edit is given: one of those that fit, drawn uniformly, or none.

    Args:
        regions: The photo's regions.
        labels: Labels that fit; None: any.
        share: How many of the edits that can have a region get one, in [0, 1].
        seed: Another seed draws others.
        about: Tells the edit from others: its task's id.
    """
    fitting = [region for region in regions if labels is None or region.label in labels]
    if not fitting or _unit(seed, "whether a region", about) > share:
        return None
    return fitting[noise(seed, "region", about) % len(fitting)]


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:20]


def noise(seed: int, *parts: str) -> int:
    """Return a number in [0, 2**128) that only the arguments determine.

    Args:
        seed: Another seed gives other numbers.
        *parts: What is drawn.
    """
    digest = hashlib.sha256("\0".join((str(seed), *parts)).encode()).digest()
    return int.from_bytes(digest[:16], "big")


def _unit(seed: int, *parts: str) -> float:
    """Return a number in (0, 1) that only the arguments determine."""
    return ((noise(seed, *parts) >> 76) + 0.5) / (1 << 52)


def _quotas(types: Sequence[EditType], weights: Mapping[str, float], samples: int, seed: int) -> dict[str, int]:
    # Ties between remainders go by seed: a small uniform plan is then no mere head of the taxonomy.
    drawn = sorted((t.slug for t in types), key=lambda slug: noise(seed, "tie", slug))
    exact = [Fraction(weights.get(slug, 0)) for slug in drawn]
    if not any(exact):
        raise ConfigError("the mix gives no edit type a weight above 0: nothing can be planned")
    scale = math.lcm(*(weight.denominator for weight in exact))
    counts = dict(zip(drawn, apportion(samples, [int(weight * scale) for weight in exact]), strict=True))
    return {edit_type.slug: counts[edit_type.slug] for edit_type in types}


def _group(
    photos: Iterable[tuple[str, frozenset[str]]], relevant: frozenset[str], seed: int
) -> dict[frozenset[str], list[str]]:
    """Return the photos' ids by the relevant tags they have, each list in seeded order."""
    groups: dict[frozenset[str], list[str]] = {}
    for photo_id, tags in photos:
        groups.setdefault(tags & relevant, []).append(photo_id)
    everything = sorted(photo_id for ids in groups.values() for photo_id in ids)
    for one, next_one in pairwise(everything):
        if one == next_one:
            raise ConfigError(f"the source gives the photo id {one!r} twice; ids must be unique")
    for ids in groups.values():
        ids.sort(key=lambda photo_id: noise(seed, "photo", photo_id))
    return groups


def _in_order(chosen: Mapping[str, list[str]], quotas: Mapping[str, int], seed: int) -> list[Task]:
    """Interleave the types evenly: the i-th of n tasks of a type falls at random into the i-th n-th."""
    keyed: list[tuple[float, str, str, str]] = []
    for slug, photo_ids in chosen.items():
        drawn = sorted((noise(seed, "order", photo_id, slug), photo_id) for photo_id in photo_ids)
        for i, (number, photo_id) in enumerate(drawn):
            jitter = number % _LOW_BITS / _LOW_BITS  # the high bits gave the order; these are independent of it
            keyed.append(((i + jitter) / quotas[slug], task_id(photo_id, slug), photo_id, slug))
    keyed.sort()
    return [Task(id_, position, photo_id, slug) for position, (_, id_, photo_id, slug) in enumerate(keyed)]
