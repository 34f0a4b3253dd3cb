"""What can be told before anything is opened, written or paid."""

from __future__ import annotations

import asyncio

import pytest
from rehearsal import POINT, make_plugin

from picofw.config import compose_settings
from picofw.errors import ConfigError
from picofw.hookspecs import ProviderSpec, hookimpl
from picofw.plugins import Plugins
from picofw.prepare import Prepared, check_keys, prepare
from picofw.providers import Capabilities
from picofw.run import run
from picofw.session import Watcher
from picofw.slots import digest_options
from picofw.subsets import RunData
from picofw.testing.fakes import FakeEditor, FakeInstructor, FakeJudge
from picofw.workspace import open_existing


def prepared(*overrides: str) -> Prepared:
    plugins = Plugins([POINT])
    settings = compose_settings(["preset=fake", "source.provider=drawn", *overrides], plugins.config_dirs())
    return prepare(settings, plugins)


def problem(*overrides: str) -> str:
    with pytest.raises(ConfigError) as caught:
        prepared(*overrides)
    return str(caught.value)


def test_an_editor_without_limits_can_do_the_whole_taxonomy():
    found = prepared()
    assert len(found.edit_types) == 35
    assert found.left_out == {}


def test_types_that_the_editor_cannot_do_are_left_out_and_named():
    found = prepared("editor.provider=narrow")
    assert list(found.edit_types) == ["color_tone", "zoom_in"]
    assert len(found.left_out) == 33
    assert set(found.left_out.values()) == {"editor"}
    assert set(found.weights) == {"color_tone", "zoom_in"}


@pytest.mark.parametrize(
    ("override", "key"),
    [("edit_types=[color_tone,season]", "edit_types"), ("mix={color_tone: 1, season: 2}", "mix")],
)
def test_a_type_that_is_asked_for_by_name_and_cannot_be_done_is_refused(override, key):
    assert problem("editor.provider=narrow", override) == (
        f"{key}: 'season' cannot be done by editor=narrow; all providers chosen can do: color_tone"
        + (", zoom_in" if key == "mix" else "")
    )


def test_a_weight_of_zero_asks_for_nothing():
    assert prepared("editor.provider=narrow", "mix={color_tone: 1, season: 0}").weights["color_tone"] == 1


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["edit_types=[seson]"], "edit_types: taxonomy 'pico_banana' has no type 'seson'; did you mean season?"),
        (["edit_types=[]"], "edit_types: none is left of taxonomy 'pico_banana'"),
        (["mix={seson: 1}"], "mix: taxonomy 'pico_banana' has no type 'seson'; did you mean season?"),
        (["mix={season: -1}"], "mix: the weight of 'season' is -1.0"),
        (["mix={season: 0}"], "mix: every type of taxonomy 'pico_banana' has weight 0"),
        (["editor.provider=fale"], "no installed plugin offers the editor 'fale'; there is: fake"),
        (["judge.sucess=0.5"], "judge.sucess: unknown key; there is: seed, model"),
        (["judge.success=1.5"], "judge.success"),
        (["instructors.short.modle=x"], "instructors.short.modle: unknown key"),
        (["budget.usd=5", "editor.model=m", "judge.model=n"], "the model of editor ('m'), judge ('n')"),
    ],
)
def test_what_is_wrong_is_told(overrides, said):
    assert said in problem(*overrides)


def test_a_budget_can_be_held_once_every_model_has_a_price():
    found = prepared("budget.usd=5", "editor.model=m", "prices={m: {images: 0.04}}")
    assert str(found.prices["m"].images) == "0.04"


def test_the_users_price_comes_before_the_plugins():
    assert prepared("prices={fake: {images: 1}}").prices["fake"].images == 1


def test_the_name_does_not_depend_on_how_calls_are_made():
    name = prepared().name
    assert prepared("editor.latency_s=3", "limits.concurrency=99", "prices={fake: {images: 1}}").name == name
    assert prepared("editor.width=65").name != name
    assert prepared("source.photos=31").name != name


# --- keys --------------------------------------------------------------------------------------------


