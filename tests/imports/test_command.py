"""``picofw import`` as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from export.made import small
from imports.bringing import exported

from picofw.cli import main
from picofw.export.pico import Pico


def picofw(*arguments: object) -> int:
    with pytest.raises(SystemExit) as done:
        main([str(argument) for argument in arguments])
    return int(done.value.code or 0)


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return exported(small(), Pico(Pico.Options()), tmp_path / "there")


def test_an_import_says_what_came_and_the_other_commands_know_the_run(folder, capsys):
    assert picofw("import", "pico", folder, "name=back") == 0
    assert capsys.readouterr().out == "run back: 2 singles, 1 chains, 3 of them new\n"
    assert picofw("status", "back", "--json") == 0
    assert json.loads(capsys.readouterr().out)["subsets"] == {"sft": 2, "preference": 1, "multi_turn": 1}
    assert picofw("verify", "back") == 0
    assert picofw("export", "back", "--format", "hf", "--out", "hf") == 0


def test_what_is_skipped_is_said_and_listed(folder, capsys):
    (folder / "images" / "source" / "p2.png").unlink()
    assert picofw("import", "pico", folder, "name=back", "--json") == 0
    said = capsys.readouterr()
    assert "skipped: provenance.jsonl, line 2: 'images/source/p2.png' is missing" in said.err
    found = json.loads(said.out)
    assert (found["singles"], found["skipped"]) == (1, 1)
    assert Path(found["skipped_file"]).read_text().count("\n") == 1


def test_an_import_that_brings_nothing_fails(folder):
    (folder / "provenance.jsonl").write_text("")
    assert picofw("import", "pico", folder, "name=back") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "say what to call the run: name=NAME"),
        (["name=a/b"], "name: String should match pattern"),
        (["name=a", "photo=x"], "photo: unknown key; there is: name, photos, index (did you mean 'photos'?)"),
        (["name=a", "photos"], "'photos' is no option of the form key=value"),
    ],
)
def test_a_mistake_is_told_and_nothing_is_made(folder, capsys, arguments, message):
    assert picofw("import", "pico", folder, *arguments) == 2
    assert message in capsys.readouterr().err
    assert not Path("picofw-data").exists()


def test_the_help_says_that_a_set_of_pairs_may_be_a_file(capsys):
    assert picofw("import", "--help") == 0
    assert "of a set of pairs also a file" in " ".join(capsys.readouterr().out.split())
