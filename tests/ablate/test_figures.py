"""All figures together: planted truths are found, and whatever the table, there is no NaN and no crash."""

from __future__ import annotations

import asyncio
import json
import math

import hypothesis.strategies as st
import numpy as np
import pytest
from ablate.tables import flat, table
from hypothesis import given, settings
from planted import plant
from rich.console import Console

from picofw.ablate import estimate
from picofw.ablate.agreement import spearman, weighted_kappa
from picofw.ablate.figures import figures
from picofw.ablate.report import print_figures, write
from picofw.ablate.table import load
from picofw.config import compose_settings
from picofw.workspace import Workspace

RULES = {
    name: compose_settings(["preset=fake", f"rubric={name}"], []).rubric
    for name in ("gated", "pico_banana", "geometric", "strict_minimum")
}
NOISES, BIASES = [0.05, 0.1, 0.1, 0.05], [0.0, 0.0, 0.0, -0.2]


@pytest.fixture(scope="module")
def truths_and_figures(tmp_path_factory):
    """Judges of noise 0.1 (two), and one that gives 0.2 less than is due."""
    root = tmp_path_factory.mktemp("planted")
    truths = asyncio.run(plant(root, "r", 3000, NOISES, BIASES, seed=1))
    workspace = Workspace(root)
    made = load(workspace, ["r"])
    asyncio.run(workspace.aclose())
    return truths, made, figures(made, RULES)


def pair(found, first, second):
    (row,) = [row for row in found["agreement"]["pairs"] if (row["first"], row["second"]) == (first, second)]
    return row


def within(one, truth, slack=0.0):
    return one["low"] - slack <= truth <= one["high"] + slack


def test_planted_noise_is_found_in_the_agreement_of_two_judges(truths_and_figures):
    """What two judges of that noise agree on average is within the interval that two of them give."""
    truths, _, found = truths_and_figures
    random = np.random.default_rng(9)

    def judged() -> np.ndarray:
        return np.clip(truths + random.normal(0, 0.1, truths.shape), 0, 1).round(3) @ [0.4, 0.25, 0.2, 0.15]

    drawn = [(judged(), judged()) for _ in range(5)]
    row = pair(found, "judge1", "judge2")
    for name, statistic in (("kappa", weighted_kappa), ("spearman", spearman)):
        assert within(row[name], np.mean([statistic(*two).value for two in drawn]))
        assert row[name]["high"] - row[name]["low"] < 0.1


def test_a_planted_bias_lowers_agreement_and_acceptance_but_not_the_order(truths_and_figures):
    truths, _, found = truths_and_figures
    fair, low = pair(found, "own", "judge2"), pair(found, "own", "judge3")
    assert low["kappa"]["high"] < fair["kappa"]["low"]
    assert low["spearman"]["low"] > fair["spearman"]["low"] - 0.02
    rows = {(row["judge"], row["rule"]): row for row in found["rules"]}
    true = (truths - 0.2) @ [0.4, 0.25, 0.2, 0.15] >= 0.7
    assert within(rows["judge3", "pico_banana"]["edits_accepted"], true.mean(), 0.02)
    assert rows["judge3", "gated"]["lost"] > 10 * rows["judge3", "gated"]["gained"]


def test_two_judges_prefer_the_same_edit_as_often_as_their_noise_lets_them(truths_and_figures):
    truths, made, found = truths_and_figures
    score = truths @ [0.4, 0.25, 0.2, 0.15]
    order = made.order
    same = made.turns[order][1:] == made.turns[order][:-1]
    apart = (score[order][1:] - score[order][:-1])[same]
    noise = 0.1 * math.sqrt(2 * (0.4**2 + 0.25**2 + 0.2**2 + 0.15**2))
    random = np.random.default_rng(0)
    one, other = (apart[:, None] + random.normal(0, noise, (len(apart), 400)) for _ in range(2))
    assert within(pair(found, "judge1", "judge2")["pairwise"], (np.sign(one) == np.sign(other)).mean(), 0.01)


