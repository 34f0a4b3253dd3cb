"""Discovery: one broken plugin harms nobody, and whoever chooses it is told why."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import types
from decimal import Decimal
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from rich.console import Console

from picofw.cli import main
from picofw.commands.common import BAD_USAGE
from picofw.cost import Price
from picofw.errors import ConfigError
from picofw.hookspecs import ProviderSpec, hookimpl
from picofw.listing import list_plugins, print_plugins
from picofw.plugins import Plugins
from picofw.providers import Editor, Options
from picofw.testing.fakes import FakeEditor

ACME = ProviderSpec("editor", "acme", "acme_editors:Acme", "Acme's editor")


@pytest.fixture
def plugin(monkeypatch):
    """Makes a plugin: a hook module with these hooks, and its entry point."""

    def make(name: str, **hooks) -> EntryPoint:
        module = types.ModuleType(f"plugin_{name}")
        for hook, answer in hooks.items():
            setattr(module, hook, hookimpl(_returning(hook, answer)))
        monkeypatch.setitem(sys.modules, module.__name__, module)
        return EntryPoint(name=name, value=module.__name__, group="picofw")

    return make


def _returning(hook, answer):
    def implementation():
        if isinstance(answer, Exception):
            raise answer
        return answer

    implementation.__name__ = hook
    return implementation


@pytest.fixture
def provider_module(monkeypatch):
    """Makes the module that a ProviderSpec's target names."""

    def make(**members) -> None:
        module = types.ModuleType("acme_editors")
        vars(module).update(members)
        monkeypatch.setitem(sys.modules, "acme_editors", module)

    return make


def shipped(point: EntryPoint, distribution: str, requires: list[str] | None = None) -> EntryPoint:
    """Let an installed distribution be what an entry point belongs to."""
    vars(point).update(dist=types.SimpleNamespace(name=distribution, version="1.0", requires=requires))
    return point


def error_of(plugins: Plugins, name: str) -> str:
    return next(f"{type(p.error).__name__}: {p.error}" for p in plugins.installed if p.name == name)


def test_a_provider_is_found_by_kind_and_name_and_imported_only_then(plugin, provider_module):
    plugins = Plugins([plugin("acme", picofw_providers=[ACME])])
    with pytest.raises(ConfigError, match="No module named 'acme_editors'"):
        plugins.find("editor", "acme")
    provider_module(Acme=FakeEditor)
    assert plugins.find("editor", "acme") is FakeEditor


def test_what_the_core_offers_is_there_without_any_plugin():
    plugins = Plugins([])
    assert plugins.find("editor", "fake") is FakeEditor
    assert {spec.name for _, spec in plugins.specs("source")} == {
        *("demo", "folder", "huggingface", "open_images", "webdataset")
    }


@pytest.mark.parametrize(
    ("hooks", "why"),
    [
        ({"picofw_providers": RuntimeError("no wheels for this machine")}, "no wheels for this machine"),
        ({"picofw_config_dirs": OSError("gone")}, "gone"),
        ({"picofw_prices": ValueError("odd")}, "odd"),
        ({"picofw_provider": [ACME]}, "unknown hook 'picofw_provider'"),
        ({"picofw_providers": [("editor", "acme")]}, "no ProviderSpec"),
        ({"picofw_providers": [ProviderSpec("edtor", "acme", "m:C", "")]}, "no ProviderSpec whose kind is one of"),
        ({"picofw_providers": ACME}, "not iterable"),
        ({"picofw_prices": {"acme-1": "cheap"}}, "Price"),
        ({"picofw_providers": [ACME], "picofw_prices": ValueError("odd")}, "odd"),
    ],
)
def test_a_broken_plugin_is_set_aside_whole_and_harms_nobody(plugin, hooks, why):
    good = plugin("good", picofw_providers=[ProviderSpec("editor", "good", "picofw.testing.fakes:FakeEditor", "")])
    plugins = Plugins([plugin("broken", **hooks), good])
    assert why in error_of(plugins, "broken")
    assert plugins.find("editor", "good") is FakeEditor
    assert plugins.config_dirs() == Plugins([]).config_dirs()
    plugins.notify("picofw_run_started", run="r", settings={})
    with pytest.raises(ConfigError, match=r"no installed plugin offers the editor 'acme'.*set aside as broken: broken"):
        plugins.find("editor", "acme")


