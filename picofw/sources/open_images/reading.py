"""Opening the files that options name: paths, or URLs that fsspec understands, compressed or not, by their names."""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, cast

import fsspec

from picofw.errors import ConfigError

# What tells one state of a file from another, as far as its kind of place says any of it.
_IDENTITY = ("size", "mtime", "LastModified", "Last-Modified", "ETag")


class Reader:
    """Opens files; whatever goes wrong is said in one line.

    Args:
        storage: Options of fsspec, by protocol.
    """

    def __init__(self, storage: Mapping[str, dict[str, Any]]) -> None:
        self._storage = storage

    def identity(self, option: str, url: str) -> list[Any]:
        """Return what tells a file from others, and from itself after it was changed.

        Args:
            option: The option that names the file, for messages.
            url: The file.

        Raises:
            ConfigError: There is no such file.
        """
        with _told(option, url):
            files, path = fsspec.core.url_to_fs(url, **self._options(url))
            info = files.info(path)
        if info["type"] != "file":
            raise ConfigError(f"source.{option}: {url} is no file")
        return [url if "://" in url else path, {key: str(info[key]) for key in _IDENTITY if key in info}]

    @contextlib.contextmanager
    def open(self, option: str, url: str) -> Iterator[BinaryIO]:
        """Open a file.

        Args:
            option: The option that names it, for messages.
            url: The file.

        Raises:
            ConfigError: It cannot be read; also where that shows later, in the body of the ``with``.
        """
        with _told(option, url), fsspec.open(url, "rb", compression="infer", **self._options(url)) as file:
            yield cast(BinaryIO, file)

    def _options(self, url: str) -> dict[str, Any]:
        return self._storage.get(url.partition("://")[0], {})


@contextlib.contextmanager
def _told(option: str, url: str) -> Iterator[None]:
    where = f"source.{option}: {url}"
    try:
        yield
    except ConfigError:
        raise
    except ImportError as error:
        raise ConfigError(f"{where}: {error}; pip install 'picofw[open_images]'") from error
    except FileNotFoundError as error:
        raise ConfigError(f"{where} does not exist") from error
    except (EOFError, zlib.error) as error:
        raise ConfigError(f"{where} is cut off or damaged: {error}") from error
    except Exception as error:  # every kind of place has errors of its own
        raise ConfigError(f"{where} cannot be read: {' '.join(str(error).split()) or type(error).__name__}") from error
