"""Images, stored once each under the hash of their bytes.

A local folder (``ab/abcd...``) or any fsspec URL. Bytes are kept as they came; they are on disk, name and
all, before a call that refers to them is committed, and their hash is checked whenever they are read.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import fsspec

from picofw.errors import DamagedImage, DiskFull, StoreError
from picofw.pixels import inspect
from picofw.types import ImageRef

_THREADS = 8


class Blobs:
    """The images of a workspace.

    Args:
        location: A folder, or a URL that fsspec understands (``s3://bucket/prefix``).
    """

    def __init__(self, location: str) -> None:
        self.location = location
        self._folder = None if "://" in location else Path(location).absolute()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="picofw-blobs")

    def close(self) -> None:
        """End the threads; safe to call twice."""
        self._threads.shutdown(wait=True)

    async def put(self, data: bytes) -> ImageRef:
        """Store bytes durably and return their reference.

        Args:
            data: An image as it came; what cannot be decoded is kept all the same.

        Raises:
            StoreError: They cannot be written; DiskFull if there is no room.
        """
        return await asyncio.get_running_loop().run_in_executor(self._threads, self.put_now, data)

    async def read(self, image: ImageRef) -> bytes:
        """Return an image's bytes.

        Args:
            image: A stored image.

        Raises:
            DamagedImage: The bytes are missing or do not match their name.
            StoreError: A remote store cannot be reached.
        """
        return await asyncio.get_running_loop().run_in_executor(self._threads, self.read_now, image)

    def put_now(self, data: bytes) -> ImageRef:
        """Do what :meth:`put` does, at once.

        Args:
            data: An image as it came.
        """
        sha256 = hashlib.sha256(data).hexdigest()
        try:
            if self._folder is None:
                self._put_remote(sha256, data)
            else:
                _put_local(self._folder / sha256[:2], sha256, data)
        except OSError as error:
            if error.errno == 28:  # ENOSPC
                raise DiskFull(
                    f"the disk of {self.location} is full; nothing committed is lost: free some room and run "
                    "the same command again"
                ) from error
            raise StoreError(f"an image cannot be stored in {self.location}: {error}") from error
        found = inspect(data)
        return ImageRef(sha256=sha256, media_type=found.media_type, width=found.width, height=found.height)

    def set_aside(self, sha256: str) -> None:
        """Move an image's bytes into ``damaged/``, out of the way of those that will take their place.

        Args:
            sha256: The image's name.
        """
        fs, root = fsspec.core.url_to_fs(self.location)
        path = f"{root}/{sha256[:2]}/{sha256}"
        if fs.exists(path):
            fs.makedirs(f"{root}/damaged", exist_ok=True)
            fs.mv(path, f"{root}/damaged/{sha256}")

    def _put_remote(self, sha256: str, data: bytes) -> None:
        fs, root = fsspec.core.url_to_fs(self.location)
        target = f"{root}/{sha256[:2]}/{sha256}"
        if not fs.exists(target) or fs.size(target) != len(data):
            fs.makedirs(f"{root}/{sha256[:2]}", exist_ok=True)
            fs.pipe_file(target, data)

    def read_now(self, image: ImageRef) -> bytes:
        """Do what :meth:`read` does, at once.

        Args:
            image: A stored image.
        """
        name = f"{image.sha256[:2]}/{image.sha256}"
        try:
            if self._folder is None:
                fs, root = fsspec.core.url_to_fs(self.location)
                data = bytes(fs.cat_file(f"{root}/{name}"))
            else:
                data = (self._folder / name).read_bytes()
        except FileNotFoundError as error:
            raise DamagedImage(f"the image {self.location}/{name} is missing") from error
        except OSError as error:
            if self._folder is None:  # more likely the network than the image
                raise StoreError(f"the image {self.location}/{name} cannot be read now: {error}") from error
            raise DamagedImage(f"the image {self.location}/{name} cannot be read: {error}") from error
        if hashlib.sha256(data).hexdigest() != image.sha256:
            raise DamagedImage(f"the image {self.location}/{name} is damaged: its bytes do not match its name")
        return data


def _put_local(folder: Path, name: str, data: bytes) -> None:
    target = folder / name
    if target.exists() and hashlib.sha256(target.read_bytes()).hexdigest() == name:
        return
    folder.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=".", dir=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)  # noqa: PTH105  # the atomic step, spelled as the system call
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    directory = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(directory)  # else a power loss may forget the name
    finally:
        os.close(directory)
