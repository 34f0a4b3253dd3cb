"""Exports to a remote place: made here, then uploaded file by file, so that an upload that broke goes on."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import fsspec

from picofw.errors import ConfigError, StoreError
from picofw.export import manifest
from picofw.export.atomic import Summary, write
from picofw.export.parallel import in_parallel
from picofw.providers import Dataset, Exporter

UNDER_WAY = "picofw-export.uploading.json"
COMMIT_FILES = 200
"""Files that go to the Hugging Face Hub at a time: each time is a commit there, and commits are limited by the hour."""


def upload(dataset: Dataset, exporter: Exporter, url: str, scratch: Path, *, overwrite: bool = False) -> Summary:
    """Export a dataset to a place that fsspec understands.

    The manifest is uploaded last: what has none is not whole. Until then the same manifest stands there under another
    name, and an upload of the same export goes on: files of the right size that are there already stay. Equal runs
    give equal bytes, so that the export can be made anew for that.

    Args:
        dataset: The run's data.
        exporter: The format.
        url: Where to, e.g. ``s3://bucket/folder``, ``hf://datasets/owner/name``. A repository of the hub must exist:
            whether others may see it is for its owner to say.
        scratch: A local folder with room for the export, which is made there first.
        overwrite: Also replace an earlier export there.

    Raises:
        ConfigError: The place cannot be used, holds another export, or there is nothing to export.
        DamagedImage: A stored image is missing or damaged.
        StoreError: The export cannot be made or uploaded.
    """
    place = _Hub(url) if url.startswith("hf://") else _Place(url)
    scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        local = Path(folder) / "export"
        made = write(dataset, exporter, local)
        sealed = (local / manifest.NAME).read_bytes()
        before = place.read(manifest.NAME)
        if before is not None and before != sealed and not overwrite:
            raise ConfigError(f"{url} holds another export: choose another place, or add --overwrite")
        if before != sealed:
            _send(place, local, sealed, before)
    return replace(made, folder=url)


def _send(place: _Place, folder: Path, sealed: bytes, before: bytes | None) -> None:
    files: dict[str, dict[str, Any]] = json.loads(sealed)["files"]
    if before is not None:
        place.remove([manifest.NAME])  # from here on, what is there is not whole
        place.remove(json.loads(before)["files"].keys() - files.keys())
    there = place.sizes() if place.read(UNDER_WAY) == sealed else {}
    place.write(UNDER_WAY, sealed)
    place.send(folder, (name for name, entry in files.items() if there.get(name) != entry["size"]))
    place.write(manifest.NAME, sealed)
    place.remove([UNDER_WAY])


class _Place:
    """A folder somewhere else."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        try:
            self._files, self._root = fsspec.core.url_to_fs(self._url)
        except ImportError as error:
            hint = "pip install 'picofw[s3]' is for s3://, 'picofw[hf]' for hf://"
            raise ConfigError(f"--out {url}: {error}; {hint}") from error
        except ValueError as error:
            raise ConfigError(f"--out {url}: {error}") from error

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except ConfigError:
            raise
        except Exception as error:  # every kind of place has errors of its own
            message = " ".join(str(error).split())[:300]
            raise StoreError(f"{self._url}: {type(error).__name__}: {message}; the same command goes on") from error

    def read(self, name: str) -> bytes | None:
        with self._told():
            self._files.invalidate_cache()
            try:
                return bytes(self._files.cat_file(f"{self._root}/{name}"))
            except FileNotFoundError:
                return None

    def write(self, name: str, data: bytes) -> None:
        with self._told():
            self._files.pipe_file(f"{self._root}/{name}", data)

    def send(self, folder: Path, names: Iterable[str]) -> None:
        def put(name: str) -> None:
            with self._told():
                self._files.put_file(str(folder / name), f"{self._root}/{name}")

        for _ in in_parallel(put, names):
            pass

    def sizes(self) -> dict[str, int]:
        with self._told():
            self._files.invalidate_cache()
            found: dict[str, dict[str, Any]] = self._files.find(self._root, detail=True)
        return {name.removeprefix(f"{self._root}/"): entry["size"] for name, entry in found.items()}

    def remove(self, names: Iterable[str]) -> None:
        with self._told():
            for name in names:
                self._files.rm_file(f"{self._root}/{name}")


class _Hub(_Place):
    """A folder of a repository on the Hugging Face Hub, where all that changes at once is one commit."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        from huggingface_hub import HfApi  # what understands hf:// is this package's own

        with self._told():
            try:
                at = self._files.resolve_path(self._root)
            except FileNotFoundError as error:
                where = "create the repository first (hf repos create), and see that HF_TOKEN may write to it"
                raise ConfigError(f"--out {url}: {error}; {where}") from error
        self._prefix = f"{at.path_in_repo}/" if at.path_in_repo else ""
        api = HfApi(endpoint=self._files.endpoint, token=self._files.token)
        self._commit = partial(api.create_commit, at.repo_id, repo_type=at.repo_type, revision=at.revision)

    def write(self, name: str, data: bytes) -> None:
        from huggingface_hub import CommitOperationAdd

        with self._told():
            self._commit(operations=[CommitOperationAdd(self._prefix + name, data)], commit_message=f"Write {name}")

    def send(self, folder: Path, names: Iterable[str]) -> None:
        from huggingface_hub import CommitOperationAdd

        rest = iter(names)
        while some := list(islice(rest, COMMIT_FILES)):
            added = [CommitOperationAdd(self._prefix + name, str(folder / name)) for name in some]
            with self._told():
                self._commit(operations=added, commit_message=f"Upload {len(some)} files")

    def remove(self, names: Iterable[str]) -> None:
        from huggingface_hub import CommitOperationDelete

        removed = [CommitOperationDelete(self._prefix + name) for name in names]
        if removed:
            with self._told():
                self._commit(operations=removed, commit_message=f"Remove {len(removed)} files")
