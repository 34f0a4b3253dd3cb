"""What a provider's options have to do: they are refused when wrong, and name the calls that they decide on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from picofw.slots import digest_options, operational_options
from picofw.testing.expect import expect
from picofw.testing.under_test import UnderTest

_ELSEWHERE = """
import functools, importlib, json, sys
from picofw.slots import digest_options
from picofw.testing.under_test import made
module, name, role, options = json.loads(sys.argv[1])
found = functools.reduce(getattr, name.split("."), importlib.import_module(module))
print(digest_options(role, "mine", made(found, options, role)))
"""


class OptionsContract(UnderTest):
    """What the options of every instructor, editor, judge and tagger have to do."""

    def test_options_refuse_unknown_keys(self, provider_options: Mapping[str, Any]) -> None:
        """A misspelt option must be refused, or it is silently not applied."""
        with pytest.raises(ValidationError):
            self.provider_class.Options(**provider_options, misspelt_option=1)

    def test_options_refuse_bad_values(self, provider_options: Mapping[str, Any]) -> None:
        """What is wrong is told before anything is paid, not by the vendor."""
        for name, value in {"seed": -1, **self.bad_options}.items():
            try:
                self.provider_class.Options(**{**provider_options, name: value})
            except ValidationError:
                continue
            pytest.fail(f"option {name!r} takes {value!r}", pytrace=False)

    def test_options_are_frozen(self, provider_options: Mapping[str, Any]) -> None:
        """Options that change after the digest was made would break its promise."""
        options = self.provider_class.Options(**provider_options)
        with pytest.raises(ValidationError):
            options.seed = 5

    def test_options_survive_json(self, provider_options: Mapping[str, Any]) -> None:
        """Options are digested, and stored with the run, as JSON."""
        options = self.provider_class.Options(**provider_options)
        again = self.provider_class.Options(**json.loads(options.model_dump_json()))
        expect(again == options, f"options that went through JSON differ: {again!r} instead of {options!r}")

    def test_secrets_and_timeouts_are_operational(self) -> None:
        """A key's name or a timeout never changes an answer: changing it must not pay for calls again."""
        left_out = operational_options(self.provider_class.Options)
        for name in self.provider_class.Options.model_fields:
            if name.endswith("_env") or "timeout" in name:
                expect(name in left_out, f"option {name!r} must be Annotated[..., Operational()]")

    def test_options_that_change_answers_are_in_the_digest(self, provider_options: Mapping[str, Any]) -> None:
        """An option is in the digest of a call or marked Operational (the seed is in each request instead)."""
        left_out = operational_options(self.provider_class.Options) | {"seed"}
        hidden = self.provider_class.Options.model_fields.keys() - left_out - self._dumped(provider_options).keys()
        expect(not hidden, f"options that model_dump leaves out, and the digest with it: {sorted(hidden)}")
        missing = {
            name for name, field in self.provider_class.Options.model_fields.items() if not _has_one_value(field)
        }
        missing -= left_out | self.other_options.keys()
        expect(not missing, f"other_options has no other value for {sorted(missing)}")
        before = digest_options(self.role, "mine", self.made(provider_options))
        for name, value in self.other_options.items():
            changed = {**provider_options, name: value}
            after = digest_options(self.role, "mine", self.made(changed))
            told_apart, relevant = after != before, name not in left_out
            expect(
                told_apart == relevant,
                f"option {name!r} = {value!r} {'does not change' if relevant else 'changes'} the digest; is it equal "
                "to the value in options?",
            )

    def test_the_digest_is_the_same_in_every_process(
        self, provider_options: Mapping[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A run that goes on tomorrow has to find what was paid for today."""
        provider = self.made(provider_options)
        sets = [name for name, value in self._dumped(provider_options).items() if _has_set(value)]
        expect(not sets, f"options whose order differs between processes: {sets}; take a tuple, or picofw.types.Tags")
        if "<locals>" in self.provider_class.__qualname__:
            pytest.skip("another process cannot import the class")
        words = [self.provider_class.__module__, self.provider_class.__qualname__, self.role]
        question = json.dumps([*words, json.loads(provider.options.model_dump_json())])
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
        command = [sys.executable, "-c", _ELSEWHERE, question]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)  # noqa: S603  # ours
        expect(done.returncode == 0, f"another process cannot make the provider: {done.stderr[-500:]}")
        here = digest_options(self.role, "mine", provider)
        expect(done.stdout.strip() == here, "equal options have another digest in another process")

    def _dumped(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return the options that are in the digest."""
        left_out = operational_options(self.provider_class.Options)
        dumped: dict[str, Any] = self.provider_class.Options(**options).model_dump(exclude=left_out)
        return dumped


def _has_one_value(field: FieldInfo) -> bool:
    return get_origin(field.annotation) is Literal and len(get_args(field.annotation)) == 1


def _has_set(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_has_set(child) for child in value.values())
    if isinstance(value, list | tuple):
        return any(_has_set(child) for child in value)
    return isinstance(value, set | frozenset)
