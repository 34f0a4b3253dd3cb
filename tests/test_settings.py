"""RunSettings: what is allowed, what a run is named by, and what counts as a change."""

from __future__ import annotations

import hypothesis
import hypothesis.strategies as st
import pytest
from hypothesis import given
from pydantic import Field, ValidationError

from picofw.config import compose_settings
from picofw.errors import ConfigError
from picofw.providers import Options
from picofw.settings import Choice, RunSettings, auto_name, changes, data_settings, explain, near, validate_options
from picofw.types import Record

BASE = compose_settings(["preset=fake"], [])
WRITTEN = BASE.model_dump()
few = hypothesis.settings(max_examples=40, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
OPERATIONAL = {"editor": {"latency_s", "call_log"}, "instructors.long": {"latency_s"}}


def changed(**fields) -> RunSettings:
    return RunSettings.model_validate({**WRITTEN, **fields})


def problem(**fields) -> str:
    with pytest.raises(ValidationError) as caught:
        changed(**fields)
    return explain(caught.value, RunSettings)


# Values of settings as JSON has them. Keys have no dots: a dotted key would not be told from a nested one.
leaves = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8)
)
keys = st.text("abcxyz_", min_size=1, max_size=6)
trees = st.dictionaries(keys, st.recursive(leaves, lambda node: st.dictionaries(keys, node, min_size=1), max_leaves=8))


def flat(tree: dict) -> dict:
    """The data settings of a run whose editor has these options."""
    return data_settings(changed(editor={"provider": "any", "nest": tree}), {})


@few
@given(trees, trees)
def test_changes_name_exactly_the_keys_that_differ(before, after):
    old, new = flat(before), flat(after)
    named = [line.split(": ")[0] for line in changes(old, new)]
    assert sorted(named) == sorted(
        key for key in old.keys() | new.keys() if (key in old, old.get(key)) != (key in new, new.get(key))
    )
    assert (not named) == (before == after)


@few
@given(trees)
def test_flat_settings_hold_every_value_under_its_dotted_key(tree):
    def walk(node, prefix):
        for key, child in node.items():
            yield from (
                walk(child, f"{prefix}.{key}") if isinstance(child, dict) and child else [(f"{prefix}.{key}", child)]
            )

    found = flat(tree)
    for key, value in walk(tree, "editor.nest"):
        assert found[key] == value


operational_changes = st.fixed_dictionaries(
    {},
    optional={
        "label": st.just("run"),
        "workspace": st.sampled_from(["a", "/b/c"]),
        "blobs": st.sampled_from([None, "s3://bucket/x"]),
        "limits": st.fixed_dictionaries({"concurrency": st.integers(1, 500), "timeout_s": st.floats(1, 1000)}),
        "budget": st.fixed_dictionaries({"usd": st.decimals(0, 1000, places=2)}),
        "prices": st.just({"fake": {"images": "0.04"}}),
        "editor": st.floats(0, 9).map(lambda s: {**BASE.editor.model_dump(), "latency_s": s, "call_log": f"log{s}"}),
    },
)
data_changes = st.one_of(
    st.fixed_dictionaries({"seed": st.integers(1, 99)}),
    st.fixed_dictionaries({"samples": st.integers(1, 999).filter(lambda n: n != BASE.samples)}),
    st.fixed_dictionaries({"mix": st.sampled_from(["uniform", {"color_tone": 1.0}])}),
    st.floats(0.71, 1).map(lambda t: {"rubric": {**BASE.rubric.model_dump(), "threshold": t}}),
    st.integers(1, 99).map(lambda s: {"judge": {**BASE.judge.model_dump(), "seed": s}}),
    st.integers(1, 20).filter(lambda n: n != 3).map(lambda n: {"attempts": {"max": n}}),
)


def name(**fields) -> str:
    settings = changed(label="run", **{k: v for k, v in fields.items() if k != "label"})
    return auto_name(settings, data_settings(settings, OPERATIONAL))


