"""Who may import whom, and that commands which need nothing heavy import nothing heavy."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import picofw
from picofw.plugins import Plugins

ROOT = Path(picofw.__file__).parent
HEAVY = ("hydra", "omegaconf", "torch", "numpy", "cv2", "PIL", "google", "openai", "aiohttp", "pyarrow", "datasets")


def imported_by(*arguments: str) -> set[str]:
    """The modules that a command has imported when it ends."""
    code = (
        "import sys, json, atexit, os\n"
        "out = os.dup(2)\n"
        "atexit.register(lambda: os.write(out, json.dumps(sorted(sys.modules)).encode()))\n"
        "from picofw.cli import main\n"
        f"main({list(arguments)!r})\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stderr))


def plugin_packages() -> set[str]:
    """The packages of all installed plugins but the core's own."""
    targets = {spec.target for kind in ("instructor", "editor", "judge", "tagger") for _, spec in Plugins().specs(kind)}
    return {target.partition(".")[0] for target in targets} - {"picofw"}


@pytest.fixture(scope="module")
def for_help() -> set[str]:
    return imported_by("--help")


def test_help_imports_nothing_heavy_and_no_plugin(for_help):
    heavy = {module for module in for_help if module.partition(".")[0] in (*HEAVY, *plugin_packages())}
    assert heavy == set()
    ours = {module for module in for_help if module.startswith("picofw") and "picofw.commands" not in module}
    assert ours == {"picofw", "picofw.cli", "picofw.errors", "picofw.types"}


def test_help_of_a_command_is_as_light(for_help):
    assert imported_by("run", "--help") == for_help


def test_listing_the_plugins_loads_no_hydra():
    assert not {m for m in imported_by("plugins", "--json") if m.partition(".")[0] in ("hydra", "omegaconf")}


def test_rooms_import_downward_and_only_config_knows_hydra():
    """The contracts are in pyproject.toml."""
    lint = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([lint, "--no-cache"], cwd=ROOT.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_contracts_name_every_room_that_they_could():
    """A new room is put in its place in the layers, or it could import anything."""
    contracts = (ROOT.parent / "pyproject.toml").read_text()
    rooms = {path.stem for path in ROOT.glob("*.py")} - {"__init__", "__main__"}
    unnamed = {room for room in rooms if f"picofw.{room}" not in contracts}
    assert unnamed == {"builtin"}


def test_no_module_of_the_core_imports_a_vendor_inside_a_function():
    """The linter sees these too; this one says in which line."""
    vendors = {"google", "openai", "torch", "diffusers", "ray", "cv2"}
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in ROOT.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""])
        if name.partition(".")[0] in vendors
    ]
    assert found == []
