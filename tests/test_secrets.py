"""A key in the environment, and a provider that repeats it wherever it can: it is found nowhere."""

from __future__ import annotations

import asyncio
import logging
import os
import string
from pathlib import Path

import hypothesis.strategies as st
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from rehearsal import Rehearsal, make_plugin

from picofw.errors import ConfigError, Fatal, InvalidOutput, Refused, Transient
from picofw.export import write
from picofw.hookspecs import ProviderSpec, hookimpl
from picofw.plugins import Plugins
from picofw.providers import Options
from picofw.secrets import hide, named_by
from picofw.subsets import RunData
from picofw.testing.fakes import FakeEditor
from picofw.workspace import open_existing

SECRET = "sk-4f9d2c71-do-not-tell"


class Leaky(FakeEditor):
    """Repeats its key in results, refusals, faults of every kind, and logs."""

    class Options(FakeEditor.Options):
        key_env: str = "ACME_KEY"
        closing: bool = False
        wrong_key: bool = False

    async def aopen(self, images):
        await super().aopen(images)
        self.key = os.environ[self.options.key_env]
        self.told = 0
        if self.options.closing:
            raise ValueError(f"cannot connect with {self.key}")

    async def edit(self, request):
        self.told += 1
        logging.getLogger("picofw.acme").warning("sending %s", self.key)
        raw = {"headers": {"Authorization": f"Bearer {self.key}"}}
        if self.options.wrong_key:
            raise Fatal(f"the key {self.key} is not valid", raw=raw)
        match self.told % 5:
            case 1:
                raise Refused(f"refused for {self.key}", raw=raw)
            case 2:
                raise InvalidOutput(f"no image for {self.key}", raw=raw)
            case 3:
                raise Transient(f"busy for {self.key}", raw=raw)
            case 4:
                raise KeyError(f"no entry for {self.key}")
        return (await super().edit(request)).model_copy(update={"raw": raw})


@pytest.fixture
def rehearsal(tmp_path, monkeypatch) -> Rehearsal:
    @hookimpl
    def picofw_providers():
        return [ProviderSpec("editor", "leaky", "plugin_leaky:Leaky", "")]

    monkeypatch.setenv("ACME_KEY", SECRET)
    return Rehearsal(tmp_path, make_plugin(monkeypatch, "leaky", Leaky=Leaky, picofw_providers=picofw_providers))


def leaks(rehearsal: Rehearsal) -> list[str]:
    """The files that hold the secret."""
    files = [path for path in rehearsal.workspace.parent.rglob("*") if path.is_file()]
    assert len(files) > 5
    return [str(path) for path in files if SECRET.encode() in readable(path)]


def readable(path: Path) -> bytes:
    """A file's bytes; what is compressed, uncompressed."""
    if path.suffix == ".parquet":
        return str(pyarrow.parquet.read_table(path).to_pylist()).encode()
    return path.read_bytes()


def test_a_key_that_a_provider_repeats_is_kept_nowhere(rehearsal):
    assert rehearsal.run("editor.provider=leaky", "limits.retries=9") is None
    assert leaks(rehearsal) == []
    figures = rehearsal.status()
    assert {"accepted", "refused", "invalid"} <= figures["attempts"].keys()
    assert figures["faults"]
    reasons = [attempt.reason for sample in rehearsal.samples() for turn in sample.turns for attempt in turn.attempts]
    assert "refused for <ACME_KEY>" in reasons
    log = (rehearsal.workspace / "runs" / "r" / "picofw.log").read_text()
    assert "sending <ACME_KEY>" in log
    assert "KeyError: 'no entry for <ACME_KEY>'" in log
    assert not any(SECRET in note for note in rehearsal.notes)


@pytest.mark.parametrize("name", ["pico", "hf"])
def test_a_key_is_not_in_what_is_exported(rehearsal, name):
    rehearsal.run("editor.provider=leaky", "limits.retries=9")
    exporter = Plugins(rehearsal.points).find("exporter", name)
    opened = open_existing(rehearsal.workspace)
    write(RunData(opened, "r"), exporter(exporter.Options()), rehearsal.workspace.parent / "out")
    asyncio.run(opened.aclose())
    assert len(list((rehearsal.workspace.parent / "out").rglob("*"))) > 3
    assert leaks(rehearsal) == []


def test_a_key_is_not_in_the_message_that_ends_a_run(rehearsal):
    ended = rehearsal.run("editor.provider=leaky", "+editor.wrong_key=true")
    assert str(ended) == "editor leaky: the key <ACME_KEY> is not valid"
    assert leaks(rehearsal) == []


def test_a_key_is_not_in_the_message_of_a_provider_that_cannot_be_opened(rehearsal):
    with pytest.raises(ConfigError) as caught:
        rehearsal.run("editor.provider=leaky", "+editor.closing=true")
    assert str(caught.value) == "editor=leaky: cannot connect with <ACME_KEY>"


class Nested(Options):
    account: dict[str, list[str]]
    name: str = "ACME_KEY"


def test_names_of_variables_are_found_at_any_depth(monkeypatch):
    monkeypatch.setenv("ACME_KEY", SECRET)
    monkeypatch.setenv("OTHER_KEY", SECRET + "2")
    monkeypatch.setenv("SHORT", "word")
    found = named_by(Nested(account={"keys": ["OTHER_KEY", "SHORT", "NOT_SET_ANYWHERE"]}))
    assert found == {"ACME_KEY": SECRET, "OTHER_KEY": SECRET + "2"}


def test_a_secret_that_is_part_of_another_leaves_nothing_of_it():
    secrets = {"SHORT": "abcdefgh", "LONG": "abcdefgh-12345678"}
    assert hide("abcdefgh-12345678 abcdefgh", secrets) == "<LONG> <SHORT>"


@settings(deadline=None)
@given(st.sets(st.text(string.ascii_letters + string.digits, min_size=8), min_size=1, max_size=4), st.data())
def test_no_secret_is_left_wherever_it_stands(values, data):
    secrets = {f"KEY_{n}": value for n, value in enumerate(values)}
    pieces = data.draw(st.lists(st.sampled_from([*sorted(values), " ", "{}", '"']), max_size=8))
    hidden = hide("".join(pieces), secrets)
    assert not any(value in hidden for value in values)