@few
@given(operational_changes)
def test_a_run_keeps_its_name_when_only_the_way_it_goes_changes(fields):
    assert name(**fields) == name()


@few
@given(data_changes, operational_changes)
def test_a_run_has_another_name_when_its_data_would_be_other_data(data, fields):
    assert name(**{**fields, **data}) != name()


def test_a_given_name_is_the_name():
    assert auto_name(changed(name="mine"), {}) == "mine"


def test_a_choice_is_written_flat_and_read_again():
    choice = Choice.model_validate({"provider": "acme", "steps": 20})
    assert choice.options == {"steps": 20}
    assert Choice.model_validate(choice.model_dump()) == choice


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"samples": None}, "either samples=N (plan N edits) or accepted=N"),
        ({"accepted": 3}, "found samples=40, accepted=3"),
        ({"max_tasks": 9}, "max_tasks goes with accepted=N"),
        ({"samples": 0}, "samples: Input should be greater than or equal to 1 (found 0)"),
        ({"samples": "many"}, "samples: Input should be a valid integer"),
        ({"samles": 3}, "did you mean 'samples'?"),
        ({"name": "a/b"}, "name: String should match pattern"),
        ({"rubric": {**BASE.rubric.model_dump(), "threshold": 1.01}}, "rubric.threshold: Input should be less than"),
        ({"rubric": {**BASE.rubric.model_dump(), "threshold": -0.1}}, "rubric.threshold: Input should be greater"),
        ({"chains": {"min_turns": 4, "max_turns": 3}}, "chains: min_turns=4 is more than max_turns=3"),
        ({"chains": {"share": 1.2}}, "chains.share: Input should be less than or equal to 1 (found 1.2)"),
        ({"attempts": {"max": 0}}, "attempts.max: Input should be greater than or equal to 1 (found 0)"),
        ({"editor": {}}, "editor.provider: Field required"),
        ({"budget": {"usd": -1}}, "budget.usd: Input should be greater than or equal to 0 (found -1)"),
        ({"limits": {"by_key": {"gemini": {"conc": 3}}}}, "limits.by_key.gemini.conc: unknown key; there is: concurr"),
        ({"mix": "even"}, "Input should be 'published' or 'uniform' (found 'even')"),
    ],
)
def test_what_is_wrong_is_named_with_its_key_and_what_is_allowed(fields, said):
    assert said in problem(**fields)


def test_weights_must_sum_to_one():
    rubric = BASE.rubric.model_dump()
    rubric["criteria"]["seamlessness"]["weight"] = 0.5
    assert "rubric.criteria: the criteria's weights must sum to 1; 0.4 + 0.5 + 0.2 + 0.15 = 1.25" in problem(
        rubric=rubric
    )


def test_every_mistake_is_named_at_once():
    assert len(problem(samples=0, seed=-1, per_photo=0).splitlines()) == 3


def test_planned_is_the_cap_where_accepted_ones_are_wanted():
    assert changed(samples=7).planned == 7
    assert changed(samples=None, accepted=7).planned == 28
    assert changed(samples=None, accepted=7, max_tasks=9).planned == 9


class AcmeOptions(Options):
    class Size(Record):
        width: int = Field(default=64, le=4096)

    steps: int = 20
    size: Size = Size()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"step": 3}, "editor.step: unknown key; there is: seed, steps, size (did you mean 'steps'?)"),
        ({"steps": "few"}, "editor.steps: Input should be a valid integer"),
        ({"size": {"widht": 3}}, "editor.size.widht: unknown key; there is: width (did you mean 'width'?)"),
        ({"size": {"width": 5000}}, "editor.size.width: Input should be less than or equal to 4096 (found 5000)"),
    ],
)
def test_a_providers_options_are_checked_against_the_class_it_declares(options, said):
    with pytest.raises(ConfigError) as caught:
        validate_options(AcmeOptions, options, "editor")
    assert said in str(caught.value)


def test_what_there_is_is_said_even_if_nothing_is_near():
    assert near("x", []) == "there is: none"
    assert near("zzz", ["a", "b"]) == "there is: a, b"
