"""The pools as providers: what each is asked goes to a replica of the provider within."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, cast

from picofw.providers import Editor, Images, Instructor, Judge, Options, Provider
from picofw.secrets import named_by
from picofw.types import (
    EditRequest,
    EditResult,
    InstructRequest,
    InstructResult,
    JudgeRequest,
    JudgeResult,
    Request,
    Role,
    Usage,
)

from .options import RayOptions

if TYPE_CHECKING:
    from .pool import Pool

if importlib.util.find_spec("ray") is None:
    raise ImportError("picofw-ray needs ray: pip install picofw-ray")


class _Pooled(Provider):
    """A provider that lets replicas of another one do the work."""

    Options: ClassVar[type[Options]] = RayOptions
    options: RayOptions
    role: ClassVar[Role]
    _pool: Pool | None = None

    @property
    def inner(self) -> Mapping[str, Mapping[str, Any]]:
        """The provider that does the work."""
        return {"inner": self.options.inner}

    def compose(self, parts: Mapping[str, Provider]) -> None:
        """Take the provider that does the work; here it only says what it can do.

        Args:
            parts: The provider.
        """
        super().compose(parts)
        self.capabilities = replace(
            parts["inner"].capabilities, concurrency=self.options.replicas * self.options.concurrency
        )

    @property
    def model(self) -> str:
        """The model of the provider that does the work."""
        return self.parts["inner"].model

    @property
    def limit_key(self) -> str:
        """That of the provider that does the work."""
        return self.parts["inner"].limit_key or str(self.options.inner["provider"])

    def estimate(self, request: Request) -> Usage:
        """Return what the provider that does the work estimates.

        Args:
            request: The request.
        """
        return self.parts["inner"].estimate(request)

    async def aopen(self, images: Images) -> None:
        """Join the cluster and wait for the replicas.

        Args:
            images: What requests refer to.

        Raises:
            ConfigError: There is no cluster, it lacks what is needed, or the provider cannot be opened there.
        """
        from .pool import Pool

        await super().aopen(images)
        self._pool = Pool(self.role, self.options, named_by(*self.parts["inner"].every_options()))
        await self._pool.aopen(images)

    async def aclose(self) -> None:
        """End the replicas."""
        if self._pool is not None:
            pool, self._pool = self._pool, None
            await pool.aclose()

    async def _ask(self, request: Request) -> Any:
        assert self._pool is not None, "not open"
        return await self._pool.ask(request)


class RayEditor(_Pooled, Editor):
    """Replicas of an editor."""

    role: ClassVar[Role] = "editor"

    async def edit(self, request: EditRequest) -> EditResult:
        """Let a replica edit.

        Args:
            request: The image and what to do with it.
        """
        return cast("EditResult", await self._ask(request))


class RayJudge(_Pooled, Judge):
    """Replicas of a judge."""

    role: ClassVar[Role] = "judge"

    async def judge(self, request: JudgeRequest) -> JudgeResult:
        """Let a replica judge.

        Args:
            request: The images, the instruction and the questions.
        """
        return cast("JudgeResult", await self._ask(request))


class RayInstructor(_Pooled, Instructor):
    """Replicas of an instructor."""

    role: ClassVar[Role] = "instructor"

    async def instruct(self, request: InstructRequest) -> InstructResult:
        """Let a replica write.

        Args:
            request: What to write about.
        """
        return cast("InstructResult", await self._ask(request))