def test_a_plugin_that_cannot_be_imported_is_set_aside(plugin):
    plugins = Plugins([EntryPoint(name="gone", value="no_such_module_at_all", group="picofw"), plugin("fine")])
    assert "ModuleNotFoundError" in error_of(plugins, "gone")
    assert [p.name for p in plugins.installed if p.error is None] == ["picofw", "fine"]


def test_two_plugins_of_one_name_both_work_and_each_says_whose_it_is(plugin):
    first = plugin("acme", picofw_providers=[ProviderSpec("editor", "one", "picofw.testing.fakes:FakeEditor", "")])
    plugin("other", picofw_providers=[ProviderSpec("editor", "two", "picofw.testing.fakes:FakeEditor", "")])
    second = EntryPoint(name="acme", value="plugin_other", group="picofw")
    plugins = Plugins([shipped(first, "acme-tools"), shipped(second, "acme-fork")])
    assert {p.distribution for p in plugins.installed if p.error is None} == {"", "acme-tools", "acme-fork"}
    assert [owner for owner, spec in plugins.specs("editor") if spec.name in ("one", "two")] == [
        "acme-tools",
        "acme-fork",
    ]


def test_a_name_offered_twice_is_refused_only_when_chosen_and_names_both_owners(plugin):
    plugins = Plugins([plugin("one", picofw_providers=[ACME]), plugin("two", picofw_providers=[ACME])])
    assert plugins.find("editor", "fake") is FakeEditor
    with pytest.raises(ConfigError, match="editor 'acme' is offered by one and two: uninstall one of them"):
        plugins.find("editor", "acme")
    assert sum(entry["name"] == "acme" for entry in list_plugins(plugins)["providers"]) == 2


def test_a_misspelt_name_is_answered_with_what_there_is():
    with pytest.raises(ConfigError, match=r"the editor 'fale'; there is: fake \(did you mean 'fake'\?\)"):
        Plugins([]).find("editor", "fale")


class HalfAnEditor(Editor):
    """Lacks its method."""


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (None, "does not load: AttributeError"),
        (42, "is no subclass of Editor"),
        (dict, "is no subclass of Editor"),
        (HalfAnEditor, "does not define edit"),
    ],
)
def test_a_class_that_is_no_such_provider_is_refused_when_chosen(plugin, provider_module, found, why):
    plugins = Plugins([plugin("acme", picofw_providers=[ACME])])
    provider_module(**({} if found is None else {"Acme": found}))
    with pytest.raises(ConfigError, match=f"editor 'acme' of acme.*{why}"):
        plugins.find("editor", "acme")
    listed = next(e for e in list_plugins(plugins)["providers"] if e["name"] == "acme")
    assert why in listed["error"]


class Unnamed(FakeEditor):
    """Its model is the user's to name."""

    class Options(Options):
        model: str


def test_what_is_listed_can_be_written_as_json_whatever_a_provider_declares(plugin, provider_module):
    provider_module(Acme=Unnamed)
    listing = list_plugins(Plugins([plugin("acme", picofw_providers=[ACME])]))
    listed = next(e for e in json.loads(json.dumps(listing))["providers"] if e["name"] == "acme")
    assert (listed["model"], listed["error"]) == ("", None)


def test_folders_and_prices_of_all_plugins_are_joined_and_the_first_price_counts(plugin):
    cheap, dear = Price(images=Decimal("0.01")), Price(images=Decimal("9"))
    one = plugin("a", picofw_config_dirs=[Path("/a/conf")], picofw_prices={"m": cheap})
    two = plugin("b", picofw_config_dirs=[Path("/b/conf")], picofw_prices={"m": dear, "n": dear})
    plugins = Plugins([two, one])
    assert plugins.config_dirs() == [*Plugins([]).config_dirs(), Path("/a/conf"), Path("/b/conf")]
    assert (plugins.prices()["m"], plugins.prices()["n"]) == (cheap, dear)


