"""The config groups: every file composes, fits the provider's options, and leaves no option out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import OmegaConf
from picofw_gemini import plugin
from picofw_gemini.editor import GeminiEditor
from picofw_gemini.instructor import GeminiInstructor
from picofw_gemini.judge import GeminiJudge
from pydantic import ValidationError

from picofw import builtin
from picofw.providers import Operational

CLASSES: dict[str, Any] = {"instructor": GeminiInstructor, "editor": GeminiEditor, "judge": GeminiJudge}
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
    assert options.pop("provider") == "gemini"
    return {str(key): value for key, value in options.items()}


def test_the_menu_is_there() -> None:
    assert FILES == [
        ("instructor", "gemini"),
        ("instructor", "gemini_flash"),
        ("instructor", "gemini_pro"),
        ("editor", "gemini"),
        ("editor", "nano_banana"),
        ("judge", "gemini"),
        ("judge", "gemini_pro"),
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

    assert price.date
    assert "http" in price.source


@pytest.mark.parametrize("group", CLASSES)
def test_the_model_of_the_menus_first_choice_is_the_options_own(group: str, tmp_path: Path) -> None:
    assert CLASSES[group].Options().model == composed(tmp_path, group, "gemini")["model"]


def test_a_users_own_prompts_replace_the_shipped_ones(tmp_path: Path) -> None:
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "mine.yaml").write_text('system: "Judge: {criteria}"\ntask: "{instruction}"\n')

    tree = composed(tmp_path, "judge", "gemini_pro", "prompts@slots.mine.prompts=mine")

    assert GeminiJudge.Options(**tree).prompts.system == "Judge: {criteria}"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"thinking_budget": 5, "thinking_level": "low"}, "set one of them to null"),
        ({"temperature": 3}, "less than or equal to 2"),
        ({"modle": "x"}, "Extra inputs are not permitted"),
        ({"prompts": {"system": "no questions", "task": "{instruction}"}}, "system must contain {criteria}"),
        ({"prompts": {"system": "{criteria}", "task": "{instuction}"}}, "task uses {instuction}"),
    ],
)
def test_a_wrong_option_is_told(options: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError) as caught:
        GeminiJudge.Options(**{"model": "m", **options})

    assert told in str(caught.value)


@pytest.mark.parametrize("role", CLASSES)
def test_only_how_a_call_is_made_stays_out_of_the_digest(role: str) -> None:
    fields = CLASSES[role].Options.model_fields.items()
    operational = {name for name, field in fields if any(isinstance(mark, Operational) for mark in field.metadata)}

    assert operational - {"seed"} == {"api_key_env", "api_version", "timeout_s"}
