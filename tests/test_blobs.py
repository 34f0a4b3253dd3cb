"""Images: on disk before anyone refers to them, under the hash of their bytes, and checked when read."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os

import fsspec
import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from picofw.blobs import Blobs
from picofw.errors import DamagedImage, DiskFull, StoreError
from picofw.testing.png import mosaic
from picofw.types import ImageRef

PNG = mosaic(30, 20, "x")


@pytest.fixture(params=["folder", "memory"])
def blobs(request, tmp_path):
    """The same behaviour on a local disk and on a remote file system."""
    location = str(tmp_path / "blobs") if request.param == "folder" else f"memory://{tmp_path.name}"
    blobs = Blobs(location)
    yield blobs
    blobs.close()


@pytest.fixture
def local(tmp_path):
    blobs = Blobs(str(tmp_path / "blobs"))
    yield blobs
    blobs.close()


def stored(blobs: Blobs) -> list[str]:
    fs, root = fsspec.core.url_to_fs(blobs.location)
    return [path.removeprefix(root).removeprefix("/") for path in fs.find(root)]


async def test_bytes_come_back_as_they_came_and_are_named_by_their_hash(blobs):
    image = await blobs.put(PNG)
    assert image == ImageRef(sha256=hashlib.sha256(PNG).hexdigest(), media_type="image/png", width=30, height=20)
    assert await blobs.read(image) == PNG
    assert stored(blobs) == [f"{image.sha256[:2]}/{image.sha256}"]


async def test_the_same_bytes_are_stored_once_however_many_put_them_at_once(blobs):
    images = await asyncio.gather(*(blobs.put(PNG) for _ in range(20)))
    assert len(set(images)) == len(stored(blobs)) == 1


@settings(max_examples=30, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_kept_whether_or_not_they_are_an_image(tmp_path_factory, data):
    blobs = Blobs(str(tmp_path_factory.mktemp("blobs")))
    image = blobs.put_now(data)
    assert blobs.read_now(image) == data
    assert (image.media_type, image.width, image.height) == ("application/octet-stream", 0, 0)
    blobs.close()


@pytest.mark.parametrize("damaged", [PNG[:-1], PNG + b"x", b"", b"?" * len(PNG)])
async def test_an_image_whose_bytes_changed_is_named_and_mended_by_putting_it_again(local, tmp_path, damaged):
    image = await local.put(PNG)
    (tmp_path / "blobs" / image.sha256[:2] / image.sha256).write_bytes(damaged)
    with pytest.raises(DamagedImage, match=f"{image.sha256} is damaged: its bytes do not match its name"):
        await local.read(image)
    assert await local.put(PNG) == image
    assert await local.read(image) == PNG


async def test_an_image_that_is_gone_is_named(blobs):
    with pytest.raises(DamagedImage, match=f"{'b' * 64} is missing"):
        await blobs.read(ImageRef(sha256="b" * 64, media_type="image/png", width=1, height=1))


@pytest.mark.parametrize("step", ["write", "fsync", "replace"])
async def test_what_is_interrupted_leaves_no_half_image(local, monkeypatch, step):
    def fail(*_):
        raise OSError(errno.EIO, "the disk is tired")

    if step == "write":
        monkeypatch.setattr(os, "fdopen", fail)
    else:
        monkeypatch.setattr(os, step, fail)
    with pytest.raises(StoreError, match="the disk is tired"):
        await local.put(PNG)
    assert stored(local) == []


async def test_a_full_disk_is_said_as_such(local, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFull, match="free some room"):
        await local.put(PNG)


async def test_a_remote_store_that_is_out_of_reach_does_not_make_its_images_damaged(monkeypatch):
    def unreachable(*_):
        raise ConnectionResetError("connection reset by peer")

    blobs = Blobs("memory://out-of-reach")
    image = await blobs.put(PNG)
    monkeypatch.setattr("fsspec.implementations.memory.MemoryFileSystem.cat_file", unreachable)
    with pytest.raises(StoreError, match="cannot be read now: connection reset") as caught:
        await blobs.read(image)
    assert not isinstance(caught.value, DamagedImage)
    blobs.close()


async def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path):
    (tmp_path / "blobs").write_text("a file in the way")
    blobs = Blobs(str(tmp_path / "blobs"))
    with pytest.raises(StoreError, match="cannot be stored"):
        await blobs.put(PNG)
    blobs.close()
