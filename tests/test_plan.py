from __future__ import annotations

import os
import random
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import networkx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from picofw.errors import ConfigError
from picofw.plan import ChainTask, Plan, draw_region, make_plan, plan_chains, task_id
from picofw.types import EditType, Region

PERSON = frozenset({"person"})
TEXT = frozenset({"text"})
NONE = frozenset[str]()

Photos = list[tuple[str, frozenset[str]]]


def edit_type(slug: str, needs: frozenset[str] = NONE, keeps_frame: bool = True) -> EditType:
    return EditType(slug=slug, label=slug, category="Things", needs=needs, keeps_frame=keeps_frame)


def photos(count: int, tags: frozenset[str] = NONE, start: int = 0) -> Photos:
    return [(f"photo{i:05}", tags) for i in range(start, start + count)]


def plan(
    found: Photos,
    types: Sequence[EditType],
    samples: int,
    weights: dict[str, float] | None = None,
    per_photo: int = 1,
    seed: int = 0,
) -> Plan:
    return make_plan(found, types, weights or {t.slug: 1.0 for t in types}, samples, per_photo, seed)


@dataclass(frozen=True)
class Case:
    photos: Photos
    types: list[EditType]
    weights: dict[str, float]
    samples: int
    per_photo: int
    seed: int

    def plan(self) -> Plan:
        return make_plan(self.photos, self.types, self.weights, self.samples, self.per_photo, self.seed)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    tags = st.frozensets(st.sampled_from("abc"))
    types = [edit_type(f"e{i}", needs) for i, needs in enumerate(draw(st.lists(tags, min_size=1, max_size=6)))]
    weight = st.one_of(st.integers(0, 9), st.floats(0, 1))
    weights = draw(st.lists(weight, min_size=len(types), max_size=len(types)).filter(any))
    return Case(
        photos=[(f"p{i}", found) for i, found in enumerate(draw(st.lists(tags, max_size=12)))],
        types=types,
        weights={t.slug: float(w) for t, w in zip(types, weights, strict=True)},
        samples=draw(st.integers(0, 40)),
        per_photo=draw(st.integers(1, 4)),
        seed=draw(st.integers(0, 2**31 - 1)),
    )


def crowded(seed: int) -> Case:
    """A plan for crowds of like photos, too few for all that is asked; each type has photos of its own choice."""
    rng = random.Random(seed)
    tags = "abcde"[: rng.randint(2, 5)]
    kinds = [frozenset(rng.sample(tags, rng.randint(0, len(tags)))) for _ in range(rng.randint(2, 5))]
    weights = {tag: float(rng.randint(1, 25)) for tag in tags}
    return Case(
        photos=[(f"p{k}-{i}", found) for k, found in enumerate(kinds) for i in range(rng.randint(1, 10))],
        types=[edit_type(tag, frozenset(tag)) for tag in tags],
        weights=weights,
        samples=int(sum(weights.values())),
        per_photo=rng.randint(1, 3),
        seed=seed,
    )


def most_tasks(case: Case, quotas: dict[str, int]) -> int:
    """The largest possible plan: a flow type -> photo, one edge for each pair that may be planned."""
    graph = networkx.DiGraph()
    graph.add_nodes_from(["source", "sink"])
    for photo_id, _ in case.photos:
        graph.add_edge(("photo", photo_id), "sink", capacity=case.per_photo)
    for t in case.types:
        graph.add_edge("source", t.slug, capacity=quotas[t.slug])
        for photo_id, tags in case.photos:
            if t.needs <= tags:
                graph.add_edge(t.slug, ("photo", photo_id), capacity=1)
    return int(networkx.maximum_flow_value(graph, "source", "sink"))


