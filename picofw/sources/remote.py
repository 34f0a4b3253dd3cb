"""What sources name by URL, fetched: with limits of size and time, retries, and no way into private networks.

URLs are data, written by whoever made a dataset. So they lead to http, https and s3 only, and to public addresses
only, unless the settings allow private ones. A source embeds the options and opens a fetcher::

    class Acme(Source):
        class Options(Record):
            remote: Annotated[RemoteOptions, Operational()] = RemoteOptions()

        async def aopen(self) -> None:
            self._fetcher = await Fetcher(self.options.remote).__aenter__()

        async def fetch(self, photo: Photo) -> bytes:
            return await self._fetcher.get(photo.uri)

        async def aclose(self) -> None:
            await self._fetcher.aclose()
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import itertools
import zlib
from typing import BinaryIO, Self
from urllib.parse import urlsplit

from pydantic import Field, PositiveFloat, PositiveInt

from picofw.errors import ConfigError, SourceError, Unreachable
from picofw.sources.streams import Passing, Server, Span
from picofw.types import Record

MB = 10**6


class RemoteOptions(Record):
    """How what is named by URL is fetched.

    Attributes:
        concurrency: Requests at once, at most.
        max_mb: The most a photo may have, in MB; more is not read.
        timeout_s: Seconds that one try may take in all, for each ``max_mb`` begun (which only what is longer than a
            photo has more than one of).
        stall_s: Seconds without a byte after which a server is given up.
        tries: How often a fault that may pass is met before it counts as lasting.
        wait_s: Seconds before the second try; doubled for each further one.
        max_wait_s: The longest wait. A server that asks for a longer one is not asked again.
        allow_private: Let URLs lead to addresses that are not of the public internet, as 127.0.0.1 or 10.0.0.1.
        s3_endpoint: Address of the server of ``s3://``; None: AWS, or what ``AWS_ENDPOINT_URL`` says.
        s3_unsigned: Ask it without credentials, as for public buckets; else those of the environment are used.
    """

    concurrency: PositiveInt = 32
    max_mb: PositiveFloat = 64
    timeout_s: PositiveFloat = 60
    stall_s: PositiveFloat = 20
    tries: PositiveInt = 4
    wait_s: float = Field(default=1, ge=0)
    max_wait_s: float = Field(default=60, ge=0)
    allow_private: bool = False
    s3_endpoint: str | None = None
    s3_unsigned: bool = False


class Fetcher:
    """Fetches bytes by URL. Open it on the event loop that uses it: ``async with Fetcher(options) as fetcher``.

    Args:
        options: How.
    """

    def __init__(self, options: RemoteOptions) -> None:
        self._options = options
        self._room = asyncio.Semaphore(options.concurrency)
        self._servers: dict[str, Server] = {}

    async def __aenter__(self) -> Self:
        """Make ready; nothing is asked yet.

        Raises:
            ConfigError: A package is missing.
        """
        options = self._options
        try:
            from picofw.sources.bucket import Buckets
            from picofw.sources.web import Web
        except ImportError as error:
            raise ConfigError(f"photos by URL: {error}; pip install 'picofw[remote]'") from error
        web = Web(options.concurrency, options.stall_s, allow_private=options.allow_private)
        buckets = Buckets(
            options.concurrency, options.stall_s, endpoint=options.s3_endpoint, unsigned=options.s3_unsigned
        )
        self._servers = {"http": web, "https": web, "s3": buckets}
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections; safe to call twice, and before it was opened."""
        for server in self._servers.values():
            await server.aclose()

    async def get(self, url: str, *, size: int | None = None, md5: str = "", span: Span | None = None) -> bytes:
        """Return the bytes of a photo, or of a part of something larger.

        Args:
            url: ``http://``, ``https://`` or ``s3://``.
            size: How many bytes it must have; None: any number.
            md5: The MD5 that it must have, in base64, as indexes of Open Images give it; empty: any.
            span: Where the wanted bytes begin in what the URL names, and how many there are; None: all.

        Raises:
            SourceError: It is gone, too large, or not what was expected. The message is one line and begins with the
                URL.
            Unreachable: Its server has not given it after all tries, gives it to nobody like us, or is at an address
                that is not allowed.
        """
        kept = io.BytesIO()
        await self.save(url, kept, max_mb=self._options.max_mb, span=span)
        data = kept.getvalue()
        expected = span[1] if span else size
        if expected is not None and len(data) != expected:
            raise SourceError(f"{url}: {len(data)} bytes where {expected} were expected")
        if md5 and base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode() != md5:
            raise SourceError(f"{url}: its MD5 is not {md5}: it is another file than the one that was listed")
        return data

    async def save(self, url: str, file: BinaryIO, *, max_mb: float, span: Span | None = None) -> None:
        """Write the bytes that a URL names into a file, from its beginning.

        Args:
            url: As for :meth:`get`.
            file: Where to; it is overwritten. Its writes happen on the event loop.
            max_mb: The most it may have, in MB.
            span: As for :meth:`get`.

        Raises:
            SourceError: As for :meth:`get`; so is Unreachable.
        """
        server = self._server(url)
        async with self._room:
            for tried in itertools.count(1):
                try:
                    await self._pour(server, url, file, max_mb, span)
                    return
                except Passing as fault:
                    if tried == self._options.tries:
                        raise Unreachable(f"{url}: {fault}; tried {tried} times") from fault
                    await self._wait(url, fault, tried)

    def _server(self, url: str) -> Server:
        assert self._servers, "open the fetcher first"
        try:
            return self._servers[urlsplit(url).scheme]
        except (ValueError, KeyError) as error:
            raise SourceError(f"{url}: only {', '.join(self._servers)} addresses are fetched") from error

    async def _pour(self, server: Server, url: str, file: BinaryIO, max_mb: float, span: Span | None) -> None:
        """Try once."""
        most, a_while = int(max_mb * MB), self._options.timeout_s
        file.seek(0)
        file.truncate()
        read, extended = 0, self._options.max_mb * MB
        try:
            async with asyncio.timeout(a_while) as limit, server.open(url, span) as body:
                if (body.size or 0) > most:
                    raise SourceError(f"{url}: {body.size:,} bytes; at most {max_mb:g} MB are read")
                async for chunk in body.chunks:
                    read += len(chunk)
                    if read > most:
                        raise SourceError(f"{url}: at most {max_mb:g} MB are read, and there are more")
                    if read > extended:
                        extended += self._options.max_mb * MB
                        limit.reschedule(asyncio.get_running_loop().time() + a_while)
                    file.write(chunk)
        except TimeoutError as error:
            raise Passing(f"not done after {a_while:g} s") from error

    async def _wait(self, url: str, fault: Passing, tried: int) -> None:
        """Wait as long as the server asks, or about twice as long each time; not all at the same moment."""
        longest = self._options.max_wait_s
        if fault.retry_after is not None:
            if fault.retry_after > longest:
                raise Unreachable(f"{url}: {fault}; the server asks to wait {fault.retry_after:.0f} s") from fault
            await asyncio.sleep(fault.retry_after)
        else:
            spread = 0.5 + zlib.crc32(url.encode()) / 2**32
            await asyncio.sleep(min(longest, self._options.wait_s * 2 ** (tried - 1) * spread))
