"""Which photos of the index are taken: those that fit, drawn so that each kind has its share. Deterministic.

A photo's place in the draw is a hash of the seed and its id. So it does not depend on the order of the files or on
what else they hold, and a larger sample begins with the smaller one.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

Array: TypeAlias = Any

_CHUNK = 4096
# SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): the step of its sequence, and the two factors of its mixing.
_STEP, _FIRST, _SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


def draw(ids: Array, groups: Sequence[tuple[Array, float]], seed: int) -> Iterator[int]:
    """Yield all ids that belong to a group of a share above 0; of every so many, each group has its share.

    A group that is used up is left to the others.

    Args:
        ids: Ids of photos, each once.
        groups: Of each group, which of the ids belong to it, and its share.
        seed: Another seed gives another order.
    """
    places = mixed(pc.bit_wise_xor(ids, mixed(_number(seed % 2**64))))
    parts = [_spaced(ids.filter(mask), places.filter(mask), share) for mask, share in groups if share > 0]
    for _, identity in heapq.merge(*parts):
        yield identity


def _spaced(ids: Array, places: Array, share: float) -> Iterator[tuple[float, int]]:
    """Yield ids in the order of their places, with where they stand among all groups' ids."""
    order = pc.sort_indices(places)
    for start in range(0, len(order), _CHUNK):
        chunk = ids.take(order.slice(start, _CHUNK)).to_pylist()
        yield from (((start + at + 0.5) / share, identity) for at, identity in enumerate(chunk))


def mixed(values: Array) -> Array:
    """Return 64-bit numbers that look random, different ones of different values: what SplitMix64 gives for each seed.

    Args:
        values: 64-bit numbers.
    """
    values = pc.add(values, _number(_STEP))
    values = pc.multiply(pc.bit_wise_xor(values, pc.shift_right(values, _number(30))), _number(_FIRST))
    values = pc.multiply(pc.bit_wise_xor(values, pc.shift_right(values, _number(27))), _number(_SECOND))
    return pc.bit_wise_xor(values, pc.shift_right(values, _number(31)))


def _number(value: int) -> Array:
    return pa.scalar(value, pa.uint64())