def test_what_an_observer_raises_is_logged_and_the_others_are_told(monkeypatch, caplog):
    told = []
    deaf = types.ModuleType("plugin_deaf")
    deaf.picofw_run_started = hookimpl(lambda run, settings: 1 / 0, specname="picofw_run_started")
    keen = types.ModuleType("plugin_keen")
    keen.picofw_run_started = hookimpl(lambda run: told.append(run), specname="picofw_run_started")
    for module in (deaf, keen):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    points = [EntryPoint(name=n, value=f"plugin_{n}", group="picofw") for n in ("deaf", "keen")]
    Plugins(points).notify("picofw_run_started", run="r", settings={})
    assert told == ["r"]
    assert "plugin deaf of deaf failed in picofw_run_started" in caplog.text
    assert "ZeroDivisionError" in caplog.text


# --- what a plugin was built for -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "requires",
    [
        None,
        ["picofw"],
        ["numpy>=99", "picofw<0.2,>=0.1"],
        ["Picofw>=0.1", "picofw-offline<0.1"],
        ["picofw>=0.9; python_version < '3'", "picofw>=0.9; extra == 'new'"],
        ["a line that nobody understands"],
    ],
)
def test_a_plugin_built_for_this_version_works(plugin, requires):
    plugins = Plugins([shipped(plugin("acme", picofw_providers=[ACME]), "acme-tools", requires)])
    assert [p.error for p in plugins.installed] == [None, None]


@pytest.mark.parametrize("required", ["picofw>=0.2,<0.3", "PicoFW<0.1"])
def test_a_plugin_built_for_another_version_is_set_aside_and_told_what_to_do(tmp_path, monkeypatch, required):
    (tmp_path / "acme_old.py").write_text("raise AssertionError('imported, for a version it does not know')")
    monkeypatch.syspath_prepend(tmp_path)
    point = shipped(EntryPoint("acme", "acme_old", "picofw"), "acme-tools", [required])
    plugins = Plugins([point])
    built_for = plugins.installed[-1].built_for
    assert error_of(plugins, "acme") == (
        f"ConfigError: it is built for picofw{built_for}, and this is picofw 0.1.0: "
        f"pip install --upgrade acme-tools, or pip install 'picofw{built_for}'"
    )
    assert list_plugins(plugins)["plugins"][-1]["built_for"] == built_for != ""


def test_a_development_version_counts_as_what_it_will_be(plugin, monkeypatch):
    monkeypatch.setattr("picofw.__version__", "0.1.1.dev3")
    plugins = Plugins([shipped(plugin("acme"), "acme-tools", ["picofw>=0.1,<0.2"])])
    assert plugins.installed[-1].error is None