class TestProperties:
    @given(cases())
    def test_quotas_sum_to_the_samples_and_are_within_one_of_the_exact_proportion(self, case: Case) -> None:
        quotas = case.plan().quotas
        total = sum(map(Fraction, case.weights.values()))
        assert sum(quotas.values()) == case.samples
        assert list(quotas) == [t.slug for t in case.types]
        for slug, quota in quotas.items():
            assert abs(quota - case.samples * Fraction(case.weights[slug]) / total) < 1

    @given(cases())
    @settings(max_examples=300)
    def test_the_plan_is_as_large_as_any_could_be(self, case: Case) -> None:
        made = case.plan()
        assert len(made.tasks) == most_tasks(case, made.quotas)

    @pytest.mark.parametrize("seed", [*range(20), 182, 214, 498, 504, 577, 1300])
    def test_many_tasks_may_have_to_move_at_once(self, seed: int) -> None:
        # The last ones are picked: each goes wrong if a move is not held to what it leaves, takes or fills.
        case = crowded(seed)
        made = case.plan()
        assert len(made.tasks) == most_tasks(case, made.quotas)
        assert len({task.id for task in made.tasks}) == len(made.tasks)
        assert max(Counter(task.photo_id for task in made.tasks).values()) <= case.per_photo

    @given(cases())
    def test_counts_agree_with_the_tasks(self, case: Case) -> None:
        made = case.plan()
        counts = Counter(task.edit_type for task in made.tasks)
        assert made.planned == {t.slug: counts[t.slug] for t in case.types}
        short = {slug: made.quotas[slug] - n for slug, n in made.planned.items()}
        assert made.shortfall == {slug: n for slug, n in short.items() if n > 0}
        assert min(short.values()) >= 0  # nothing is given to another type instead

    @given(cases())
    def test_no_photo_carries_too_much_or_what_does_not_fit_it(self, case: Case) -> None:
        tags, needs = dict(case.photos), {t.slug: t.needs for t in case.types}
        made = case.plan()
        assert all(needs[task.edit_type] <= tags[task.photo_id] for task in made.tasks)
        assert max(Counter(task.photo_id for task in made.tasks).values(), default=0) <= case.per_photo
        assert len({task.id for task in made.tasks}) == len(made.tasks)

    @given(cases())
    def test_like_photos_carry_alike(self, case: Case) -> None:
        loads = Counter(task.photo_id for task in case.plan().tasks)
        like: dict[frozenset[str], set[int]] = defaultdict(set)
        for photo_id, tags in case.photos:
            like[tags].add(loads[photo_id])
        relevant = frozenset().union(*(t.needs for t in case.types if case.plan().quotas[t.slug]))
        for tags, found in like.items():
            if tags <= relevant:
                assert max(found) - min(found) <= 1

    @given(cases(), st.randoms(use_true_random=False))
    def test_order_of_the_photos_does_not_matter(self, case: Case, rng: random.Random) -> None:
        made = case.plan()
        rng.shuffle(case.photos)
        assert case.plan() == made

    @given(cases())
    def test_every_prefix_is_close_to_the_mix(self, case: Case) -> None:
        made = case.plan()
        if made.shortfall:
            return
        counts = dict.fromkeys(made.quotas, 0)
        for done, task in enumerate(made.tasks, start=1):
            counts[task.edit_type] += 1
            for slug, quota in made.quotas.items():
                share = quota / case.samples
                assert abs(counts[slug] - done * share) <= 1 + len(counts) * share

    @given(cases())
    def test_ids_are_those_of_photo_and_type_and_positions_count_up(self, case: Case) -> None:
        tasks = case.plan().tasks
        assert [task.position for task in tasks] == list(range(len(tasks)))
        assert all(task.id == task_id(task.photo_id, task.edit_type) for task in tasks)


class TestIds:
    def test_never_change(self) -> None:
        # Written down: another id for the same task would pay for it again.
        assert task_id("photo1", "remove_object") == "8e219d730c4a23085d56"

    def test_depend_on_nothing_but_photo_and_type(self) -> None:
        types = [edit_type("one"), edit_type("two")]
        first = {(t.photo_id, t.edit_type): t.id for t in plan(photos(10), types, 10, seed=1).tasks}
        again = {(t.photo_id, t.edit_type): t.id for t in plan(photos(20), types, 40, per_photo=2, seed=2).tasks}
        assert len(again) == 40
        assert first.items() <= again.items()

    def test_tell_apart_what_reads_alike_when_joined(self) -> None:
        assert task_id("photo1", "add_text") != task_id("photo1add_", "text")


