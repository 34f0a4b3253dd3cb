"""Web servers: http and https, never at an address that only this machine or its network can reach."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any

import aiohttp

from picofw.errors import SourceError, Unreachable
from picofw.sources.streams import CHUNK, Body, Passing, Span, fault, range_header

_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: the last four bytes are an IPv4 address
_INTERNAL = (
    IPv4Network("168.63.129.16"),  # Azure's service for its own machines, at an address that looks public
    IPv4Network("192.0.0.0/24"),  # RFC 6890; Oracle's cloud has its metadata there
)


class _Refused(OSError):
    """An address that URLs may not lead to."""


class Web:
    """Gets what is on the web.

    The address is checked where the socket is made for it. So a redirect, a name that resolves to a private address,
    or to another one than a moment ago, leads nowhere.

    Args:
        concurrency: Connections at once, at most.
        stall_s: Seconds without a byte after which a server is given up.
        allow_private: Let URLs lead to private addresses too.
    """

    def __init__(self, concurrency: int, stall_s: float, *, allow_private: bool) -> None:
        connector = aiohttp.TCPConnector(limit=concurrency, socket_factory=None if allow_private else _public_socket)
        self._session = aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=stall_s, sock_read=stall_s),
            headers={"Accept-Encoding": "identity", "User-Agent": "picofw"},
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def aclose(self) -> None:
        """Close all connections; safe to call twice."""
        await self._session.close()

    @asynccontextmanager
    async def open(self, url: str, span: Span | None) -> AsyncIterator[Body]:
        """Ask for a URL, and follow its redirects.

        Args:
            url: What to get.
            span: The part of it that is wanted; None: all.

        Raises:
            Passing: A fault that may pass.
            SourceError: It cannot be had.
        """
        headers = {"Range": range_header(span)} if span else {}
        try:
            async with self._session.get(url, headers=headers) as answer:
                if answer.status not in (200, 206):
                    raise fault(url, answer.status, answer.headers.get("Retry-After"))
                chunks = answer.content.iter_chunked(CHUNK)
                if span and answer.status == 200:  # a server that knows no ranges
                    yield Body(span[1], _part(chunks, *span))
                else:
                    yield Body(answer.content_length, chunks)
        except (aiohttp.InvalidURL, aiohttp.TooManyRedirects, aiohttp.ClientConnectorCertificateError) as error:
            raise SourceError(f"{url}: {_name(error)}: {error}") from error
        except aiohttp.ClientConnectorError as error:
            if isinstance(error.os_error, _Refused):
                raise Unreachable(f"{url}: {error.os_error}") from error
            raise Passing(str(error)) from error
        except TimeoutError as error:
            raise Passing("the server stalled") from error
        except (aiohttp.ClientError, OSError) as error:
            raise Passing(f"{_name(error)}: {error}") from error


def _public_socket(info: tuple[Any, ...]) -> socket.socket:
    family, kind, protocol, _, address = info
    if not is_public(address[0]):
        raise _Refused("it leads to a private address; allow_private=true lets it")
    return socket.socket(family, kind, protocol)


def is_public(address: str) -> bool:
    """Return whether an IP address is one of the public internet, and so is the IPv4 address inside of it, if any.

    Args:
        address: As the resolver gives it.
    """
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        inside = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if ip in _NAT64:
            inside = IPv4Address(int(ip) & 0xFFFFFFFF)
        if inside is not None:
            return is_public(str(inside))
    return ip.is_global and not ip.is_multicast and not any(ip in network for network in _INTERNAL)


async def _part(chunks: AsyncIterator[bytes], start: int, length: int) -> AsyncIterator[bytes]:
    """Yield some of the bytes, and read no further."""
    at = 0
    async for chunk in chunks:
        if piece := chunk[max(0, start - at) : start + length - at]:
            yield piece
        at += len(chunk)
        if at >= start + length:
            return


def _name(error: Exception) -> str:
    return type(error).__name__
