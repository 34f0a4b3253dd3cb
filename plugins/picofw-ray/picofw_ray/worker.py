"""What runs in the cluster: one replica of a provider, which is handed its images with each request."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Mapping

from picofw.errors import DamagedImage, PicofwError, ProviderError, Transient
from picofw.plugins import Plugins
from picofw.prepare import make_provider
from picofw.settings import Choice
from picofw.types import ImageRef, Request, Result, Role

METHODS: Mapping[Role, str] = {"editor": "edit", "judge": "judge", "instructor": "instruct"}


class Handed:
    """The images of the requests that a replica has at the moment."""

    def __init__(self) -> None:
        self._data: dict[str, bytes] = {}
        self._users: Counter[str] = Counter()

    def take(self, images: Mapping[str, bytes]) -> None:
        """Keep a request's images.

        Args:
            images: Bytes by hash.
        """
        self._data.update(images)
        self._users.update(images.keys())

    def drop(self, images: Mapping[str, bytes]) -> None:
        """Let go of a request's images; those that another request needs stay.

        Args:
            images: What was taken.
        """
        self._users.subtract(images.keys())
        for name in images:
            if not self._users[name]:
                del self._data[name], self._users[name]

    async def read(self, image: ImageRef) -> bytes:
        """Return an image's bytes.

        Args:
            image: One that a present request came with.

        Raises:
            DamagedImage: It is none of these.
        """
        try:
            return self._data[image.sha256]
        except KeyError as error:
            raise DamagedImage(f"{image.sha256} was not sent with the request") from error


class Worker:
    """One replica.

    Args:
        role: What the provider does.
        choice: Which provider, and its options.
        environment: Variables that its options name, with their values; they travel as arguments, which Ray shows
            nowhere.
    """

    def __init__(self, role: Role, choice: Choice, environment: Mapping[str, str]) -> None:
        os.environ.update(environment)
        self._role = role
        self._provider = make_provider(Plugins(), role, choice, f"{role}.inner")
        self._images = Handed()
        self._opening: asyncio.Task[None] | None = None

    async def open(self) -> PicofwError | None:
        """Open the provider, once; return what is missing. What failed is tried anew by the next who ask."""
        if self._opening is None:
            self._opening = asyncio.create_task(self._provider.aopen(self._images))
        opening = self._opening
        try:
            await asyncio.shield(opening)
        except Exception as error:
            if self._opening is opening:
                self._opening = None
            return error if isinstance(error, PicofwError) else PicofwError(f"{type(error).__name__}: {error}")
        return None

    async def ask(self, request: Request, images: Mapping[str, bytes]) -> Result | ProviderError:
        """Return what the provider answers, or why it does not: errors that are raised lose their class on the way.

        Args:
            request: What to do.
            images: The images that it refers to, by hash.
        """
        problem = await self.open()  # a replica that was started anew is not open yet
        if problem is not None:
            return Transient(str(problem))
        self._images.take(images)
        try:
            answer: Result = await getattr(self._provider, METHODS[self._role])(request)
            return answer
        except ProviderError as error:
            return error
        except Exception as error:
            return Transient(f"{type(error).__name__}: {error} (a defect of the plugin)", maybe_billed=True)
        finally:
            self._images.drop(images)

    async def close(self) -> None:
        """Close the provider."""
        await self._provider.aclose()
