"""The service's errors where the simulator has no more to say."""

from __future__ import annotations

import aiohttp
import pytest
from google.genai import errors as sdk
from hypothesis import given
from hypothesis import strategies as st
from picofw_gemini import errors

from picofw.errors import Fatal, ProviderError, RateLimited, Transient

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda child: st.lists(child) | st.dictionaries(st.sampled_from(["error", "details", "message", "@type"]), child),
)


@given(st.integers(min_value=300, max_value=599), JSON)
def test_whatever_a_server_answers_is_an_error_of_ours_in_one_line(status: int, body: object) -> None:
    error = errors.of_status(status, body, "m")

    assert isinstance(error, ProviderError)
    assert "\n" not in str(error)


@given(JSON.filter(lambda node: isinstance(node, dict)))
def test_whatever_a_batch_says_of_an_item_is_an_error_of_ours(error: dict[str, object]) -> None:
    assert isinstance(errors.of_item(error, "m"), ProviderError)


def test_a_key_that_the_server_repeats_is_blotted_out() -> None:
    body = {"error": {"code": 403, "message": "Key AIza-secret has expired.", "status": "PERMISSION_DENIED"}}

    error = errors.of_call(sdk.ClientError(403, body), "m", "AIza-secret")

    assert "AIza-secret" not in f"{error} {error.raw}"


@pytest.mark.parametrize(("delay", "seconds"), [("2.5s", 2.5), ("0.000000001s", 1e-9), ("60s", 60.0), ("soon", None)])
def test_a_delay_is_read(delay: str, seconds: float | None) -> None:
    info = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}

    error = errors.of_status(429, {"error": {"message": "", "details": [info]}}, "m")

    assert isinstance(error, RateLimited)
    assert error.retry_after == seconds


@pytest.mark.parametrize(
    ("raised", "kind"),
    [
        (TimeoutError(), Transient),
        (ConnectionResetError(), Transient),
        (aiohttp.ClientPayloadError(), Transient),
        (ValueError("Failed to upload file: Upload status is not finalized."), Transient),
        (aiohttp.InvalidURL("nonsense"), Fatal),
        (ValueError("aspect_ratio parameter is not supported"), Fatal),
    ],
)
def test_what_the_sdk_raises_of_its_own_is_told_apart(raised: Exception, kind: type[ProviderError]) -> None:
    assert isinstance(raised, errors.RAISED)
    assert type(errors.of_call(raised, "m", "k")) is kind
