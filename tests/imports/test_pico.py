"""Exports in the pico format, whole, changed, and without their photos."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from export.made import Made, photo, single, small
from imports.bringing import exported, skipped, take

from picofw.errors import ConfigError
from picofw.export import manifest
from picofw.export.pico import Pico


@pytest.fixture
def folder(tmp_path) -> Path:
    return exported(small(), Pico(Pico.Options()), tmp_path / "there")


def test_an_image_that_has_changed_is_not_taken_for_what_was_judged(tmp_path, folder):
    images = folder / "images" / "positive-edit"
    shutil.copy(images / "bb.png", images / "aa.png")
    report = take("pico", folder, tmp_path / "w")
    assert skipped(report) == [
        "provenance.jsonl, line 1: 'images/positive-edit/aa.png' is not what was exported: its content has changed"
    ]


def test_a_provenance_that_names_files_elsewhere_is_not_followed(tmp_path, folder):
    path = folder / "provenance.jsonl"
    path.write_text(path.read_text().replace("images/source/p2.png", "../p2.png"))
    (problem,) = skipped(take("pico", folder, tmp_path / "w"))
    assert "'../p2.png' leads out of" in problem


@pytest.mark.parametrize(("change", "why"), [({"turns": []}, "no accepted edit"), ({"photo": {}}, "photo.id: Field")])
def test_a_record_without_what_a_sample_needs_is_listed(tmp_path, folder, change, why):
    path = folder / "provenance.jsonl"
    first, *rest = path.read_text().splitlines()
    path.write_text("\n".join([json.dumps(json.loads(first) | change), "[]", *rest]))
    problems = skipped(take("pico", folder, tmp_path / "w"))
    assert why in problems[0]
    assert problems[1] == "provenance.jsonl, line 2: not a record"
    assert len(problems) == 2


@pytest.mark.parametrize("key", ["id", "base"])
def test_a_record_with_half_a_character_is_listed_and_the_others_come(tmp_path, folder, key):
    path = folder / "provenance.jsonl"
    first, *rest = path.read_text().splitlines()
    path.write_text("\n".join([json.dumps(json.loads(first) | {key: "\ud800"}), *rest]))
    report = take("pico", folder, tmp_path / "w")
    (problem,) = skipped(report)
    assert problem.startswith('provenance.jsonl, line 1: its text has half a character, "\\ud800"')
    assert report.new == len(rest)


def test_photos_that_the_export_does_not_have_are_found_by_their_names(tmp_path):
    of = photo("p1", url="https://x.org/hills/one.png?size=o")
    whole = exported(Made([single("aa", of=of)]), Pico(Pico.Options()), tmp_path / "whole")
    bare = exported(Made([single("aa", of=of)]), Pico(Pico.Options(include_source_images=False)), tmp_path / "bare")
    assert "is missing" in skipped(take("pico", bare, tmp_path / "w"))[0]
    (tmp_path / "photos" / "of" / "mine").mkdir(parents=True)
    shutil.copy(whole / "images" / "source" / "p1.png", tmp_path / "photos" / "of" / "mine" / "one.png")
    assert take("pico", bare, tmp_path / "w", photos=tmp_path / "photos").singles == 1


def test_an_export_without_its_provenance_is_told_of_and_can_be_read_as_published_files(tmp_path, folder):
    (folder / "provenance.jsonl").unlink()
    with pytest.raises(ConfigError, match=r"provenance\.jsonl is missing.*take picofw-export\.json away"):
        take("pico", folder, tmp_path / "w")
    (folder / manifest.NAME).unlink()
    assert take("pico", folder, tmp_path / "w").singles > 0


def test_an_export_in_another_format_or_of_an_unknown_taxonomy_is_a_users_mistake(tmp_path, folder):
    with pytest.raises(ConfigError, match="is an export in the format pico, not hf"):
        take("hf", folder, tmp_path / "w")
    head = json.loads((folder / manifest.NAME).read_text())
    (folder / manifest.NAME).write_text(json.dumps(head | {"settings": {}}))
    with pytest.raises(ConfigError, match="does not say by which taxonomy and rubric"):
        take("pico", folder, tmp_path / "w")
    with pytest.raises(ConfigError, match="is no folder"):
        take("pico", tmp_path / "no", tmp_path / "w")
