"""Broken plugins, as distributions that are really installed: each is told of, and harms who chooses it alone."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from wheels.installing import ROOT, Environment, build, run

OFFER = """from picofw.hookspecs import ProviderSpec, hookimpl


@hookimpl
def picofw_providers():
    return [ProviderSpec("editor", "twin", "picofw.testing.fakes:FakeEditor", "A fake")]
"""
CONFIGS = """from pathlib import Path

from picofw.hookspecs import hookimpl


@hookimpl
def picofw_config_dirs():
    return [Path(__file__).parent / "conf"]
"""
MODULES = {
    "twin-one": OFFER,
    "twin-two": OFFER,
    "crashes": "raise RuntimeError('no licence server')",
    "hangs": "import threading\nthreading.Event().wait()",
    "misspelt": OFFER.replace("picofw_providers", "picofw_provider").replace("twin", "mine"),
    "ghost": CONFIGS,
    "old": OFFER.replace("twin", "old"),
}
SAID = {  # what `picofw plugins` says of each
    "crashes": "RuntimeError: no licence server",
    "hangs": "importing picofw_hangs was not done after 10 s",
    "misspelt": "unknown hook 'picofw_provider'",
    "old": "it is built for picofw<0.1, and this is picofw 0.1.0: pip install --upgrade picofw-old, or pip install",
}


def project(name: str, folder: Path) -> Path:
    """Write the distribution picofw-NAME, and return its folder."""
    package = folder / f"picofw_{name.replace('-', '_')}"
    (package / "conf" / "editor").mkdir(parents=True)
    (package / "__init__.py").write_text(MODULES[name])
    if name == "ghost":
        (package / "conf" / "editor" / "ghost.yaml").write_text("provider: ghost\n")
    needs = "picofw<0.1" if name == "old" else "picofw>=0.1,<0.2"
    (folder / "pyproject.toml").write_text(
        f'[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n\n[project]\n'
        f'name = "picofw-{name}"\nversion = "1.0"\ndependencies = ["{needs}"]\n\n'
        f'[project.entry-points.picofw]\n{name} = "{package.name}"\n'
    )
    return folder


class Place:
    """An environment with picofw and broken plugins."""

    def __init__(self, root: Path, wheels: Iterable[Path]) -> None:
        self.work, self.environment = root / "work", Environment(root / "venv")
        self.work.mkdir()
        self.environment.install(*wheels)

    def picofw(self, *arguments: str, code: int = 0) -> str:
        return run(self.environment.picofw, *arguments, cwd=self.work, code=code)


@pytest.fixture(scope="module")
def wheels(tmp_path_factory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("wheels")
    made = {name: build("wheel", project(name, root / name), root / name / "dist") for name in MODULES}
    return made | {"picofw": build("wheel", ROOT, root / "core")}


@pytest.fixture(scope="module")
def place(wheels, tmp_path_factory) -> Place:
    """With all of them."""
    return Place(tmp_path_factory.mktemp("all"), wheels.values())


@pytest.fixture(scope="module")
def quick(wheels, tmp_path_factory) -> Place:
    """Without the one that keeps every command waiting."""
    return Place(tmp_path_factory.mktemp("quick"), [wheel for name, wheel in wheels.items() if name != "hangs"])


@pytest.fixture(scope="module")
def listing(place) -> dict[str, Any]:
    return json.loads(place.picofw("plugins", "--json"))


def test_each_that_is_broken_is_listed_with_the_reason_and_the_others_without(listing):
    errors = {plugin["name"]: plugin["error"] for plugin in listing["plugins"]}
    assert errors.keys() == {"picofw", *MODULES}
    assert {name for name, error in errors.items() if error} == SAID.keys()
    assert [name for name, words in SAID.items() if words not in errors[name]] == []


def test_a_name_that_two_offer_is_listed_twice_with_both_owners(listing):
    twins = [entry for entry in listing["providers"] if entry["name"] == "twin"]
    assert [entry["plugin"] for entry in twins] == ["picofw-twin-one", "picofw-twin-two"]
    assert {entry["error"] for entry in twins} == {
        "editor 'twin' is offered by picofw-twin-one and picofw-twin-two: uninstall one of them"
    }


def test_a_config_of_a_provider_that_nobody_offers_is_noted(listing):
    notes = {plugin["name"]: plugin["notes"] for plugin in listing["plugins"]}
    assert notes.pop("ghost") == ["editor/ghost.yaml names the editor 'ghost', which no installed plugin offers"]
    assert not any(notes.values())


def test_whoever_chooses_none_of_them_is_not_harmed(place):
    status = json.loads(place.picofw("run", "preset=fake", "samples=2", "--json"))
    assert sum(status["singles"].values()) == 2


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ("editor=ghost", "no installed plugin offers the editor 'ghost'"),
        ("editor.provider=twin", "is offered by picofw-twin-one and picofw-twin-two: uninstall one of them"),
        ("editor.provider=mine", "misspelt (PluginValidationError: unknown hook 'picofw_provider'"),
        ("editor.provider=old", "pip install --upgrade picofw-old"),
        ("editor.provider=crashes", "crashes (RuntimeError: no licence server)"),
    ],
)
def test_choosing_one_ends_with_its_reason_before_anything_is_paid(quick, choice, said):
    printed = " ".join(quick.picofw("run", "preset=fake", choice, "name=chosen", code=2).split())
    assert said in printed
    assert "Traceback" not in printed
    assert not (quick.work / "picofw-data" / "runs" / "chosen").exists()
