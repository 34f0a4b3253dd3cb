"""Shards: tar files of samples, as WebDataset has them. Where each file of a sample is, so that it can be read alone.

Files whose names differ only after the first dot of the last part belong to one sample, and stand one after the other:
``000017.jpg``, ``000017.json`` (https://github.com/webdataset/webdataset, "The WebDataset Format").
"""

from __future__ import annotations

import itertools
import tarfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from picofw.errors import SourceError
from picofw.sources.streams import Span

_MOST_TEXT = 10**7  # bytes; what is known of one photo has no more


@dataclass(frozen=True)
class Member:
    """One sample of a shard.

    Attributes:
        key: Its name, unique in the shard.
        photo: Where its photo is; None: it has none.
        metadata: What is said of the photo; None: nothing.
    """

    key: str
    photo: Span | None
    metadata: bytes | None


def members(shard: BinaryIO, images: Collection[str], metadata: str | None) -> Iterator[Member]:
    """Yield the samples of a shard, in order.

    Args:
        shard: An uncompressed tar file.
        images: The extensions of photos, the one to take first.
        metadata: The extension of what is known of a photo; None: do not read it.

    Raises:
        SourceError: It is no tar file, is compressed, or ends too early; samples before that were yielded.
    """
    try:
        with tarfile.open(fileobj=shard, mode="r:") as tar:
            files = (info for info in tar if info.isreg() and not info.issparse())
            for key, group in itertools.groupby(files, key=lambda info: _parts(info.name)[0]):
                if not key.rpartition("/")[2].startswith("__"):  # the format's own notes
                    by_extension = {_parts(info.name)[1]: info for info in group}
                    yield _member(tar, key, by_extension, images, metadata)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise SourceError(f"no whole and uncompressed tar file: {error}") from error


def _member(
    tar: tarfile.TarFile,
    key: str,
    files: dict[str, tarfile.TarInfo],
    images: Collection[str],
    metadata: str | None,
) -> Member:
    photo = next((files[extension] for extension in images if extension in files), None)
    text = None
    if metadata is not None and (info := files.get(metadata)) is not None and info.size <= _MOST_TEXT:
        reader = tar.extractfile(info)
        assert reader is not None  # it is a regular file
        text = reader.read()
    return Member(key, (photo.offset_data, photo.size) if photo else None, text)


def _parts(name: str) -> tuple[str, str]:
    """Return a file's sample and extension; both may have dots and slashes: ``a/b.c/17.seg.png``."""
    folder, slash, last = name.rpartition("/")
    stem, _, extension = last.partition(".")
    return f"{folder}{slash}{stem}", extension.lower()
