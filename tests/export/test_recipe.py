"""The settings that travel with an export make the same run again."""

from __future__ import annotations

import json
from pathlib import Path

import yaml
from export.made import Made, settings, small
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st
from omegaconf import OmegaConf

from picofw.config import compose_settings
from picofw.export import write
from picofw.export.pico import Pico
from picofw.export.recipe import FOLDER, NAME, portable, recipe
from picofw.settings import data_settings


def again(folder: Path, text: str, *overrides: str) -> dict:
    path = folder / NAME
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return data_settings(
        compose_settings([f"hydra.searchpath=[{folder / FOLDER}]", "preset=exported", *overrides], []), {}
    )


def test_the_preset_of_an_export_gives_all_settings_that_determine_its_data(tmp_path):
    write(small(), Pico(Pico.Options()), tmp_path / "out")
    text = (tmp_path / "out" / NAME).read_text()
    assert "somebody" not in text
    assert portable({"data": again(tmp_path, text)}) == portable(settings())


def test_what_the_run_did_not_have_does_not_come_back_from_the_defaults(tmp_path):
    fewer = {
        key: value
        for key, value in settings()["data"].items()
        if not key.startswith("taxonomy.types.") or key.startswith("taxonomy.types.zoom_in.")
    }
    found = again(tmp_path, recipe({"data": {**fewer, "tagger": None}}, "1"))
    assert {key.split(".")[2] for key in found if key.startswith("taxonomy.types.")} == {"zoom_in"}
    assert found["tagger"] is None


@limits(deadline=None)
@given(st.text(alphabet="\\${}a:'\"\n,[]#é", max_size=12))
def test_texts_come_back_as_they_were_whatever_they_hold(text):
    written = OmegaConf.create(yaml.safe_load(recipe({"data": settings()["data"] | {"mix": text}}, "1")))
    assert OmegaConf.to_container(written, resolve=True)["mix"] == text


def test_an_import_of_unknown_origin_has_none(tmp_path):
    made = Made(list(small().samples()))
    made.settings = {**settings(), "data": {"rubric.name": "gated"}}
    assert recipe(made.settings, "1") is None
    write(made, Pico(Pico.Options()), tmp_path / "out")
    assert not (tmp_path / "out" / FOLDER).exists()
    assert json.loads((tmp_path / "out" / "picofw-export.json").read_text())["settings"] == portable(made.settings)