class TestSpread:
    def test_person_photos_get_general_edits_too_in_proportion(self) -> None:
        types = [edit_type("tone"), edit_type("smile", PERSON)]
        found = photos(600) + photos(400, PERSON, start=600)
        made = plan(found, types, 500, {"tone": 3, "smile": 1})
        general = [task.photo_id for task in made.tasks if task.edit_type == "tone"]
        on_people = sum(photo_id >= "photo00600" for photo_id in general)
        # 275 person photos are left once 125 smiles are planned.
        assert on_people == pytest.approx(375 * 275 / 875, abs=1)

    def test_rare_types_are_spread_as_well(self) -> None:
        types = [edit_type(f"e{i}") for i in range(400)] + [edit_type("smile", PERSON)]
        found = photos(3000) + photos(1000, PERSON, start=3000)
        made = plan(found, types, 401)
        assert set(made.planned.values()) == {1}
        on_people = sum(task.photo_id >= "photo03000" for task in made.tasks)
        assert 70 <= on_people <= 130  # 101 expected; giving each to the largest group would give 1

    def test_general_edits_make_room_for_those_that_need_it(self) -> None:
        types = [edit_type("tone"), edit_type("smile", PERSON), edit_type("sign", TEXT)]
        found = photos(2) + photos(2, PERSON, 2) + photos(2, TEXT, 4) + photos(2, PERSON | TEXT, 6)
        made = plan(found, types, 8, {"tone": 2, "smile": 3, "sign": 3})
        assert made.shortfall == {}
        assert {t.photo_id for t in made.tasks if t.edit_type == "tone"} == {"photo00000", "photo00001"}

    def test_types_that_compete_for_too_few_photos_run_short_alike(self) -> None:
        types = [edit_type(f"face{i}", PERSON) for i in range(4)]
        made = plan(photos(100) + photos(80, PERSON, 100), types, 400)
        assert sum(made.planned.values()) == 80
        assert all(15 <= count <= 25 for count in made.planned.values())

    def test_what_is_missing_goes_to_nobody_else(self) -> None:
        made = plan(photos(100), [edit_type("tone"), edit_type("smile", PERSON)], 60)
        assert made.planned == {"tone": 30, "smile": 0}
        assert made.shortfall == {"smile": 30}

    def test_no_photos_make_an_empty_plan_that_says_what_is_missing(self) -> None:
        made = plan([], [edit_type("tone")], 5)
        assert (made.tasks, made.shortfall) == ([], {"tone": 5})


class TestQuotas:
    def test_a_type_without_weight_is_not_planned(self) -> None:
        types = [edit_type("tone"), edit_type("grain"), edit_type("zoom")]
        assert plan(photos(9), types, 9, {"tone": 1, "zoom": 0}).planned == {"tone": 9, "grain": 0, "zoom": 0}

    def test_a_small_uniform_plan_is_no_head_of_the_taxonomy(self) -> None:
        types = [edit_type(f"e{i:02}") for i in range(35)]
        picked = {frozenset(t.edit_type for t in plan(photos(50), types, 5, seed=seed).tasks) for seed in range(4)}
        assert len(picked) == 4

    def test_refuses_a_mix_of_nothing(self) -> None:
        with pytest.raises(ConfigError, match="no edit type a weight above 0"):
            plan(photos(3), [edit_type("tone")], 3, {"tone": 0})

    def test_refuses_an_id_that_appears_twice_even_with_other_tags(self) -> None:
        types = [edit_type("tone"), edit_type("smile", PERSON)]
        with pytest.raises(ConfigError, match="the photo id 'photo00001' twice"):
            plan([*photos(3), ("photo00001", PERSON)], types, 2)