# --- modules that hang or exit ---------------------------------------------------------------------------


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Makes a module that can be imported, once."""
    made = []

    def make(name: str, code: str) -> str:
        (tmp_path / f"{name}.py").write_text(code)
        made.append(name)
        return name

    monkeypatch.syspath_prepend(tmp_path)
    yield make
    for name in made:
        sys.modules.pop(name, None)


HANGS = "import threading\nthreading.Event().wait()\n"


def test_a_plugin_that_hangs_is_set_aside_and_the_others_work(plugin, module):
    point = EntryPoint("acme", module("acme_hangs", HANGS), "picofw")
    good = plugin("good", picofw_providers=[ProviderSpec("editor", "good", "picofw.testing.fakes:FakeEditor", "")])
    plugins = Plugins([shipped(point, "acme-tools"), good], import_timeout_s=0.1)
    assert error_of(plugins, "acme").startswith("ConfigError: importing acme_hangs was not done after 0.1 s")
    assert "pip uninstall acme-tools" in error_of(plugins, "acme")
    assert plugins.find("editor", "good") is FakeEditor
    with pytest.raises(ConfigError, match="set aside as broken: acme"):
        plugins.find("editor", "acme")


def test_a_plugin_that_hangs_does_not_keep_the_process(module, tmp_path):
    code = (
        "from importlib.metadata import EntryPoint\n"
        "from picofw.plugins import Plugins\n"
        f"point = EntryPoint('acme', '{module('acme_keeps', HANGS)}', 'picofw')\n"
        "print(Plugins([point], import_timeout_s=0.1).installed)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True
    )
    assert "was not done after 0.1 s" in done.stdout


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("raise SystemExit(3)", "ImportError: acme_odd exits when it is imported"),
        ("raise TimeoutError('no licence server')", "TimeoutError: no licence server"),
    ],
)
def test_a_plugin_that_exits_or_gives_up_is_set_aside_for_its_own_reason(module, code, why):
    plugins = Plugins([EntryPoint("acme", module("acme_odd", code), "picofw")])
    assert error_of(plugins, "acme") == why


def test_a_provider_that_hangs_is_listed_as_such(plugin, module):
    spec = ProviderSpec("editor", "acme", f"{module('acme_waits', HANGS)}:Acme", "")
    listing = list_plugins(Plugins([plugin("acme", picofw_providers=[spec])]), import_timeout_s=0.5)
    errors = {entry["name"]: entry["error"] for entry in listing["providers"] if entry["kind"] == "editor"}
    assert errors == {"acme": "importing acme_waits:Acme was not done after 0.5 s", "fake": None}


# --- configs -----------------------------------------------------------------------------------------------


@pytest.fixture
def notes_on(plugin, tmp_path):
    """Lists a plugin with these config files, and returns the notes on it."""

    def listed(**files: str) -> list[str]:
        for number, (group, text) in enumerate(files.items()):
            file = tmp_path / "conf" / group / f"c{number}.yaml"
            file.parent.mkdir(parents=True)
            file.write_text(text)
        plugins = Plugins([plugin("acme", picofw_providers=[ACME], picofw_config_dirs=[tmp_path / "conf"])])
        *others, listed = list_plugins(plugins)["plugins"]
        assert [other["notes"] for other in others] == [[]]
        return listed["notes"]

    return listed


def test_a_config_of_a_provider_that_nobody_offers_is_noted(notes_on):
    assert notes_on(judge="provider: acme", export="provider: acmes") == [
        "judge/c0.yaml names the judge 'acme', which no installed plugin offers",
        "export/c1.yaml names the exporter 'acmes', which no installed plugin offers",
    ]


def test_configs_of_providers_that_there_are_and_of_none_are_fine(notes_on):
    own, others = "provider: acme", "# @package _global_\nprovider: pico"
    assert notes_on(editor=own, export=others, judge="defaults: [fake]", rubric="provider: acmes") == []


def test_a_config_that_cannot_be_read_and_a_folder_that_is_not_there_are_noted(notes_on, plugin, tmp_path):
    (note,) = notes_on(editor="provider: [acme")
    assert note.startswith("editor/c0.yaml cannot be read: while parsing")
    gone = Plugins([plugin("gone", picofw_config_dirs=[tmp_path / "gone"])])
    assert list_plugins(gone)["plugins"][-1]["notes"] == [f"its folder of configs {tmp_path / 'gone'} does not exist"]


def test_choosing_a_config_of_a_provider_that_nobody_offers_says_so(tmp_path, monkeypatch, capsys, plugin):
    (tmp_path / "conf" / "editor").mkdir(parents=True)
    (tmp_path / "conf" / "editor" / "ghost.yaml").write_text("provider: ghost")
    point = plugin("acme", picofw_config_dirs=[tmp_path / "conf"])
    monkeypatch.setattr("picofw.plugins.entry_points", lambda group: [point])
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(["run", "preset=fake", "editor=ghost", "~tagger"])
    assert ended.value.code == BAD_USAGE
    assert "no installed plugin offers the editor 'ghost'; there is: fake" in capsys.readouterr().err
    assert not (tmp_path / "picofw-data").exists()


def test_what_is_printed_says_what_is_set_aside_and_noted(plugin, tmp_path):
    odd = shipped(plugin("odd", picofw_config_dirs=[tmp_path / "gone"]), "picofw-odd", ["picofw>=0.1"])
    old = shipped(EntryPoint("old", "acme_old", "picofw"), "picofw-old", ["picofw<0.1"])
    console = Console(file=io.StringIO(), width=400)
    print_plugins(console, list_plugins(Plugins([odd, old])))
    text = console.file.getvalue()
    assert "picofw-odd 1.0 (for picofw >=0.1)\n  note its folder" in text
    assert "set aside picofw-old 1.0: ConfigError: it is built for picofw<0.1" in text


def test_in_a_narrow_terminal_every_name_and_edit_type_is_whole():
    listing = list_plugins(Plugins())
    console = Console(file=io.StringIO(), width=60)
    print_plugins(console, listing)
    words = set(re.split(r"[\s,]+", console.file.getvalue()))
    for entry in listing["providers"]:
        assert {entry["name"], *(entry["edit_types"] or [])} <= words
