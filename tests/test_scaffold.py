"""A plugin that `picofw new-plugin` writes is complete: it is clean, passes its own tests, and runs as it is."""

from __future__ import annotations

import importlib.metadata
import json
import keyword
import os
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import pytest
import yaml
from documented import installer
from hypothesis import given
from hypothesis import strategies as st

import picofw
from picofw.cli import main
from picofw.commands.common import BAD_USAGE, DONE
from picofw.errors import ConfigError
from picofw.hookspecs import KINDS
from picofw.plugins import Plugins
from picofw.scaffold.generate import new_plugin

BIN = Path(sys.executable).parent
ROOT = Path(picofw.__file__).parents[1]
PHOTOS = Path(picofw.__file__).parent / "sources" / "photos"
LONGEST = "a" * 30
CORE = Plugins([])
NOT_TEXT = {"null", "true", "false", "nan", "inf", "on", "off", "yes", "no", "y", "n"}
RUNS = {  # the exporter's own test does a run
    "editor": ["editor=my-editor", "source=demo"],
    "judge": ["judge=my-judge"],
    "instructor": [f"instructor@instructors.{slot}=my-instructor" for slot in ("long", "short")],
    "tagger": ["tagger=my-tagger", "source=folder", f"source.path={PHOTOS}", "source.metadata=null"],
    "source": ["source=my-source"],
}