class TestOrder:
    def test_prefixes_of_the_published_mix_stay_close_to_it(self) -> None:
        weights = {f"e{i:02}": float(w) for i, w in enumerate([15000] * 15 + [3500, 1800] * 10)}
        made = plan(photos(4000), [edit_type(slug) for slug in weights], 4000, weights)
        counts: Counter[str] = Counter()
        worst = 0.0
        for done, task in enumerate(made.tasks, start=1):
            counts[task.edit_type] += 1
            worst = max(worst, *(abs(counts[slug] - done * quota / 4000) for slug, quota in made.quotas.items()))
        assert worst < 2

    def test_rare_types_come_neither_first_nor_last(self) -> None:
        weights = {"tone": 300.0} | {f"rare{i}": 1.0 for i in range(100)}
        tasks = plan(photos(400), [edit_type(slug) for slug in weights], 400, weights).tasks
        rare = [sum(task.edit_type != "tone" for task in tasks[i : i + 100]) for i in range(0, 400, 100)]
        assert all(10 <= count <= 40 for count in rare)

    def test_another_seed_gives_another_plan(self) -> None:
        types = [edit_type("one"), edit_type("two")]
        pairs = [{(t.photo_id, t.edit_type) for t in plan(photos(50), types, 20, seed=s).tasks} for s in (0, 1)]
        assert pairs[0] != pairs[1]

    def test_prefixes_take_from_all_kinds_of_photos(self) -> None:
        made = plan(photos(500) + photos(500, PERSON, 500), [edit_type("tone"), edit_type("smile", PERSON)], 400)
        head = [task.photo_id for task in made.tasks[:100] if task.edit_type == "tone"]
        assert 5 <= sum(photo_id >= "photo00500" for photo_id in head) <= 35

    def test_is_the_same_in_every_process(self) -> None:
        code = (
            "from test_plan import *\n"
            "tags = [frozenset(c) for c in ('', 'a', 'ab', 'abc', 'bc', 'c')]\n"
            "types = [edit_type(f'e{i}', needs) for i, needs in enumerate(tags)]\n"
            "found = [(str(i), tags[i % 6]) for i in range(60)]\n"
            "made = plan(found, types, 90, per_photo=2)\n"
            "singles = [(t.id, t.edit_type, dict(found)[t.photo_id]) for t in made.tasks]\n"
            "print(made, plan_chains(singles, types, {t.slug: 1.0 for t in types}, 0.5, 2, 5, 0))\n"
        )
        outputs = {
            subprocess.run(
                [sys.executable, "-c", code],
                cwd=Path(__file__).parent,
                env=os.environ | {"PYTHONHASHSEED": hash_seed},
                capture_output=True,
                text=True,
                check=True,
            ).stdout
            for hash_seed in ("1", "2", "3")
        }
        assert len(outputs) == 1
        assert "ChainTask" in outputs.pop()


TYPES = [
    *(edit_type(f"general{i}") for i in range(6)),
    *(edit_type(f"face{i}", PERSON) for i in range(3)),
    edit_type("outpaint", keeps_frame=False),
]


def singles(count: int) -> list[tuple[str, str, frozenset[str]]]:
    return [
        (task_id(f"photo{i}", f"general{i % 6}"), f"general{i % 6}", PERSON if i % 3 == 0 else NONE)
        for i in range(count)
    ]


def chains(
    accepted: list[tuple[str, str, frozenset[str]]],
    share: float = 0.5,
    turns: tuple[int, int] = (2, 5),
    types: Sequence[EditType] = TYPES,
    weights: dict[str, float] | None = None,
    seed: int = 0,
) -> list[ChainTask]:
    return plan_chains(accepted, types, weights or {t.slug: 1.0 for t in types}, share, *turns, seed)


