"""What a call is named after: all that determines its answer, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from typing import Annotated

import pytest
from doubles import IMAGE, TONE, edit_request, judge_request
from hypothesis import given
from hypothesis import strategies as st

from picofw.limits import Limiter, LimitSettings
from picofw.providers import Editor, Operational, Options
from picofw.slots import Slot
from picofw.types import EditRequest, EditResult, EditType


class Example(Editor):
    class Options(Options):
        model: str = "m"
        prompt: str = "edit"
        timeout_s: Annotated[float, Operational()] = 60.0

    async def edit(self, request: EditRequest) -> EditResult:
        raise NotImplementedError


def slot(role="editor", name="example", **options):
    provider = Example(Example.Options(**options))
    provider.judge = provider.edit
    return Slot(role, role, name, provider, Limiter(LimitSettings()))


BASE = edit_request()


@pytest.mark.parametrize(
    "other",
    [slot(model="n"), slot(prompt="make"), slot(name="another"), slot(role="judge")],
    ids=["model", "prompt", "name", "role"],
)
def test_who_answers_is_part_of_the_name(other):
    assert other.digest(BASE) != slot().digest(BASE)


@pytest.mark.parametrize(
    "change",
    [
        {"instruction": "cooler"},
        {"attempt": 2},
        {"seed": 8},
        {"repeat": 1},
        {"feedback": "too dark"},
        {"image": IMAGE.model_copy(update={"sha256": "b" * 64})},
        {"edit_type": TONE.model_copy(update={"slug": "season"})},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_is_asked_is_part_of_the_name(change):
    assert slot().digest(edit_request(**change)) != slot().digest(BASE)


def test_how_a_call_is_made_is_not_part_of_the_name():
    assert slot(timeout_s=1).digest(BASE) == slot().digest(BASE)


def test_the_seed_option_reaches_the_name_through_each_requests_seed():
    assert slot(seed=1).digest(BASE) == slot().digest(BASE)
    assert slot(seed=1).seed("task", 1) != slot().seed("task", 1)


@given(st.lists(st.text(min_size=1, max_size=5), max_size=6))
def test_the_order_of_a_set_is_not_part_of_the_name(tags):
    one = EditType(slug="a", label="", category="", needs=frozenset(tags))
    other = EditType(slug="a", label="", category="", needs=frozenset(reversed(tags)))
    assert slot().digest(edit_request(edit_type=one)) == slot().digest(edit_request(edit_type=other))


def test_names_are_equal_in_every_process():
    script = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from test_slots import slot, edit_request, TONE\n"
        "needs = frozenset(['person', 'text', 'sky', 'dog'])\n"
        "request = edit_request(edit_type=TONE.model_copy(update={'needs': needs}))\n"
        "print(slot().digest(request), slot().seed('a', 1))\n"
    )
    folder = __file__.rpartition("/")[0]
    outputs = {
        subprocess.run(
            [sys.executable, "-c", script, folder],
            env={"PYTHONHASHSEED": str(seed), "PATH": ""},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in (1, 2, 3)
    }
    assert len(outputs) == 1


def test_a_field_added_later_does_not_rename_calls_already_paid():
    assert "repeat" not in BASE.model_dump_json(exclude_defaults=True)


def test_weights_and_threshold_are_not_in_a_judges_request():
    assert {"name", "question"} == set(judge_request().criteria[0].model_dump())
