"""Hydra's side: every config composes, plain overrides reach every key, and what is wrong is said in plain words."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from omegaconf import DictConfig, ListConfig

from picofw.config import compose_settings, compose_tree, conf_dir, expand_sweep
from picofw.errors import ConfigError
from picofw.settings import RunSettings

GROUPS = [
    f"{path.parent.name}={path.stem}"
    for path in sorted(conf_dir().glob("*/*.yaml"))
    if path.parent.name not in ("preset", "export", "instructor")
]


def settings(*overrides: str, folders: tuple[Path, ...] = ()) -> RunSettings:
    return compose_settings(["preset=fake", *overrides], folders)


def problem(*overrides: str, folders: tuple[Path, ...] = ()) -> str:
    with pytest.raises(ConfigError) as caught:
        settings(*overrides, folders=folders)
    return str(caught.value)


@pytest.fixture
def own_folder(tmp_path) -> Path:
    """A folder of config groups, as a plugin or a user brings one."""
    for name, text in {"acme": "provider: acme\nmodel: acme-1\n", "broken": "provider: [\n"}.items():
        (tmp_path / "conf" / "editor").mkdir(parents=True, exist_ok=True)
        (tmp_path / "conf" / "editor" / f"{name}.yaml").write_text(text)
    return tmp_path / "conf"


NEEDED = {
    "source=folder": ["source.path=photos"],
    "source=huggingface": ["source.path=photos"],
    "source=open_images": ["source.index=index.csv"],
    "source=webdataset": ["source.shards=photos.tar"],
}


@pytest.mark.parametrize("choice", GROUPS)
def test_every_choice_of_every_group_composes(choice):
    assert settings(choice, *NEEDED.get(choice, [])).rubric.threshold == 0.7


def test_what_leaves_are_plain_values():
    def kinds(value):
        yield type(value)
        for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            yield from kinds(child)

    assert not {DictConfig, ListConfig} & set(kinds(compose_tree("config", ["preset=fake"], [])))


def test_the_defaults_of_the_files_are_the_defaults_of_the_settings():
    composed = settings("name=x")
    for name, field in RunSettings.model_fields.items():
        if not field.is_required() and name not in ("name", "label", "samples", "tagger"):
            assert getattr(composed, name) == field.get_default(call_default_factory=True), name


def test_an_override_may_name_keys_that_no_file_spells_out():
    composed = settings(
        "prices={gemini-2.5: {input_tokens: 0.3}}", "prices.other.images=0.04", "limits.by_key.gemini.concurrency=32"
    )
    assert composed.prices["gemini-2.5"].input_tokens == Decimal("0.3")
    assert composed.prices["other"].images == Decimal("0.04")
    assert composed.limits.by_key["gemini"].concurrency == 32


def test_a_mix_of_weights_replaces_the_name_of_a_mix():
    assert settings("mix={color_tone: 2, zoom_in: 1}").mix == {"color_tone": 2, "zoom_in": 1}


def test_each_instructor_is_chosen_by_itself(own_folder):
    (own_folder / "instructor").mkdir()
    (own_folder / "instructor" / "terse.yaml").write_text("provider: terse\n")
    chosen = settings("instructor@instructors.short=terse", folders=(own_folder,)).instructors
    assert (chosen.long.provider, chosen.short.provider, chosen.followup.provider) == ("fake", "terse", "fake")


def test_null_leaves_a_slot_empty():
    assert settings("tagger=null").tagger is None
    assert "editor: Field required" in problem("editor=null")


def test_folders_of_plugins_and_of_the_user_are_searched(own_folder, tmp_path):
    (tmp_path / "mine" / "judge").mkdir(parents=True)
    (tmp_path / "mine" / "judge" / "mine.yaml").write_text("provider: fake\nsuccess: 0.5\n")
    both = settings("editor=acme", "judge=mine", f"hydra.searchpath=[{tmp_path}/mine]", folders=(own_folder,))
    assert both.editor.model_dump() == {"provider": "acme", "model": "acme-1"}
    assert both.judge.options == {"success": 0.5}


def test_a_folder_with_odd_characters_in_its_name_is_searched(own_folder, tmp_path):
    odd = own_folder.rename(tmp_path / "it's odd, so=odd")
    assert settings("editor=acme", folders=(odd,)).editor.provider == "acme"


def test_a_broken_file_is_named(own_folder):
    message = problem("editor=broken", folders=(own_folder,))
    assert f"{own_folder}/editor/broken.yaml" in message
    assert "line" in message


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("editor=fale", ["editor=fale", "there is: ", "fake", "did you mean 'fake'?"]),
        ("instructor@instructors.long=fale", ["instructor=fale", "did you mean 'fake'?"]),
        ("rubric=nothing_like_it", ["rubric=nothing_like_it", "gated", "pico_banana"]),
        ("samples", ["'samples'", "key=value"]),
        ("samples=[3", ["'samples=[3'", "key=value"]),
        ("name=a=b", ["'name=a=b'", "key=value"]),
        ("editor=3", ["'editor=3'", "a choice is a name"]),
        ("samples=${nope}", ["samples", "'nope' not found"]),
        ("samples=${oc.env:PICOFW_NOT_SET}", ["samples", "'PICOFW_NOT_SET' not found"]),
        ("editor.provider=???", ["editor.provider", "Missing mandatory value"]),
        ("source=folder", ["source.path", "Missing mandatory value"]),
        ("mix={1: 2}", ["mix", "the key 1 is no string"]),
        ("~nosuch", ["nosuch", "does not exist"]),
        ("rubric.threshold=0.6,0.7", ["rubric.threshold=0.6,0.7", "--multirun"]),
        ("instructors.long=fake", ["instructors.long", "instructor@instructors.long=NAME", "'fake'"]),
    ],
)
def test_what_hydra_finds_wrong_is_said_without_its_noise(override, said):
    message = problem(override)
    for words in said:
        assert words in message
    for noise in ("hydra.cc", "search path", "pkg://", "full_key", "HYDRA_FULL_ERROR", "++"):
        assert noise not in message


def test_a_grid_sweep_is_expanded_as_hydra_does():
    jobs = expand_sweep(["preset=fake", "rubric.threshold=0.6,0.8", "judge=fake,other", "edit_types=[a,b]"])
    assert jobs == [
        ["preset=fake", f"rubric.threshold={threshold}", f"judge={judge}", "edit_types=[a,b]"]
        for threshold in (0.6, 0.8)
        for judge in ("fake", "other")
    ]


def test_a_sweep_over_a_range_needs_a_sweeper_that_draws_from_it():
    with pytest.raises(ConfigError, match=r"interval\(0,1\)' names no single values"):
        expand_sweep(["rubric.threshold=interval(0,1)"])
    assert expand_sweep(["rubric.threshold=interval(0,1)", "hydra/sweeper=optuna"]) == []


def test_settings_are_written_and_read_again_unchanged():
    composed = settings("mix={color_tone: 2}", "prices.m.images=0.04", "budget.usd=12.50", "edit_types=[color_tone]")
    assert RunSettings.model_validate(json.loads(composed.model_dump_json())) == composed
