"""A replica, without a cluster around it: its images, its errors, its keys."""

from __future__ import annotations

import asyncio
import os

import pytest
from picofw_ray.worker import Handed, Worker

from picofw.errors import DamagedImage, Fatal, Refused, Transient
from picofw.settings import Choice
from picofw.testing.supplies import EDIT_TYPE, MemoryImages, bundled_photo, make_request
from picofw.types import EditResult, ImageRef

SUPPLY = MemoryImages()
CAT, COFFEE = SUPPLY.add(bundled_photo("cat")), SUPPLY.add(bundled_photo("coffee"))


async def handed(*refs: ImageRef) -> dict[str, bytes]:
    return {ref.sha256: await SUPPLY.read(ref) for ref in refs}


def worker(**options) -> Worker:
    return Worker("editor", Choice(provider="fake", options=options), {})


def request(**more):
    return make_request("editor", CAT, COFFEE, EDIT_TYPE, **more)


async def test_images_stay_as_long_as_one_request_needs_them():
    images, cat = Handed(), await handed(CAT)
    images.take(cat)
    images.take(cat)
    images.drop(cat)
    assert await images.read(CAT) == bundled_photo("cat")
    images.drop(cat)
    with pytest.raises(DamagedImage, match="was not sent"):
        await images.read(CAT)


async def test_an_answer_comes_from_the_provider_within():
    replica = worker()
    assert await replica.open() is None
    cat = await handed(CAT)
    answers = await asyncio.gather(*(replica.ask(request(seed=n), cat) for n in range(3)))
    assert all(isinstance(answer, EditResult) for answer in answers)
    assert len({answer.image for answer in answers}) == 3
    await replica.close()


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"refused": 1.0}, Refused),
        ({"faults": {"transient": {"rate": 1.0}}}, Transient),
        ({"faults": {"fatal": {"rate": 1.0}}}, Fatal),
    ],
)
async def test_an_error_comes_back_as_what_it_is(options, kind):
    answer = await worker(**options).ask(request(), await handed(CAT))
    assert type(answer) is kind


async def test_a_defect_is_told_as_passing_and_names_itself(monkeypatch):
    replica = worker()

    async def defect(_):
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(replica._provider, "edit", defect)
    answer = await replica.ask(request(), await handed(CAT))
    assert type(answer) is Transient
    assert "ZeroDivisionError: oops" in str(answer)


async def test_what_cannot_be_opened_says_why(monkeypatch):
    replica = worker()

    async def broken(_):
        raise OSError("no weights")

    monkeypatch.setattr(replica._provider, "aopen", broken)
    assert str(await replica.open()) == "OSError: no weights"
    assert str(await replica.ask(request(), {})) == "OSError: no weights"


async def test_what_could_not_be_opened_for_a_moment_is_opened_by_the_next_who_asks(monkeypatch):
    replica = worker()
    provider, tries = replica._provider, []

    async def busy(images):
        tries.append(images)
        if len(tries) == 1:
            raise OSError("the device is busy")
        await type(provider).aopen(provider, images)

    monkeypatch.setattr(provider, "aopen", busy)
    assert str(await replica.open()) == "OSError: the device is busy"
    assert isinstance(await replica.ask(request(), await handed(CAT)), EditResult)
    assert len(tries) == 2
    await replica.close()


async def test_keys_reach_the_replica(monkeypatch):
    monkeypatch.delenv("ACME_KEY", raising=False)
    Worker("editor", Choice(provider="fake"), {"ACME_KEY": "secret-of-acme"})
    assert os.environ.pop("ACME_KEY") == "secret-of-acme"
