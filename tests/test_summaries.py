"""Each image is decoded once, off the event loop, and what cannot be decoded is an answer too."""

from __future__ import annotations

import asyncio
import hashlib
import threading

import pytest

from picofw import summaries as module
from picofw.blobs import Blobs
from picofw.checks import CheckSettings
from picofw.comparison import Summary
from picofw.errors import DamagedImage
from picofw.pixels import DecodeFailure, TooManyPixels
from picofw.summaries import Summaries
from picofw.testing.png import mosaic, plain
from picofw.types import EditType, ImageRef


@pytest.fixture
def blobs(tmp_path):
    blobs = Blobs(str(tmp_path / "blobs"))
    yield blobs
    blobs.close()


@pytest.fixture
def summaries(blobs):
    summaries = Summaries(blobs, CheckSettings(max_pixels=10_000))
    yield summaries
    summaries.close()


@pytest.fixture
def decoded(monkeypatch):
    """Which threads decoded an image."""
    threads = []

    def summarise(data, max_pixels):
        threads.append(threading.current_thread())
        return really(data, max_pixels)

    really = module.summarise
    monkeypatch.setattr(module, "summarise", summarise)
    return threads


async def test_an_image_is_decoded_once_however_many_ask_and_never_on_the_event_loop(blobs, summaries, decoded):
    image = await blobs.put(mosaic(40, 30, "x"))
    found = await asyncio.gather(*(summaries.of(image) for _ in range(9)))
    assert await summaries.of(image) is found[0]
    assert isinstance(found[0], Summary)
    assert (found[0].width, found[0].height) == (40, 30)
    assert len(decoded) == 1
    assert threading.current_thread() not in decoded


async def test_the_images_asked_for_longest_ago_are_forgotten(blobs, summaries, decoded, monkeypatch):
    monkeypatch.setattr(module, "_KEPT", 3)
    images = [await blobs.put(mosaic(8, 8, str(n))) for n in range(4)]
    for image in (images[0], images[1], images[2], images[0], images[3]):
        await summaries.of(image)
    assert len(decoded) == 4
    await summaries.of(images[0])
    assert len(decoded) == 4
    await summaries.of(images[1])
    assert len(decoded) == 5


async def test_what_is_no_image_and_what_is_too_large_is_answered_not_raised(blobs, summaries):
    assert isinstance(await summaries.of(await blobs.put(b"no image")), DecodeFailure)
    assert isinstance(await summaries.of(await blobs.put(mosaic(200, 100, "big"))), TooManyPixels)


async def test_an_edit_is_looked_at_closely_only_if_it_seems_to_be_its_input(blobs, summaries, monkeypatch):
    closely = []
    really = module.look_closer
    monkeypatch.setattr(module, "look_closer", lambda *a: (closely.append(threading.current_thread()), really(*a))[1])
    photo, edit = await blobs.put(mosaic(40, 30, "x")), await blobs.put(mosaic(40, 30, "y"))
    kind = EditType(slug="color_tone", label="Change the tone", category="Pixels")
    assert await summaries.fault(photo, edit, kind) is None
    assert closely == []
    assert (await summaries.fault(photo, photo, kind))[0] == "unchanged"
    flat = await blobs.put(plain(40, 30, "z"))
    assert (await summaries.fault(photo, flat, kind))[0] == "blank"
    assert len(closely) == 4
    assert threading.current_thread() not in closely


async def test_a_missing_image_is_raised_and_looked_for_again_once_it_is_there(blobs, summaries):
    data = mosaic(40, 30, "late")
    image = ImageRef(sha256=hashlib.sha256(data).hexdigest(), media_type="image/png", width=40, height=30)
    with pytest.raises(DamagedImage):
        await summaries.of(image)
    await blobs.put(data)
    assert isinstance(await summaries.of(image), Summary)


async def test_one_who_gives_up_waiting_does_not_spoil_it_for_the_others(blobs, summaries, monkeypatch):
    go_on = threading.Event()
    really = module.summarise
    monkeypatch.setattr(module, "summarise", lambda *a: (go_on.wait(5), really(*a))[1])
    image = await blobs.put(mosaic(40, 30, "x"))
    hasty, patient = asyncio.create_task(summaries.of(image)), asyncio.create_task(summaries.of(image))
    await asyncio.sleep(0.02)
    hasty.cancel()
    go_on.set()
    assert isinstance(await patient, Summary)
    with pytest.raises(asyncio.CancelledError):
        await hasty
