"""What every instructor, editor, judge and tagger has to do, as tests that a plugin's author inherits."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import traceback
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from picofw.errors import ConfigError, DamagedImage, ProviderError
from picofw.testing.expect import expect, nothing_left
from picofw.testing.options_contract import OptionsContract
from picofw.testing.supplies import LostImages
from picofw.testing.under_test import SECRET
from picofw.types import Request, Usage

_AT_ONCE = 8
_RAW_LIMIT = 100_000


class ProviderContract(OptionsContract):
    """What all of them have to do; see :mod:`picofw.testing.contract`."""

    # Life

    @pytest.mark.asyncio
    async def test_closing_is_safe_at_any_time(self, provider_options: Mapping[str, Any]) -> None:
        """``aclose`` may come twice, or without ``aopen``; a provider may be opened again."""
        provider = self.made(provider_options)
        await provider.aclose()
        for _ in range(2):
            await provider.aopen(self.images())
            await self.answer(provider, self.request())
            await provider.aclose()
            await provider.aclose()

    @pytest.mark.asyncio
    async def test_keys_are_read_when_opened(
        self, provider_options: Mapping[str, Any], secrets: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """``__init__`` keeps options only; ``aopen`` names the variable that is missing."""
        for name in secrets:
            monkeypatch.delenv(name)
        provider = self.made(provider_options)
        expect(provider.options == self.provider_class.Options(**provider_options), "options were not kept")
        if secrets:
            with pytest.raises(ConfigError, match="|".join(secrets)):
                await provider.aopen(self.images())
            await provider.aclose()

    @pytest.mark.asyncio
    async def test_it_prints_nothing_and_leaves_no_files(
        self,
        provider_options: Mapping[str, Any],
        capfd: pytest.CaptureFixture[str],
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """Output belongs to the commands, and files to the store."""
        with nothing_left(tmp_path / "working_folder", capfd, monkeypatch):
            async with self.opened(provider_options) as provider:
                await self.answer(provider, self.request())

    # Answers

    @pytest.mark.asyncio
    async def test_an_answer_is_valid_and_says_what_it_consumed(self, provider_options: Mapping[str, Any]) -> None:
        """The estimate is an upper bound of the usage: the budget reserves it before the call."""
        request = self.request()
        async with self.opened(provider_options) as provider:
            result = await self.answer(provider, request)
            estimate = provider.estimate(request)
        for unit, amount in result.usage:
            most = getattr(estimate, unit)
            expect(amount <= most, f"a call used {amount} {unit}, but estimate() gave only {most}")
        expect(
            result.usage != Usage() or estimate == Usage(), "estimate() says what a call uses, but the result does not"
        )
        size = len(json.dumps(result.raw))
        expect(size < _RAW_LIMIT, f"result.raw has {size} characters: leave images out")

    @pytest.mark.asyncio
    async def test_calls_can_overlap(self, provider_options: Mapping[str, Any]) -> None:
        """As many calls at once as the provider declares, each answered as if it were alone."""
        capabilities = self.made(provider_options).capabilities
        requests = [self.request(seed=seed) for seed in range(capabilities.concurrency or _AT_ONCE)]
        async with self.opened(provider_options) as provider:
            together = await asyncio.gather(*(self.answer(provider, request) for request in requests))
            if capabilities.deterministic:
                alone = [await self.answer(provider, request) for request in requests]
                same = [self.essence(a) == self.essence(b) for a, b in zip(together, alone, strict=True)]
                expect(all(same), "answers differ when calls overlap")

    @pytest.mark.asyncio
    async def test_equal_requests_give_equal_answers(self, provider_options: Mapping[str, Any]) -> None:
        """Where ``capabilities.deterministic`` says so: also from another instance."""
        if not self.made(provider_options).capabilities.deterministic:
            pytest.skip("capabilities.deterministic is False")
        answers = []
        for _ in range(2):
            async with self.opened(provider_options) as provider:
                answers.append(self.essence(await self.answer(provider, self.request())))
        expect(answers[0] == answers[1], f"it says it is deterministic, but answered {answers}"[:500])

    @pytest.mark.asyncio
    async def test_a_cancelled_call_harms_no_later_one(self, provider_options: Mapping[str, Any]) -> None:
        """A run that is interrupted cancels its calls at any point."""
        async with self.opened(provider_options) as provider:
            for steps in (0, 1, 2, 5):
                call = asyncio.create_task(self.answer(provider, self.request(seed=100 + steps)))
                for _ in range(steps):
                    await asyncio.sleep(0)
                running = call.cancel()
                await asyncio.gather(call, return_exceptions=True)
                expect(not running or call.cancelled(), "a cancelled call goes on: let CancelledError pass")
            await self.answer(provider, self.request())

    @pytest.mark.asyncio
    async def test_a_damaged_image_is_said_to_be_damaged(self, provider_options: Mapping[str, Any]) -> None:
        """The core sets the task aside; wrapped in another error, it would be asked again and again."""
        async with self.opened(provider_options, LostImages()) as provider:
            try:
                await self.answer(provider, self.request())
            except DamagedImage:
                pass
            except Exception as error:
                pytest.fail(f"DamagedImage became {type(error).__name__}: let it pass", pytrace=False)

    @pytest.mark.asyncio
    async def test_a_failed_call_is_not_tried_again(
        self, provider_options: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The core tries again, within its limits and budget; seen where a call fails to connect."""
        options, request = self._failing(provider_options)
        tries: Counter[str] = Counter()
        connect = socket.socket.connect

        def counted(connecting: socket.socket, address: Any) -> None:
            tries[str(address)] += 1
            connect(connecting, address)

        async with self.opened(options) as provider:
            monkeypatch.setattr(socket.socket, "connect", counted)
            with contextlib.suppress(Exception):  # which one is another test's
                await self.answer(provider, request)
        again = [address for address, times in tries.items() if times > 1]
        expect(not again, f"one call connected more than once to {again}: leave that to the core")

    # Secrets

    @pytest.mark.asyncio
    async def test_an_answer_gives_no_secret_away(self, provider_options: Mapping[str, Any]) -> None:
        """``result.raw`` is stored, exported and shown."""
        async with self.opened(provider_options) as provider:
            result = await self.answer(provider, self.request())
        expect(SECRET not in repr(result), "the result holds the value of a key")

    @pytest.mark.asyncio
    async def test_an_error_is_a_provider_error_and_gives_no_secret_away(
        self, provider_options: Mapping[str, Any]
    ) -> None:
        """Errors are logged, with those that caused them, and stored."""
        options, request = self._failing(provider_options)
        async with self.opened(options) as provider:
            with pytest.raises(ProviderError) as failed:
                await self.answer(provider, request)
        text = f"{failed.value.raw} {''.join(traceback.format_exception(failed.value))}"
        expect(SECRET not in text, "the error holds the value of a key")
        expect(str(failed.value).strip(), "the error has no message")

    def _failing(self, options: Mapping[str, Any]) -> tuple[Mapping[str, Any], Request]:
        """Return options and a request with which a call fails."""
        if not (self.failing_options or self.failing_request):
            expect(
                self.never_fails, "say how a call fails: failing_options, failing_request or, if none can, never_fails"
            )
            pytest.skip(self.never_fails)
        return {**options, **self.failing_options}, self.request(**self.failing_request)
