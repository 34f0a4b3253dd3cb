"""Photos in a folder, with what is known of them in a JSON Lines file."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, PositiveInt, ValidationError

from picofw.errors import ConfigError
from picofw.pixels import UNKNOWN, DecodeFailure, check, inspect, sniff, upright_size
from picofw.providers import Skipped, Source
from picofw.types import Box, Photo, Record

METADATA = "metadata.jsonl"
_LEAST_SIDE = 64
_HEADER = 12
# Files that are no photos are passed over in silence, unless their name says that someone takes them for one.
_LIKE_PHOTOS = frozenset(
    ".jpg .jpeg .jpe .png .webp .gif .bmp .tif .tiff .heic .heif .avif .jxl .jp2 .dng .cr2 .cr3 .nef .arw".split()
)


class _Line(BaseModel):
    """What one line of the metadata file says; keys that are not used here may be there."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    file_name: str = Field(min_length=1, validation_alias=AliasChoices("file_name", "file"))
    title: str = ""
    author: str = ""
    license: str = ""
    url: str = ""
    landing_url: str = ""
    source: str = ""
    tags: frozenset[str] | None = None
    regions: tuple[Box, ...] = ()


class Folder(Source):
    """JPEG, PNG and WebP photos in a folder, by content whatever their names, in order of their paths.

    A photo's id is the beginning of its hash, so that moving or renaming it changes nothing. Files that
    cannot be used are yielded as skipped: damaged or animated ones, those under 64 pixels on a side, links
    out of the folder and copies of photos that came before. Names that start with a dot are passed over.
    """

    class Options(Record):
        """Options of the source.

        Attributes:
            path: The folder; ``~`` is the home folder.
            recursive: Whether to look into its subfolders.
            limit: The most photos to yield, at least 1; None: all.
            metadata: A JSON Lines file in the folder, where ``file_name`` (or ``file``) is a path from there,
                and ``title``, ``author``, ``license``, ``url``, ``landing_url``, ``source``, ``tags`` and
                ``regions`` (``[["Dog", x0, y0, x1, y1]]``, in parts of width and height) say what is known; None: do
                not read one. Only ``metadata.jsonl`` may be missing.
            license: Name or URL of the licence of photos whose metadata states none; empty: it is not known.
        """

        path: Path
        recursive: bool = True
        limit: PositiveInt | None = None
        metadata: str | None = METADATA
        license: str = ""

    def photos(self) -> Iterator[Photo | Skipped]:
        """Yield photos in order of their paths, each folder's files before its subfolders.

        Raises:
            ConfigError: The folder cannot be read, or a line of its metadata is wrong.
        """
        given: Path = self.options.path
        root = given.expanduser().absolute()
        if not root.is_dir():
            what = "is not a folder" if root.exists() else "does not exist"
            raise ConfigError(f"source.path: {given} {what}; name a folder of JPEG, PNG or WebP photos")
        try:
            os.scandir(root).close()
        except OSError as error:
            raise ConfigError(f"source.path: {given} cannot be read: {error.strerror}") from error
        root = root.resolve()
        return self._found(root, self._metadata(root))

    def _metadata(self, root: Path) -> dict[Path, tuple[int, _Line]]:
        """Return line number and content by the path that each line describes."""
        name: str | None = self.options.metadata
        if name is None:
            return {}
        try:
            lines = (root / name).read_text("utf-8-sig").split("\n")
        except FileNotFoundError as error:
            if name == METADATA:
                return {}
            raise ConfigError(f"source.metadata: {root / name} does not exist; null reads none") from error
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"source.metadata: {root / name} cannot be read: {error}") from error
        found: dict[Path, tuple[int, _Line]] = {}
        for number, text in enumerate(lines, 1):
            if not text.strip():
                continue
            line = _parsed(text, f"{root / name}, line {number}")
            path = Path(os.path.normpath(root / line.file_name))
            if path in found:
                first = found[path][0]
                raise ConfigError(
                    f"{root / name}, lines {first} and {number} both describe {line.file_name}: remove one"
                )
            found[path] = (number, line)
        return found

    def _found(self, root: Path, known: dict[Path, tuple[int, _Line]]) -> Iterator[Photo | Skipped]:
        limit: int | None = self.options.limit
        firsts: dict[str, Path] = {}
        photos = 0
        for entry in self._walk(root, root):
            path = entry if isinstance(entry, Path) else Path(entry.uri)
            _, line = known.pop(path, (0, None))
            found = _examine(path, line, firsts) if isinstance(entry, Path) else entry
            if isinstance(found, Photo) and not found.license:
                found = found.model_copy(update={"license": self.options.license})
            if found is not None:
                yield found
            photos += isinstance(found, Photo)
            if photos == limit:
                return
        for path, (number, _) in known.items():
            what = "not among the photos looked at" if path.exists() else "no such file"
            yield _skipped(path, f"{what}, though {self.options.metadata} has it in line {number}")

    def _walk(self, folder: Path, root: Path) -> Iterator[Path | Skipped]:
        """Yield the regular files of a folder, then those of its subfolders; links never lead out of root."""
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            yield _skipped(folder, f"cannot be read: {error.strerror}")
            return
        visible = [entry for entry in entries if not entry.name.startswith(".")]
        for entry in visible:
            path = folder / entry.name
            if entry.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(root):
                yield _skipped(path, "a link out of the folder")
            elif entry.is_symlink() and not path.exists():
                yield _skipped(path, "a broken link")
            elif path.is_file():
                yield path
        for entry in visible:
            if self.options.recursive and entry.is_dir(follow_symlinks=False):
                yield from self._walk(folder / entry.name, root)


