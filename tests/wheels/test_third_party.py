"""The plugin of a service that picofw has never heard of, written from the documentation alone, as its users get it."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from test_public import NAMES, PUBLIC
from wheels.installing import ROOT, Environment, build, run

PROJECT = Path(__file__).with_name("picofw-darkroom")
KEY = "a-key-of-darkroom"


class Place:
    """picofw's and the plugin's wheels in an environment of their own, and the service."""

    def __init__(self, root: Path) -> None:
        self.work, self.log = root / "work", root / "orders.jsonl"
        self.work.mkdir()
        self.environment = Environment(root / "venv")
        self.environment.install(build("wheel", ROOT, root / "core"), build("wheel", PROJECT, root / "plugin"))
        self.url = ""

    def picofw(self, *arguments: str, code: int = 0, **env: str) -> str:
        variables = {"DARKROOM_API_KEY": KEY, **env}
        return run(self.environment.picofw, *arguments, cwd=self.work, code=code, env=variables)

    def run(self, *overrides: str) -> dict[str, Any]:
        arguments = ["preset=fake", "editor=darkroom", f"editor.base_url={self.url}", "samples=4", "chains.share=0"]
        return json.loads(self.picofw("run", *arguments, "budget.usd=5", *overrides, "--json"))

    def orders(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Iterator[Place]:
    place = Place(tmp_path_factory.mktemp("third"))
    command = [sys.executable, PROJECT / "tests" / "darkroom_service.py", place.log]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as service:
        assert service.stdout is not None
        place.url = service.stdout.readline().strip()
        yield place
        service.terminate()


def test_it_uses_nothing_but_what_is_public():
    used = set()
    for path in PROJECT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module.partition(".")[0] == "picofw":
                used |= {(node.module, name.name) for name in node.names}
    modules = {("picofw", module.partition(".")[2]) for module in PUBLIC}
    assert used <= set(NAMES) | modules
    assert len(used) > 10


def test_it_keeps_the_contract_where_it_is_installed(place):
    tests = shutil.copytree(PROJECT / "tests", place.work / "tests")
    pytest_run = ["-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", "-c", PROJECT / "pyproject.toml"]
    printed = run(place.environment.python, *pytest_run, "--rootdir", place.work, tests, cwd=place.work)
    assert " passed" in printed


def test_it_is_chosen_by_name_and_paid_for_once_at_its_own_price(place):
    status = place.run("name=first")
    assert sum(status["singles"].values()) == 4
    orders = place.orders()
    spent = [entry for entry in status["spend"]["by"] if entry["role"] == "editor"]
    assert {entry["model"] for entry in spent} == {"silver-2"}
    assert sum(float(entry["usd"]) for entry in spent) == pytest.approx(0.03 * len(orders))
    assert set(Counter(json.dumps(order) for order in orders).values()) == {1}, "no order is sent twice"

    place.run("name=again")  # all of it is in the store
    assert place.orders() == orders
    place.run("name=bold", "editor.contrast=0.9")
    assert {order["contrast"] for order in place.orders()[len(orders) :]} == {0.9}


def test_its_key_is_missed_before_anything_is_paid_and_is_written_nowhere(place):
    arguments = ["preset=fake", "editor=darkroom", f"editor.base_url={place.url}", "samples=4", "name=keyless"]
    said = place.picofw("run", *arguments, code=2, DARKROOM_API_KEY="")
    assert "DARKROOM_API_KEY" in said
    assert "Traceback" not in said
    place.run("name=kept")
    data = [path for path in (place.work / "picofw-data").rglob("*") if path.is_file()]
    assert data
    assert not [path for path in data if KEY.encode() in path.read_bytes()]


def test_it_is_listed_with_what_it_is_built_for(place):
    listing = json.loads(place.picofw("plugins", "--json"))
    (plugin,) = [plugin for plugin in listing["plugins"] if plugin["name"] == "darkroom"]
    assert (plugin["distribution"], plugin["version"]) == ("picofw-darkroom", "0.3.1")
    assert (plugin["built_for"], plugin["error"], plugin["notes"]) == ("<0.2,>=0.1", None, [])
