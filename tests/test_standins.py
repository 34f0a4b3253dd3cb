"""Which photo stands in for one that is gone."""

from __future__ import annotations

import random
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from picofw.plan import make_plan
from picofw.standins import Carrier, spare_photos, stand_ins
from picofw.types import EditType

TYPES = {
    "tone": EditType(slug="tone", label="tone", category="any"),
    "zoom": EditType(slug="zoom", label="zoom", category="any"),
    "hair": EditType(slug="hair", label="hair", category="any", needs=frozenset({"person"})),
}
tags = st.sampled_from([frozenset[str](), frozenset({"person"})])
carriers = st.lists(st.tuples(tags, st.frozensets(st.sampled_from(sorted(TYPES))), st.booleans()), max_size=12).map(
    lambda drawn: [Carrier(f"p{n}", *each) for n, each in enumerate(drawn)]
)
lost = st.lists(st.sampled_from(sorted(TYPES)), max_size=20)


def spare(number: int, *shown: str, carries: tuple[str, ...] = (), gone: bool = False) -> Carrier:
    return Carrier(f"p{number}", frozenset(shown), frozenset(carries), gone)


@given(carriers, lost, st.integers(1, 3), st.integers(0, 9))
def test_a_stand_in_fits_its_type_is_not_gone_and_carries_no_more_than_it_may(photos, slugs, per_photo, seed):
    chosen = stand_ins(slugs, photos, TYPES, per_photo, seed)
    by_id = {photo.id: photo for photo in photos}
    carries = {photo.id: Counter(photo.carries) for photo in photos}
    for slug, photo_id in zip(slugs, chosen, strict=True):
        if photo_id is not None:
            carries[photo_id][slug] += 1
            assert not by_id[photo_id].gone
            assert TYPES[slug].needs <= by_id[photo_id].tags
            assert carries[photo_id][slug] == 1
            assert carries[photo_id].total() <= max(per_photo, len(by_id[photo_id].carries))
    for slug, photo_id in zip(slugs, chosen, strict=True):
        if photo_id is None:  # nothing was left for it
            for photo in photos:
                fits = not photo.gone and TYPES[slug].needs <= photo.tags and slug not in carries[photo.id]
                assert not fits or carries[photo.id].total() >= per_photo


@given(carriers, lost, st.integers(1, 3), st.randoms(use_true_random=False))
def test_the_order_in_which_photos_are_known_changes_nothing(photos, slugs, per_photo, numbers: random.Random):
    shuffled = numbers.sample(photos, len(photos))
    assert stand_ins(slugs, shuffled, TYPES, per_photo, 0) == stand_ins(slugs, photos, TYPES, per_photo, 0)


def test_photos_without_a_task_come_first_and_a_seed_decides_among_them():
    busy = [spare(number, carries=("zoom",)) for number in range(10)]
    free = [spare(number) for number in range(10, 20)]
    chosen = stand_ins(["tone"] * 10, [*busy, *free], TYPES, 2, 0)
    assert set(chosen) == {photo.id for photo in free}
    assert chosen != stand_ins(["tone"] * 10, [*busy, *free], TYPES, 2, 1)


def test_spare_photos_are_as_many_as_each_type_has_tasks_and_fit_it():
    photos = [(f"p{number}", frozenset({"person"} if number % 10 == 0 else ())) for number in range(400)]
    types = list(TYPES.values())
    plan = make_plan(photos, types, {"tone": 1, "zoom": 1, "hair": 1}, 30, 2, 0)
    kept = spare_photos(photos, plan.tasks, types, 0)
    assert not set(kept) & {task.photo_id for task in plan.tasks}
    assert len(kept) == len(set(kept)) <= 30
    shown = dict(photos)
    assert sum("person" in shown[photo_id] for photo_id in kept) >= 10
    assert spare_photos(reversed(photos), plan.tasks, types, 0) == kept
    assert spare_photos(photos, [], types, 0) == []