class TestChains:
    def test_draws_the_share_of_the_accepted_singles_each_once(self) -> None:
        made = chains(singles(999), share=0.25)
        assert len(made) == len({chain.base for chain in made}) == 250
        assert {chain.base for chain in made} < {base for base, _, _ in singles(999)}
        assert [chain.position for chain in made] == list(range(250))

    def test_draws_singles_uniformly(self) -> None:
        position = {base: i for i, (base, _, _) in enumerate(singles(1000))}
        early = sum(position[chain.base] < 500 for chain in chains(singles(1000), share=0.4))
        assert 160 <= early <= 240

    def test_starts_with_the_base_s_type_and_repeats_none(self) -> None:
        first = {base: slug for base, slug, _ in singles(300)}
        for chain in chains(singles(300), share=1):
            assert chain.edit_types[0] == first[chain.base]
            assert len(set(chain.edit_types)) == len(chain.edit_types)

    def test_number_of_turns_is_uniform(self) -> None:
        lengths = Counter(len(chain.edit_types) for chain in chains(singles(2000), share=1))
        assert sorted(lengths) == [2, 3, 4, 5]
        assert all(400 <= count <= 600 for count in lengths.values())

    def test_gives_a_photo_only_what_fits_it(self) -> None:
        tags = {base: found for base, _, found in singles(600)}
        with_faces = {c.base for c in chains(singles(600), share=1) if any("face" in s for s in c.edit_types)}
        assert with_faces
        assert all(tags[base] == PERSON for base in with_faces)

    def test_types_that_change_the_frame_come_last(self) -> None:
        outpainted = [c.edit_types for c in chains(singles(300), share=1) if "outpaint" in c.edit_types[1:]]
        assert outpainted
        assert all(slugs[-1] == "outpaint" for slugs in outpainted)

    def test_follows_the_weights_and_never_draws_a_type_without(self) -> None:
        weights = {"general0": 6.0, "general1": 3.0, "general2": 1.0, "general3": 0.0}
        base = [(f"base{i}", "zoom", NONE) for i in range(2000)]
        drawn = Counter(c.edit_types[1] for c in chains(base, share=1, turns=(2, 2), weights=weights))
        assert set(drawn) == {"general0", "general1", "general2"}
        assert drawn["general0"] == pytest.approx(1200, abs=100)
        assert drawn["general1"] == pytest.approx(600, abs=90)

    def test_order_of_the_accepted_does_not_matter(self) -> None:
        assert chains(singles(200)[::-1]) == chains(singles(200))

    def test_a_base_keeps_its_chain_when_more_is_accepted(self) -> None:
        before = {chain.base: (chain.id, chain.edit_types) for chain in chains(singles(200), share=1)}
        after = {chain.base: (chain.id, chain.edit_types) for chain in chains(singles(400), share=1)}
        assert before.items() <= after.items()

    def test_another_seed_gives_other_chains(self) -> None:
        one, two = chains(singles(100)), chains(singles(100), seed=1)
        assert {chain.base for chain in one} != {chain.base for chain in two}
        of_two = {chain.base: chain.edit_types for chain in two}
        assert any(of_two.get(chain.base, chain.edit_types) != chain.edit_types for chain in one)

    def test_passes_over_a_single_that_nothing_fits(self) -> None:
        types = [edit_type("general0"), edit_type("smile", PERSON)]
        accepted = [(f"base{i}", "general0", PERSON if i == 0 else NONE) for i in range(20)]
        assert [chain.edit_types for chain in chains(accepted, types=types)] == [("general0", "smile")]

    def test_is_as_long_as_types_allow(self) -> None:
        made = chains(singles(100), share=1, turns=(2, 5), types=TYPES[:3])
        assert {len(chain.edit_types) for chain in made} <= {2, 3, 4}
        assert not chains(singles(100), share=1, turns=(5, 5), types=TYPES[:3])

    def test_ids_never_change(self) -> None:
        (chain,) = chains([(task_id("photo1", "general0"), "general0", NONE)], share=1, turns=(3, 3))
        # Written down: another id for the same chain would be another sample.
        assert (chain.edit_types, chain.id) == (("general0", "general1", "general5"), "8e7eb772b9e603d69863")


# Regions.

BOXES = [Region("Dog", 0, 0, 0.5, 0.5), Region("Cat", 0.5, 0, 1, 0.5), Region("Dog", 0.5, 0.5, 1, 1)]


def test_regions_are_drawn_uniformly_and_to_the_share_asked_for():
    drawn = Counter(draw_region(BOXES, None, 0.6, 0, f"task{n}") for n in range(6000))
    assert abs(drawn[None] / 6000 - 0.4) < 0.03
    assert all(abs(drawn[box] / 6000 - 0.2) < 0.03 for box in BOXES)


def test_only_regions_with_a_fitting_label_are_drawn():
    drawn = {draw_region(BOXES, ["Dog", "Wolf"], 1, 0, f"task{n}") for n in range(50)}
    assert drawn == {BOXES[0], BOXES[2]}
    assert draw_region(BOXES, ["Wolf"], 1, 0, "task") is draw_region([], None, 1, 0, "task") is None


def test_a_smaller_share_gives_no_edit_another_region():
    some, all_ = ([draw_region(BOXES, None, share, 3, f"task{n}") for n in range(200)] for share in (0.3, 1))
    assert None not in all_
    assert all(one is None or one == other for one, other in zip(some, all_, strict=True))
