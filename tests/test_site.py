"""The site is built without a complaint and a network, and its reference is that of the code."""

from __future__ import annotations

import html
import importlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from documented.pages import ROOT
from pydantic import BaseModel
from test_public import NAMES

from picofw import errors
from picofw.cli import COMMANDS, make_parser
from picofw.config import conf_dir
from picofw.hookspecs import KINDS
from picofw.plugins import Plugins
from picofw.settings import RunSettings


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """The built site; a link that leads nowhere or a setting that nobody explains ends the build."""
    folder = tmp_path_factory.mktemp("site")
    build = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(build, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def reference(site) -> str:
    return "".join(file.read_text() for file in sorted(site.glob("reference/*/index.html")))


def page(site: Path, name: str) -> str:
    return (site / name / "index.html").read_text()


def text(site: Path, name: str) -> str:
    """What a reader sees of a page."""
    return html.unescape(re.sub(r"<[^>]+>", "", page(site, name)))


def keys(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """The dotted keys of all settings; NAME stands for a key of a user's."""
    for name, field in model.model_fields.items():
        yield prefix + name
        for nested in (field.annotation, *get_args(field.annotation)):
            if isinstance(nested, type) and issubclass(nested, BaseModel) and nested.__name__ != "Choice":
                yield from keys(nested, f"{prefix}{name}.{'NAME.' if nested is not field.annotation else ''}")


def test_nothing_is_loaded_from_elsewhere(site):
    for file in site.rglob("*.html"):
        loaded = re.findall(
            r"<(?:script|link|img|iframe|source)[^>]*(?:src|href)=\"?(\w+:)?//([^\"> ]*)", file.read_text()
        )
        assert loaded == [], file


def test_every_setting_is_in_the_reference_once(site):
    documented = re.findall(r"<tr>\s*<td><code>([\w.]+)</code></td>", page(site, "reference/configuration"))
    assert documented == list(keys(RunSettings))
    assert {"rubric.criteria.NAME.floor", "limits.by_key.NAME.concurrency", "attempts.max"} < set(documented)


def test_settings_have_the_type_default_and_meaning_of_the_code(site):
    row = next(line for line in text(site, "reference/configuration").split("attempts.max\n")[1:])
    assert row.startswith("int, ≥ 1, ≤ 20\n3\nAttempts at one instruction")
    assert "\n40\nHow many single edits are planned" in text(site, "reference/configuration")  # as the config has it


def test_every_choice_of_every_group_is_in_the_reference_with_its_options(site):
    shown = text(site, "reference/configuration")
    for folder in (conf_dir(), *Plugins().config_dirs()):
        for file in folder.glob("*/*.yaml"):
            assert file.read_text().strip() in shown, file


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_in_the_reference_with_each_of_its_arguments(site, name):
    shown = text(site, "reference/commands").partition(f"usage: picofw {name} ")[2].partition("usage: ")[0]
    assert COMMANDS[name].HELP in shown
    commands = next(action for action in make_parser()._actions if action.dest == "name")
    for action in commands.choices[name]._actions:
        assert all(option in shown for option in action.option_strings)
        assert " ".join((action.help or "").split()) in " ".join(shown.split())


@pytest.mark.parametrize(("module", "name"), NAMES)
def test_every_public_name_and_all_its_own_fields_are_in_the_reference(reference, module, name):
    found = getattr(importlib.import_module(module), name)
    fields = (
        getattr(found, "model_fields", getattr(found, "__dataclass_fields__", {})) if isinstance(found, type) else {}
    )
    own = [field for field in fields if field in vars(found)["__annotations__"]]
    assert reference.count(f'id="{module}.{name}"') == 1
    assert [field for field in own if f'title="{module}.{name}.{field}"' not in reference] == []


def test_every_error_is_in_the_tree_of_errors(site):
    tree = page(site, "reference/errors").partition(f'id="{errors.__name__}.PicofwError"')[0]
    assert [name for name in errors.__all__ if not re.search(rf"<li>\s*(<p>)?{name}\b", tree)] == []


def test_every_kind_of_provider_is_among_the_interfaces(site):
    shown = page(site, "reference/interfaces")
    assert [kind for kind in KINDS if f'id="picofw.providers.{kind.capitalize()}"' not in shown] == []