@pytest.fixture
def keyed(monkeypatch):
    """Prepares a run whose editor and judge need keys; two of three are set."""

    class Paying(FakeEditor):
        class Options(FakeEditor.Options):
            key_env: str | None = "ACME_KEY"

    class Panel(FakeJudge):
        class Options(FakeJudge.Options):
            judges: tuple[dict[str, str], ...] = ({"key_env": "ACME_KEY"}, {"key_env": "OTHER_KEY"}, {"env": "NO_KEY"})

    @hookimpl
    def picofw_providers():
        return [
            ProviderSpec("editor", "paying", "plugin_keyed:Paying", ""),
            ProviderSpec("judge", "panel", "plugin_keyed:Panel", ""),
        ]

    point = make_plugin(monkeypatch, "keyed", Paying=Paying, Panel=Panel, picofw_providers=picofw_providers)
    monkeypatch.setenv("ACME_KEY", "acme-key-1")
    monkeypatch.setenv("OTHER_KEY", "other-key-1")

    def make(*overrides):
        plugins = Plugins([POINT, point])
        chosen = ["editor.provider=paying", "judge.provider=panel", *overrides]
        return prepare(compose_settings(["preset=fake", *chosen], plugins.config_dirs()), plugins)

    return make


def test_a_run_whose_keys_are_set_may_start(keyed):
    check_keys(keyed())
    check_keys(keyed("editor.key_env=null"))


def test_all_keys_that_are_missing_are_told_at_once_with_who_needs_them(keyed, monkeypatch):
    monkeypatch.delenv("ACME_KEY")
    monkeypatch.setenv("OTHER_KEY", " ")
    with pytest.raises(ConfigError) as caught:
        check_keys(keyed())
    assert str(caught.value) == (
        "the environment lacks ACME_KEY, which holds the key of editor, judge and OTHER_KEY, which holds the key of "
        "judge: set it (export NAME=...), or name another variable in the option that ends in _env"
    )


# --- providers made of others --------------------------------------------------------------------------


def pooled(*overrides: str) -> Prepared:
    """A pool of editors, chosen as any other provider is, and what it works with likewise."""
    plugins = Plugins([POINT])
    base = ["preset=fake", "source.provider=drawn", "~editor", "+editor.provider=pool", "editor.inner=fake"]
    return prepare(compose_settings([*base, *overrides], plugins.config_dirs()), plugins)


def test_a_provider_within_a_provider_is_chosen_by_name_and_its_options_follow():
    found = pooled("editor.inner.model=other", "editor.replicas=3").providers["editor"][2]
    assert type(found.parts["inner"]) is FakeEditor
    assert found.model == "other"
    assert found.options.replicas == 3


def test_what_is_wrong_within_is_told_by_its_whole_key():
    with pytest.raises(ConfigError, match=r"^editor\.inner\.modle: unknown key; .*did you mean 'model'"):
        pooled("editor.inner.modle=x")
    with pytest.raises(ConfigError, match=r"^editor\.inner: choose a provider, e\.g\. editor\.inner=fake"):
        pooled("editor.inner.provider=''")
    with pytest.raises(ConfigError, match="editor=fak: there is no such choice"):
        pooled("editor.inner=fak")


def test_how_a_part_is_called_is_neither_in_the_runs_data_nor_in_its_calls_names():
    plain, quick, other = (
        pooled(),
        pooled("editor.inner.latency_s=3", "editor.replicas=2"),
        pooled("editor.inner.model=x"),
    )
    assert plain.data == quick.data
    assert plain.data["editor.inner.model"] == "fake"
    digests = [digest_options("editor", "pool", found.providers["editor"][2]) for found in (plain, quick, other)]
    assert digests[0] == digests[1] != digests[2]


def test_a_run_through_a_pool_is_like_any_other(tmp_path):
    log = tmp_path / "calls.jsonl"
    found = pooled(f"workspace={tmp_path / 'w'}", "samples=4", "tagger=null", f"editor.inner.call_log={log}")
    assert asyncio.run(run(found, Plugins([POINT]), Watcher())) is None
    opened = open_existing(tmp_path / "w")
    made = [
        attempt for edit in RunData(opened, found.name).samples() for turn in edit.turns for attempt in turn.attempts
    ]
    assert {attempt.edit.provider for attempt in made} == {"pool"}
    assert len(log.read_text().splitlines()) == len({attempt.edit.digest for attempt in made})


def test_an_instructor_that_heeds_no_region_is_given_none(monkeypatch):
    class Deaf(FakeInstructor):
        capabilities = Capabilities()

    point = make_plugin(
        monkeypatch,
        "deaf",
        Deaf=Deaf,
        picofw_providers=hookimpl(
            lambda: [ProviderSpec("instructor", "deaf", "plugin_deaf:Deaf", "Heeds no region")],
            specname="picofw_providers",
        ),
    )
    plugins = Plugins([POINT, point])
    base = ["preset=fake", "source.provider=drawn", "instructors.long.provider=deaf"]
    assert prepare(compose_settings(base, plugins.config_dirs()), plugins)
    with pytest.raises(ConfigError, match=r"^regions\.share=0\.5: instructors\.long=deaf cannot write about a given"):
        prepare(compose_settings([*base, "regions.share=0.5"], plugins.config_dirs()), plugins)
