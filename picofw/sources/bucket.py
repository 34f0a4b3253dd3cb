"""Buckets: objects of an S3 server, by ``s3://bucket/key``."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import aiohttp
from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore import UNSIGNED
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, ParamValidationError

from picofw.errors import SourceError, Unreachable
from picofw.sources.streams import CHUNK, Body, Passing, Span, fault, range_header


class Buckets:
    """Gets objects of one S3 server; it is reached first when the first object is asked for.

    Args:
        concurrency: Connections at once, at most.
        stall_s: Seconds without a byte after which the server is given up.
        endpoint: The server's address; None: AWS, or what its environment variables say.
        unsigned: Ask without credentials, as for public buckets.
    """

    def __init__(self, concurrency: int, stall_s: float, *, endpoint: str | None, unsigned: bool) -> None:
        self._endpoint = endpoint
        self._config = AioConfig(
            signature_version=UNSIGNED if unsigned else None,
            connect_timeout=stall_s,
            read_timeout=stall_s,
            max_pool_connections=concurrency,
            retries={"total_max_attempts": 1},
        )
        self._opening = asyncio.Lock()
        self._stack = AsyncExitStack()
        self._client: Any = None

    async def aclose(self) -> None:
        """Close all connections; safe to call twice."""
        await self._stack.aclose()
        self._client = None

    async def _opened(self) -> Any:
        async with self._opening:
            if self._client is None:
                client = get_session().create_client("s3", endpoint_url=self._endpoint, config=self._config)
                self._client = await self._stack.enter_async_context(client)
            return self._client

    @asynccontextmanager
    async def open(self, url: str, span: Span | None) -> AsyncIterator[Body]:
        """Ask for an object.

        Args:
            url: ``s3://bucket/key``.
            span: The part of it that is wanted; None: all.

        Raises:
            Passing: A fault that may pass.
            SourceError: It cannot be had.
        """
        bucket, _, key = url.removeprefix("s3://").partition("/")
        wanted = {"Bucket": bucket, "Key": key} | ({"Range": range_header(span)} if span else {})
        try:
            client = await self._opened()
            answer = await client.get_object(**wanted)
            async with answer["Body"] as stream:
                yield Body(answer["ContentLength"], stream.iter_chunks(CHUNK))
        except ClientError as error:
            told = error.response.get("ResponseMetadata", {})
            raise fault(url, told.get("HTTPStatusCode", 0), told.get("HTTPHeaders", {}).get("retry-after")) from error
        except NoCredentialsError as error:
            raise Unreachable(f"{url}: no credentials for S3; a public bucket needs s3_unsigned=true") from error
        except (ParamValidationError, ValueError) as error:
            raise SourceError(f"{url}: {' '.join(str(error).split())}") from error
        except TimeoutError as error:
            raise Passing("the server stalled") from error
        except (BotoCoreError, aiohttp.ClientError, OSError) as error:
            raise Passing(f"{type(error).__name__}: {error}") from error