def test_the_first_row_is_the_run_and_compares_with_nothing(truths_and_figures):
    _, made, found = truths_and_figures
    first = found["rules"][0]
    assert (first["judge"], first["rule"], first["gained"], first["lost"]) == ("own", "gated", 0, 0)
    assert (first["open"], first["unasked"], first["yield_low"]) == (0, 0, first["yield_high"])
    accepted = found["rules"][0]["accepted"]
    calls = 2 * first["turns"] + 2 * len(made.ids)  # a cent each
    assert first["usd_per_accepted"] == pytest.approx(calls * 0.01 / accepted)


def test_edit_types_sum_to_the_whole(truths_and_figures):
    _, _, found = truths_and_figures
    for row in found["rules"]:
        parts = [t for t in found["types"] if (t["judge"], t["rule"]) == (row["judge"], row["rule"])]
        for key in ("turns", "accepted", "rejected", "open", "unasked"):
            assert sum(part[key] for part in parts) == row[key]


def test_who_flips_is_told_with_both_scores_the_widest_apart_first():
    made = table([0, 1, 2], {"own": [flat(0.9), flat(0.8), flat(0.2)], "other": [flat(0.6), flat(0.1), flat(0.1)]})
    found = figures(made, {"gated": RULES["gated"]})["flips"]["judges"]
    assert [(row["edit"], row["accepted_by"], row["rejected_by"], row["apart"]) for row in found] == [
        ("s1.1.1", {"own": 0.8}, {"other": 0.1}, 0.7),
        ("s0.1.1", {"own": 0.9}, {"other": 0.6}, 0.3),
    ]


def test_members_do_not_count_twice_with_the_panel_that_they_make_up():
    said = [flat(0.9), flat(0.2), flat(0.4)]
    found = figures(table([0, 1, 2], {"own": said, "own/a": said, "own/b": said}), {"gated": RULES["gated"]})
    assert found["agreement"]["judges"] == ["own/a", "own/b"]
    assert len(found["agreement"]["pairs"]) == 3


NOTHING, VAIN = None, flat(math.nan)
said = st.sampled_from([NOTHING, VAIN, flat(0.0), flat(0.7), flat(1.0), [0.25, 1, 1, 1], [0.5, math.nan, 0.5, 1]])


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), said, said, st.booleans()), min_size=1, max_size=8))
def test_whatever_the_table_there_is_no_nan_and_every_gap_has_a_reason(rows):
    turns = sorted(row[0] for row in rows)
    turns = list(np.unique(turns, return_inverse=True)[1])
    closed = [row[3] for row in rows][: max(turns) + 1]
    made = table(turns, {"own": [row[1] for row in rows], "b": [row[2] for row in rows]}, closed=closed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(estimate, "_RESAMPLES", 8)
        found = figures(made, {name: RULES[name] for name in ("gated", "strict_minimum")})
    json.dumps(found, allow_nan=False)
    for one in estimates(found):
        assert one["value"] is not None or one["reason"]
        assert one["low"] is not None or one["reason"]


def estimates(value):
    if isinstance(value, dict):
        if "reason" in value and "value" in value:
            yield value
        for inner in value.values():
            yield from estimates(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from estimates(inner)


@pytest.mark.parametrize(
    ("turns", "judges"),
    [
        ([0], {"own": [flat(0.9)]}),
        ([0], {"own": [VAIN]}),
        ([0, 1], {"own": [flat(0.5), flat(0.5)], "b": [flat(0.5), NOTHING]}),
        ([0, 0], {"own": [flat(0.5), NOTHING], "b": [NOTHING, flat(0.5)]}),
    ],
    ids=["one edit", "no score at all", "all scores equal", "nothing in common"],
)
def test_tables_that_tell_next_to_nothing_are_printed_and_written(turns, judges, tmp_path, capsys):
    found = figures(table(turns, judges), RULES)
    print_figures(Console(width=160), found)
    page = write(found, tmp_path / "out").read_text()
    said = capsys.readouterr().out
    for text in (said, page):
        assert "nan" not in text.lower().replace("banana", "")