class Place:
    """Generated plugins of all kinds, ``my-editor`` and so on, and an environment in which they are installed."""

    def __init__(self, root: Path) -> None:
        self.work, self.site = root / "work", root / "site"
        self.work.mkdir()
        self.site.mkdir()
        self.folders = {kind: new_plugin(f"my-{kind}", kind, root, CORE)[0] for kind in KINDS}
        for folder in self.folders.values():
            installer.install(folder, self.site)

    def run(self, *command: str | Path, cwd: Path | None = None) -> str:
        done = subprocess.run(
            command,
            cwd=cwd or self.work,
            env={**os.environ, "PYTHONPATH": str(self.site)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Place:
    return Place(tmp_path_factory.mktemp("place"))


@pytest.mark.parametrize("kind", KINDS)
def test_it_passes_its_own_tests(place, kind):
    pytest_run = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider"]
    printed = place.run(*pytest_run, cwd=place.folders[kind])
    assert " passed" in printed


@pytest.mark.parametrize("kind", RUNS)
def test_it_runs_in_the_pipeline_as_it_is(place, kind):
    run = ["run", "preset=fake", "samples=4", "chains.share=0", f"name={kind}", "--json", *RUNS[kind]]
    assert json.loads(place.run(BIN / "picofw", *run))["singles"]["accepted"] > 0


def test_they_are_listed_without_a_note(place):
    listing = json.loads(place.run(BIN / "picofw", "plugins", "--json"))
    plugins = [plugin for plugin in listing["plugins"] if plugin["name"].startswith("my-")]
    assert [(p["error"], p["notes"]) for p in plugins] == [(None, [])] * len(KINDS)
    providers = [entry for entry in listing["providers"] if entry["name"].startswith("my-")]
    assert [(entry["kind"], entry["name"], entry["error"]) for entry in providers] == [
        (kind, f"my-{kind}", None) for kind in KINDS
    ]


def test_it_says_which_picofw_it_is_built_for(place):
    for folder in place.folders.values():
        project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
        assert project["dependencies"][0] == "picofw>=0.1,<0.2"


def test_the_type_checker_finds_nothing(place):
    packages = [folder / f"picofw_my_{kind}" for kind, folder in place.folders.items()]
    tests = [folder / "tests" / f"test_{kind}.py" for kind, folder in place.folders.items()]
    settings = place.folders["editor"] / "pyproject.toml"
    cache = ["--cache-dir", ROOT / ".mypy_cache"]
    place.run(BIN / "mypy", *cache, "--config-file", settings, *packages, *tests)


@pytest.mark.parametrize("name", ["a", "my-own", LONGEST])
@pytest.mark.parametrize("kind", KINDS)
def test_it_is_clean_however_long_its_name_is(kind, name, tmp_path):
    folder, _ = new_plugin(name, kind, tmp_path, CORE)
    for command in ("check", "format --check"):  # with the rules of picofw itself, and with its own
        for config in (["--config", ROOT / "pyproject.toml"], []):
            ruff = [BIN / "ruff", *command.split(), "--no-cache", *config, "."]
            done = subprocess.run(ruff, cwd=folder, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout


# --- names and folders -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "cannot be a plugin's name"),
        ("Acme", "small letters, digits and single dashes"),
        ("9lives", "begins with a letter"),
        ("acme_2", "single dashes"),
        ("a--b", "single dashes"),
        ("acme-", "single dashes"),
        ("acme\n", "single dashes"),
        ("../acme", "single dashes"),
        ("école", "small letters"),
        (LONGEST + "a", "at most 30 characters"),
        ("class", "a word of Python's"),
        ("null", "a word of Python's or of the config files'"),
        ("off", "a word of Python's or of the config files'"),
        ("fake", "picofw offers the editor 'fake' already"),
    ],
)
def test_a_name_that_would_not_work_is_refused_and_nothing_is_written(name, why, tmp_path):
    with pytest.raises(ConfigError, match=why):
        new_plugin(name, "editor", tmp_path, CORE)
    assert list(tmp_path.iterdir()) == []


@given(st.from_regex(r"[a-z][a-z0-9]{0,9}(-[a-z0-9]{1,9}){0,2}", fullmatch=True))
def test_any_name_that_is_allowed_makes_modules_that_compile_and_configs_that_name_it(name):
    with tempfile.TemporaryDirectory() as folder:
        try:
            made, _ = new_plugin(name, "judge", Path(folder), CORE)
        except ConfigError:
            assert keyword.iskeyword(name) or name in NOT_TEXT or name == "fake" or is_installed(name)
            return
        for module in made.rglob("*.py"):
            compile(module.read_text(), module, "exec")
        (config,) = made.rglob("*.yaml")
        assert config.stem == yaml.safe_load(config.read_text())["provider"] == name
        assert name in tomllib.loads((made / "pyproject.toml").read_text())["project"]["entry-points"]["picofw"]


def is_installed(name: str) -> bool:
    return f"picofw-{name}" in {distribution.name for distribution in importlib.metadata.distributions()}


def test_a_distribution_that_is_installed_is_not_written_again(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.metadata.distribution", lambda name: name)
    with pytest.raises(ConfigError, match="picofw-acme is installed already: choose another name, or pip uninstall"):
        new_plugin("acme", "editor", tmp_path, CORE)
    assert list(tmp_path.iterdir()) == []


def test_what_exists_is_left_as_it_is(tmp_path):
    (tmp_path / "picofw-acme").mkdir()
    (tmp_path / "picofw-acme" / "mine.txt").write_text("mine")
    with pytest.raises(ConfigError, match=r"picofw-acme exists already: choose another name or --out, or remove it"):
        new_plugin("acme", "editor", tmp_path, CORE)
    assert [path.name for path in (tmp_path / "picofw-acme").iterdir()] == ["mine.txt"]


def test_a_folder_that_cannot_be_made_is_said_so(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"picofw-acme cannot be written"):
        new_plugin("acme", "editor", tmp_path / "file", CORE)


# --- the command -----------------------------------------------------------------------------------------


def command(*arguments: str | Path) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["new-plugin", *map(str, arguments)])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_the_command_ends_with_what_to_do_next(tmp_path, capsys):
    assert command("acme", "--kind", "editor", "--out", tmp_path / "new") == DONE
    said, *commands = capsys.readouterr().out.splitlines()
    assert said == f"{tmp_path / 'new' / 'picofw-acme'} works as it is. Go on with:"
    assert [line.strip() for line in commands] == [
        f"cd {tmp_path / 'new' / 'picofw-acme'}",
        "pip install -e '.[test]' && pytest",
        "picofw run editor=acme source=demo samples=4",
    ]


def test_a_mistake_is_told_in_a_message(tmp_path, capsys):
    assert command("acme", "--kind", "editor", "--out", tmp_path) == DONE
    for wrong in (["acme", "--kind", "editor"], ["Acme", "--kind", "judge"], ["other", "--kind", "edtor"], ["other"]):
        capsys.readouterr()
        assert command(*wrong, "--out", tmp_path) == BAD_USAGE
        out, err = capsys.readouterr()
        assert not out
        assert "error: " in err
        assert "Traceback" not in err
    assert [path.name for path in tmp_path.iterdir()] == ["picofw-acme"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_command_takes_every_kind(kind, tmp_path):
    assert command("acme", "--kind", kind, "--out", tmp_path) == DONE
