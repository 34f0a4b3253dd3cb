"""What contract tests are given: a provider under test, opened and asked about real photos."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, ClassVar

import pytest

from picofw.plugins import Plugins
from picofw.prepare import make_parts
from picofw.providers import Images, Provider
from picofw.slots import RESULTS, validated
from picofw.testing.supplies import EDIT_TYPE, MemoryImages, bundled_photo, make_request
from picofw.types import EditType, Request, Result, Role

SECRET = "s3cret-value-of-a-key"  # noqa: S105  # the one that must not be found anywhere


def made(kind: type[Any], options: Mapping[str, Any], role: Role) -> Provider:
    """Return a new provider, not opened; what it is made of comes from the installed plugins.

    Args:
        kind: Its class.
        options: Its options.
        role: What it does.
    """
    provider: Provider = kind(kind.Options(**options))
    if provider.inner:
        provider.compose(make_parts(Plugins(), role, provider, role))
    return provider


class UnderTest:
    """Base of the contracts; see :mod:`picofw.testing.contract`.

    Attributes:
        provider_class: The class under test.
        options: Valid options, enough for a call to succeed.
        other_options: Another valid value for each option that changes answers, and for as many of the others as
            possible: the tests make sure that they are told apart.
        bad_options: By option: a value that must be refused.
        failing_options: Changes of ``options`` with which a call fails, as at an address where nobody listens.
        failing_request: Changes of the request with which a call fails, as an instruction that cannot be followed.
        never_fails: Where neither is given: why no call can be made to fail. The tests of errors are skipped then.
        edit_type: What the requests ask for; None: a change of tone, or the first type it can do.
    """

    role: ClassVar[Role]
    provider_class: ClassVar[type[Any]]
    options: ClassVar[Mapping[str, Any]] = {}
    other_options: ClassVar[Mapping[str, Any]] = {}
    bad_options: ClassVar[Mapping[str, Any]] = {}
    failing_options: ClassVar[Mapping[str, Any]] = {}
    failing_request: ClassVar[Mapping[str, Any]] = {}
    never_fails: ClassVar[str] = ""
    edit_type: ClassVar[EditType | None] = None

    @pytest.fixture
    def provider_options(self) -> Mapping[str, Any]:
        """The options to test with; override it to add what only a fixture knows, as a local server's address."""
        return self.options

    @pytest.fixture(autouse=True)
    def secrets(self, provider_options: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """The environment variables that the options name, each set to a value that is easy to find again."""
        options = self.provider_class.Options(**provider_options)
        names = [value for name, value in options if name.endswith("_env") and value]
        for name in names:
            monkeypatch.setenv(name, SECRET)
        return names

    def made(self, options: Mapping[str, Any]) -> Provider:
        """Return a new provider, not opened."""
        return made(self.provider_class, options, self.role)

    @asynccontextmanager
    async def opened(self, options: Mapping[str, Any], images: Images | None = None) -> AsyncIterator[Provider]:
        """Give a provider that is open."""
        provider = self.made(options)
        try:
            await provider.aopen(images or self.images())
            yield provider
        finally:
            await provider.aclose()

    def images(self) -> MemoryImages:
        """Return the images that requests are about."""
        images = MemoryImages()
        for name in ("cat", "coffee"):
            images.add(bundled_photo(name))
        return images

    def request(self, **changes: Any) -> Request:
        """Return a request, with some fields changed."""
        images, types = MemoryImages(), self.provider_class.capabilities.edit_types
        edit_type = self.edit_type or EDIT_TYPE
        if self.edit_type is None and types is not None and EDIT_TYPE.slug not in types:
            slug = min(types)
            edit_type = EditType(slug=slug, label=slug.replace("_", " "), category="any")
        edit_type = changes.pop("edit_type", edit_type)
        before, after = images.add(bundled_photo("cat")), images.add(bundled_photo("coffee"))
        return make_request(self.role, before, after, edit_type, **changes)

    async def answer(self, provider: Provider, request: Request) -> Result:
        """Ask, and fail unless the answer is one that the core would take."""
        methods = {"instructor": "instruct", "editor": "edit", "judge": "judge", "tagger": "tag"}
        result = await getattr(provider, methods[self.role])(request)
        return validated(request, result, RESULTS[self.role])

    def essence(self, result: Result) -> dict[str, Any]:
        """Return what must be equal where equal requests give equal results."""
        return result.model_dump(exclude={"raw", "usage"})