def _parsed(text: str, where: str) -> _Line:
    try:
        values = json.loads(text)
    except ValueError as error:
        raise ConfigError(f"{where}: not JSON: {error}") from error
    if not isinstance(values, dict):
        raise ConfigError(f"{where}: a JSON object was expected, one a line")
    try:
        return _Line.model_validate({key: value for key, value in values.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise ConfigError(f"{where}: {key}: {first['msg']}") from error


def _examine(path: Path, line: _Line | None, firsts: dict[str, Path]) -> Photo | Skipped | None:
    """Return what a file holds; None if nobody takes it for a photo.

    Args:
        path: A regular file.
        line: What the metadata says of it.
        firsts: Where each photo's id was met first; added to.
    """
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER)
            data = header if sniff(header) == UNKNOWN else header + file.read()
    except OSError as error:
        return _skipped(path, f"cannot be read: {error.strerror}")
    if data is header and path.suffix.lower() not in _LIKE_PHOTOS and line is None:
        return None
    if fault := _fault(path, data):
        return _skipped(path, fault)
    identity = hashlib.sha256(data).hexdigest()[:20]
    first = firsts.setdefault(identity, path)
    if first != path:
        return _skipped(path, f"same as {first}")
    width, height = upright_size(data)
    known = line.model_dump(exclude={"file_name"}) if line else {}
    return Photo(id=identity, uri=str(path), width=width, height=height, **known)


def _fault(path: Path, data: bytes) -> str:
    """Return why a photo cannot be used; empty if it can."""
    if _printable(path) != str(path):
        return "its name is not UTF-8"
    if "::" in path.name:
        return "its name has '::', which separates the parts of a remote address"
    try:
        check(data)
    except DecodeFailure as failure:
        return str(failure)
    found = inspect(data)
    if found.animated:
        return "an animation, not a photo"
    if min(found.width, found.height) < _LEAST_SIDE:
        return f"{found.width} x {found.height} pixels: each side needs at least {_LEAST_SIDE}"
    return ""


def _skipped(path: Path, reason: str) -> Skipped:
    return Skipped(uri=_printable(path), reason=reason)


def _printable(path: Path) -> str:
    return os.fsencode(path).decode("utf-8", "backslashreplace")
