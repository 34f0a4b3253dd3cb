"""The config groups: every file composes, fits the provider's options, and leaves no option out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import OmegaConf
from picofw_openai import plugin
from picofw_openai.editor import OpenAIEditor
from picofw_openai.instructor import OpenAIInstructor
from picofw_openai.judge import OpenAIJudge
from pydantic import ValidationError

from picofw import builtin
from picofw.cost import FREE
from picofw.providers import Operational

CLASSES: dict[str, Any] = {"instructor": OpenAIInstructor, "editor": OpenAIEditor, "judge": OpenAIJudge}
(CONF,) = plugin.picofw_config_dirs()
SEARCH_PATH = ",".join(f"'file://{folder}'" for folder in (CONF, *builtin.picofw_config_dirs()))
FILES = [(group, file.stem) for group in CLASSES for file in sorted((CONF / group).glob("*.yaml"))]


def composed(tmp_path: Path, group: str, name: str, *overrides: str) -> dict[str, Any]:
    """Compose a group's file as the core does: at a package of its own, found on the search path."""
    (tmp_path / "config.yaml").write_text(f"defaults:\n  - {group}@slots.mine: {name}\n  - _self_\n")
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(tmp_path), version_base="1.3"):
        tree = compose("config", [f"hydra.searchpath=[{SEARCH_PATH}]", *overrides])
    options = OmegaConf.to_container(tree.slots.mine, resolve=True, throw_on_missing=True)
    assert isinstance(options, dict)
    assert options.pop("provider") == "openai"
    return {str(key): value for key, value in options.items()}


def test_the_menu_is_there() -> None:
    assert FILES == [
        ("instructor", "gpt_4o"),
        ("instructor", "openai"),
        ("instructor", "qwen_short"),
        ("editor", "gpt_image"),
        ("editor", "openai"),
        ("judge", "gpt_4o"),
        ("judge", "openai"),
    ]


@pytest.mark.parametrize(("group", "name"), FILES)
def test_a_config_fits_the_options_and_leaves_none_out(group: str, name: str, tmp_path: Path) -> None:
    tree = composed(tmp_path, group, name)

    options = CLASSES[group].Options(**tree)

    assert set(tree) == set(type(options).model_fields)
    assert options.prompts == type(options.prompts).shipped()


@pytest.mark.parametrize(("group", "name"), FILES)
def test_every_model_of_the_menu_has_a_dated_price_with_a_source(group: str, name: str, tmp_path: Path) -> None:
    price = plugin.picofw_prices()[composed(tmp_path, group, name)["model"]]

    assert price.source
    assert price.date or price == FREE


@pytest.mark.parametrize("group", CLASSES)
def test_the_model_of_the_menus_first_choice_is_the_options_own(group: str, tmp_path: Path) -> None:
    assert CLASSES[group].Options().model == composed(tmp_path, group, "openai")["model"]


def test_a_users_own_prompts_replace_the_shipped_ones(tmp_path: Path) -> None:
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "mine.yaml").write_text('system: "Judge: {criteria}"\ntask: "{instruction}"\n')

    tree = composed(tmp_path, "judge", "gpt_4o", "prompts@slots.mine.prompts=mine")

    assert OpenAIJudge.Options(**tree).prompts.system == "Judge: {criteria}"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"temperature": 3}, "less than or equal to 2"),
        ({"modle": "x"}, "Extra inputs are not permitted"),
        ({"prompts": {"system": "no questions", "task": "{instruction}"}}, "system must contain {criteria}"),
        ({"prompts": {"system": "{criteria}", "task": "{instuction}"}}, "task uses {instuction}"),
    ],
)
def test_a_wrong_option_is_told(options: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError) as caught:
        OpenAIJudge.Options(**{"model": "m", **options})

    assert told in str(caught.value)


@pytest.mark.parametrize("size", ["small", "1024", "0x16", "1024x", "1x1;"])
def test_a_size_that_is_none_is_told(size: str) -> None:
    with pytest.raises(ValidationError, match="size"):
        OpenAIEditor.Options(model="gpt-image-2", size=size)


def test_a_model_that_cannot_keep_the_frame_is_told_before_anything_is_paid() -> None:
    with pytest.raises(ValidationError, match="Set size=nearest"):
        OpenAIEditor.Options(model="gpt-image-1.5")


@pytest.mark.parametrize("role", CLASSES)
def test_only_how_a_call_is_made_stays_out_of_the_digest(role: str) -> None:
    fields = CLASSES[role].Options.model_fields.items()
    operational = {name for name, field in fields if any(isinstance(mark, Operational) for mark in field.metadata)}

    assert operational - {"seed"} == {"api_key_env", "timeout_s"}
