"""The draw: deterministic, blind to order, nested, and with every share."""

from __future__ import annotations

from itertools import islice

import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import given, settings
from hypothesis import strategies as st

from picofw.sources.open_images.choice import draw, mixed

IDS = st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=300, unique=True)


def all_of(ids: list[int], seed: int = 0) -> list[int]:
    array = pa.array(ids, pa.uint64())
    return list(draw(array, [(pc.is_valid(array), 1.0)], seed))


def in_groups(ids: list[int], shares: list[float], seed: int = 0) -> list[int]:
    """Draw from groups by the last digits of the ids."""
    array = pa.array(ids, pa.uint64())
    members = [pa.array([identity % len(shares) == group for identity in ids]) for group in range(len(shares))]
    return list(draw(array, list(zip(members, shares, strict=True)), seed))


@settings(deadline=None)
@given(IDS, st.randoms())
def test_every_photo_is_drawn_once_whatever_the_order_of_the_index(ids, random):
    drawn = all_of(ids)
    assert sorted(drawn) == sorted(ids)
    random.shuffle(ids)
    assert all_of(ids) == drawn


@settings(deadline=None)
@given(IDS, st.data())
def test_photos_that_are_gone_leave_the_order_of_the_others(ids, data):
    kept = data.draw(st.sets(st.sampled_from(ids), min_size=1))
    assert all_of([identity for identity in ids if identity in kept]) == [i for i in all_of(ids) if i in kept]


def test_numbers_are_mixed_as_the_published_generator_does():
    assert mixed(pa.array([0, 1234567], pa.uint64())).to_pylist() == [0xE220A8397B1DCDAF, 6457827717110365317]


def test_another_seed_draws_others():
    ids = list(range(1000))
    assert all_of(ids)[:5] != all_of(ids, seed=1)[:5]
    assert len(set(all_of(ids)[:100]) & set(all_of(ids, seed=1)[:100])) < 30


def test_a_draw_takes_low_and_high_ids_alike():
    drawn = all_of(list(range(10_000)))[:2000]
    assert 880 < sum(identity < 5000 for identity in drawn) < 1120


@settings(deadline=None)
@given(st.integers(1, 2000))
def test_of_every_so_many_each_group_has_its_share(count):
    drawn = in_groups(list(range(12_000)), [0.5, 0.3, 0.2])[:count]
    for group, share in enumerate([0.5, 0.3, 0.2]):
        assert abs(sum(identity % 3 == group for identity in drawn) - share * count) <= 1


def test_a_group_that_is_used_up_leaves_its_part_to_the_others():
    few = [identity for identity in range(1000) if identity % 2 or identity < 20]
    drawn = in_groups(few, [0.5, 0.5])
    assert sorted(drawn) == few
    assert sum(identity % 2 == 0 for identity in drawn[:20]) == 10


def test_a_group_of_no_share_is_left_out_and_what_is_drawn_is_only_what_is_asked_for():
    assert all(identity % 2 for identity in in_groups(list(range(100)), [0, 1.0]))
    array = pa.array(range(200_000), pa.uint64())
    assert len(list(islice(draw(array, [(pc.is_valid(array), 1.0)], 0), 10))) == 10
