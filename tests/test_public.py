"""What plugins and scripts may rely on: a name that goes, or changes its module, breaks what others wrote."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

PUBLIC = {
    "picofw.cost": "FREE Price",
    "picofw.errors": "BudgetExhausted ConfigError DamagedImage DiskFull Fatal InvalidOutput PicofwError PluginError "
    "ProviderError RateLimited Refused SourceDown SourceError StoreError Transient Unreachable",
    "picofw.hookspecs": "KINDS Kind ProviderSpec hookimpl picofw_attempt_finished picofw_check_edit picofw_config_dirs "
    "picofw_keep_photo picofw_prices picofw_providers picofw_run_finished picofw_run_started picofw_sample_finished",
    "picofw.providers": "BatchMixin Capabilities Dataset Editor Exporter Images Instructor Judge Operational Options "
    "Panel Provider Skipped Source Tagger",
    "picofw.records": "Attempt AttemptOutcome CallRef Opinion Sample SampleOutcome Turn Verdict",
    "picofw.rubric": "CriterionEntry Decision Rubric",
    "picofw.subsets": "Edit RunData chains edits preferences singles",
    "picofw.testing.contract": "EditorContract ExporterContract InstructorContract JudgeContract SourceContract "
    "TaggerContract",
    "picofw.testing.dataset": "HOSTILE MemoryDataset chain photo single small",
    "picofw.testing.fakes": "FakeEditor FakeInstructor FakeJudge FakeTagger",
    "picofw.testing.no_network": "no_network",
    "picofw.testing.supplies": "MemoryImages bundled_photo",
    "picofw.types": "Criterion EditRequest EditResult EditType ImageRef InstructRequest InstructResult JudgeRequest "
    "JudgeResult PastTurn Photo Record Region Request Result Role TagRequest TagResult Tags TurnState Usage",
    "picofw.workspace": "Workspace open_run",
}
PAGE = Path(__file__).parents[1] / "docs" / "stability.md"
NAMES = [(module, name) for module, names in PUBLIC.items() for name in names.split()]


def parsed(module: str) -> list[ast.stmt]:
    return ast.parse(Path(importlib.import_module(module).__file__).read_text()).body


def targets(statement: ast.stmt) -> list[str]:
    """The names that a statement at the top of a module gives a meaning."""
    if isinstance(statement, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return [statement.name]
    assigned = getattr(statement, "targets", None) or [getattr(statement, "target", None)]
    return [target.id for target in assigned if isinstance(target, ast.Name)]


def documentation(module: str, name: str) -> str | None:
    """A docstring of its own; below its line, for what is no class and no function."""
    statements = parsed(module)
    at = next(number for number, statement in enumerate(statements) if name in targets(statement))
    if isinstance(statements[at], ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return ast.get_docstring(statements[at])
    return ast.get_docstring(ast.Module(statements[at + 1 :], []))


@pytest.mark.parametrize("module", PUBLIC)
def test_the_public_names_are_those_that_were_promised(module):
    assert importlib.import_module(module).__all__ == PUBLIC[module].split()


def test_the_documentation_lists_the_public_modules():
    listed = re.findall(r"^\| `(picofw[.\w]+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(listed) == sorted(PUBLIC)


@pytest.mark.parametrize("module", PUBLIC)
def test_the_public_names_are_in_order(module):
    """Constants, then classes, then functions, each by name: ruff's order."""
    names = PUBLIC[module].split()
    assert names == sorted(names, key=lambda name: (not name.isupper(), name[0].islower(), name))


@pytest.mark.parametrize(("module", "name"), NAMES)
def test_every_public_name_is_there_and_says_what_it_is(module, name):
    found = getattr(importlib.import_module(module), name)
    assert documentation(found.__module__ if inspect.isclass(found) else module, name)


def test_a_class_that_a_public_signature_names_is_public():
    public = {getattr(importlib.import_module(module), name) for module, name in NAMES if name != "KINDS"}
    missing = {
        f"{module}.{name} names {found.__module__}.{found.__qualname__}"
        for module, name in NAMES
        for found in named(getattr(importlib.import_module(module), name))
        if found not in public and "." not in found.__qualname__
    }
    assert not missing


def named(thing: Any) -> Iterator[type]:
    """The classes of picofw in the annotations of a function, or of a class and its public methods."""
    members = [thing] if inspect.isroutine(thing) else []
    if inspect.isclass(thing):
        members = [thing, thing.__init__]
        members += [value for name, value in vars(thing).items() if inspect.isroutine(value) and name[0] != "_"]
    for member in members:
        for hint in typing.get_type_hints(inspect.unwrap(member)).values():
            yield from _classes(hint)


def _classes(hint: Any) -> Iterator[type]:
    if inspect.isclass(hint) and hint.__module__.startswith("picofw"):
        yield hint
    for inner in typing.get_args(hint):
        yield from _classes(inner)
