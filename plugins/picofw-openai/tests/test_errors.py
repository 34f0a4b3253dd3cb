"""The server's errors where the simulator has no more to say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from picofw_openai import errors

from picofw.errors import Fatal, ProviderError, RateLimited, Refused, Transient

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda child: st.lists(child) | st.dictionaries(st.sampled_from(["error", "code", "message", "type"]), child),
)


@given(st.integers(min_value=300, max_value=599), JSON)
def test_whatever_a_server_answers_is_an_error_of_ours_in_one_line(status: int, body: object) -> None:
    error = errors.of_status(status, body, "m")

    assert isinstance(error, ProviderError)
    assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "-1"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({}, None),
    ],
)
def test_a_delay_is_read(headers: dict[str, str], seconds: float | None) -> None:
    error = errors.of_status(429, None, "m", httpx2.Headers(headers))

    assert isinstance(error, RateLimited)
    assert error.retry_after == seconds


def test_a_delay_may_be_a_date() -> None:
    moment = datetime.now(UTC) + timedelta(hours=1)

    delay = errors.retry_delay({"retry-after": format_datetime(moment, usegmt=True)})

    assert delay == pytest.approx(3600, abs=60)


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (404, {"object": "error", "message": "The model `x` does not exist.", "code": 404}, Fatal),  # vLLM's shape
        (400, {"error": {"message": "deprecated", "code": "model_deprecated"}}, Fatal),
        (400, {"error": {"message": "prompt", "type": "image_generation_user_error", "code": None}}, Refused),
        (403, {"error": {"message": "no", "code": "content_policy_violation"}}, Refused),
        (429, {"error": {"message": "limit", "type": "billing_hard_limit_reached"}}, Fatal),
        (400, {"error": "a text"}, Fatal),
        (529, "overloaded", Transient),
    ],
)
def test_other_servers_shapes_are_read_too(status: int, error: object, kind: type[ProviderError]) -> None:
    assert type(errors.of_status(status, error, "m")) is kind


def test_what_the_sdk_raises_of_its_own_is_told_apart() -> None:
    assert type(errors.of_call(ValueError("bad argument"), "m", "k")) is Fatal
    assert type(errors.of_call(ConnectionResetError(), "m", "k")) is Transient
    assert type(errors.of_call(httpx2.ReadTimeout("slow"), "m", "k")) is Transient
