"""Which samples are exported, in which split, with which instruction."""

from __future__ import annotations

from typing import Any

import pytest
from export.made import Made, chain, image, photo, single, small
from hypothesis import given
from hypothesis import strategies as st

from picofw.errors import ConfigError
from picofw.export import write
from picofw.export.diffsynth import DiffSynth
from picofw.export.longcat_dpo import LongCatDPO
from picofw.export.options import Options, SplitOptions, TextOptions
from picofw.export.selection import examples, select, selected, split_of, taxonomy_of
from picofw.plugins import Plugins


def scored(sample: Any, *scores: float) -> Any:
    """The single with other scores of its attempts."""
    (turn,) = sample.turns
    attempts = tuple(
        attempt.model_copy(update={"verdict": attempt.verdict.model_copy(update={"score": score})})
        for attempt, score in zip(turn.attempts, scores, strict=True)
    )
    return sample.model_copy(update={"turns": (turn.model_copy(update={"attempts": attempts}),)})


def test_without_options_all_that_is_accepted_is_exported():
    found = [(item.sample.id, item.subsets, item.split) for item in selected(small(), Options())]
    assert found == [
        ("aa", ("sft",), "train"),
        ("bb", ("sft", "preference"), "train"),
        ("dd", ("multi_turn",), "train"),
    ]


def test_a_format_of_one_subset_gets_the_samples_of_that_subset():
    assert [item.sample.id for item in selected(small(), Options(), ("preference",))] == ["bb"]


def test_a_chain_is_exported_if_all_its_accepted_turns_are_of_the_types():
    one = Options(edit_types=("color_tone",))
    assert [item.sample.id for item in selected(small(), one)] == ["aa", "bb"]
    both = Options(edit_types=("color_tone", "zoom_in"))
    assert [item.sample.id for item in selected(small(), both)] == ["aa", "bb", "dd"]


def test_only_photos_of_the_licences_are_exported():
    free = single("ff", of=photo("p9", license="CC0"))
    dataset = Made([single("aa"), free, chain("gg", free, ["accepted"])])
    assert [item.sample.id for item in selected(dataset, Options(licenses=("CC0",)))] == ["ff", "gg"]


def test_every_accepted_edit_of_a_record_has_the_least_score():
    good, poor = scored(single("aa"), 0.8), scored(single("bb"), 0.7)
    found = selected(Made([good, poor, chain("cc", poor, ["accepted"])]), Options(min_score=0.8))
    assert [item.sample.id for item in found] == ["aa"]


def test_a_pair_is_as_far_apart_as_asked_and_an_edit_without_a_pair_stays_sft():
    hard = scored(single("aa", ["rejected", "rejected", "accepted"]), 0.6, 0.4, 0.9)
    assert [a.number for a in select(hard, Options(min_gap=0.3)).rejected] == [1, 2]
    assert [a.number for a in select(hard, Options(min_gap=0.31)).rejected] == [2]
    assert select(hard, Options(min_gap=0.51)).subsets == ("sft",)


def test_an_edit_that_fell_below_a_floor_is_a_pair_though_it_scores_higher_unless_a_gap_is_asked():
    floored = scored(single("aa", ["rejected", "accepted"]), 0.95, 0.9)
    assert len(select(floored, Options()).rejected) == 1
    assert select(floored, Options(min_gap=0)).rejected == ()


def test_all_that_was_made_of_a_photo_is_in_one_split():
    options = SplitOptions(test_share=0.5)
    photos = [photo(f"p{n}") for n in range(40)]
    made = [[base := single(f"a{n}", of=p), single(f"b{n}", of=p), chain(f"c{n}", base, ["accepted"])]
            for n, p in enumerate(photos)]  # fmt: skip
    splits = [{select(sample, options).split for sample in samples} for samples in made]
    assert all(len(found) == 1 for found in splits)
    assert {"train", "test"} == set().union(*splits)


@given(st.text(min_size=1), st.integers(0, 99), st.floats(0, 0.99), st.floats(0, 0.99))
def test_a_larger_test_share_moves_photos_to_the_test_split_only(name, seed, one, other):
    less, more = (SplitOptions(test_share=share, seed=seed) for share in sorted((one, other)))
    assert (split_of(name, less), split_of(name, more)) != ("test", "train")


def test_the_test_split_has_its_share_of_the_photos():
    splits = [split_of(f"photo {n}", SplitOptions(test_share=0.2)) for n in range(4000)]
    assert splits.count("test") / 4000 == pytest.approx(0.2, abs=0.03)


@pytest.mark.parametrize(
    ("choice", "texts"),
    [
        ("long", ["Change aa as told.", "Change bb as told."]),
        ("short", ["change aa", "change bb"]),
        ("both", ["Change aa as told.", "change aa", "Change bb as told.", "change bb"]),
    ],
)
def test_the_instruction_is_the_one_that_was_chosen(choice, texts):
    found = list(examples(small(), TextOptions(instruction=choice), "sft"))
    assert [example.text for example in found] == texts
    assert len({example.stem for example in found}) == len(texts)


def test_random_instructions_are_both_kinds_and_stay_the_same_for_a_seed():
    dataset = Made([single(f"s{n}") for n in range(60)])

    def drawn(seed: int) -> list[str]:
        return [e.text for e in examples(dataset, TextOptions(instruction="random", seed=seed), "sft")]

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)
    assert 10 < sum(text.startswith("Change") for text in drawn(1)) < 50


def test_each_rejected_edit_makes_a_pair_with_each_instruction():
    found = list(examples(small(), TextOptions(instruction="both"), "preference"))
    assert [(example.stem, example.loser.number) for example in found] == [
        ("bb_attempt1", 1),
        ("bb_attempt3", 3),
        ("bb_short_attempt1", 1),
        ("bb_short_attempt3", 3),
    ]


def test_an_edit_type_that_the_run_does_not_have_is_named_with_the_nearest():
    with pytest.raises(ConfigError, match=r"no type 'color_tones'; did you mean color_tone"):
        taxonomy_of(small(), Options(edit_types=("color_tones",)))


def test_where_nothing_is_left_the_user_is_told_what_there_is(tmp_path):
    options = DiffSynth.Options(licenses=("mine",))
    with pytest.raises(ConfigError, match=r"3 accepted samples, 1 of them.*licences are: 'https://creativecommons"):
        write(small(), DiffSynth(options), tmp_path / "out")
    with pytest.raises(ConfigError, match="1 accepted samples, 0 of them with rejected edits"):
        write(Made([single("aa")]), LongCatDPO(LongCatDPO.Options()), tmp_path / "out")
    with pytest.raises(ConfigError, match="no accepted edit"):
        write(Made([single("aa", ["rejected"])]), DiffSynth(DiffSynth.Options()), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


OF_VERDICTS = {"trl", "llamafactory"}  # they have rejected edits too: a judge is trained with them


@pytest.mark.parametrize("name", sorted({spec.name for _, spec in Plugins().specs("exporter")} - OF_VERDICTS))
def test_no_format_makes_anything_of_a_run_without_accepted_edits(tmp_path, name):
    exporter = Plugins().find("exporter", name)
    with pytest.raises(ConfigError, match="no accepted edit"):
        write(Made([single("aa", ["rejected"])]), exporter(exporter.Options()), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_an_accepted_edit_has_an_image():
    (example,) = examples(Made([single("aa")]), TextOptions(), "sft")
    assert example.accepted.image == image("aa 1")
