"""Requests and small providers that several tests use."""

from __future__ import annotations

import asyncio
from typing import Any

from picofw.errors import Transient
from picofw.providers import BatchMixin, Editor, Judge, Options
from picofw.types import (
    Criterion,
    EditRequest,
    EditResult,
    EditType,
    ImageRef,
    JudgeRequest,
    JudgeResult,
    Usage,
)

IMAGE = ImageRef(sha256="a" * 64, media_type="image/png", width=64, height=48)
TONE = EditType(slug="color_tone", label="Change overall color tone", category="Pixel & Photometric")


def edit_request(number: int = 1, **changes: Any) -> EditRequest:
    return EditRequest(
        **{"image": IMAGE, "instruction": "warmer", "edit_type": TONE, "attempt": number, "seed": 7} | changes
    )


def judge_request(**changes: Any) -> JudgeRequest:
    criteria = (Criterion(name="seamlessness", question="?"), Criterion(name="technical_quality", question="?"))
    values = {"before": IMAGE, "after": IMAGE, "instruction": "x", "edit_type": TONE, "criteria": criteria, "seed": 0}
    return JudgeRequest(**values | changes)


class ScriptedEditor(Editor):
    """Does what it is told, answer by answer: a result or an image's bytes; what to raise; what to call and await."""

    class Options(Options):
        model: str = "m"

    def __init__(self, *script: Any, usage: Usage | None = None) -> None:
        super().__init__(self.Options())
        self.script = list(script)
        self.usage = usage or Usage(images=1)
        self.calls = 0

    async def edit(self, request: EditRequest) -> EditResult:
        self.calls += 1
        step = self.script.pop(0) if self.script else f"image {request.attempt}".encode()
        if callable(step):
            step = await step()
        if isinstance(step, Exception):
            raise step
        return step if isinstance(step, EditResult) else EditResult(image=step, usage=self.usage)

    def estimate(self, request: Any) -> Usage:
        return Usage(images=1)


class ScriptedJudge(Judge):
    """Answers with the scores it was given."""

    def __init__(self, scores: dict[str, float]) -> None:
        super().__init__(Options())
        self.scores = scores

    async def judge(self, request: JudgeRequest) -> JudgeResult:
        return JudgeResult(scores=self.scores)


class Vendor:
    """A vendor's batch service that outlives its client: jobs by our id, answered when told to; not those ``held``."""

    def __init__(self) -> None:
        self.jobs: dict[str, list[EditRequest]] = {}
        self.open = True
        self.held: set[str] = set()
        self.answers: dict[str, Any] = {}

    @property
    def submitted(self) -> list[int]:
        return [len(job) for job in self.jobs.values()]


class BatchEditor(ScriptedEditor, BatchMixin):
    """An editor of a :class:`Vendor`; ``answers`` by instruction replace the image that a request gets."""

    max_batch = 4

    def __init__(self, vendor: Vendor) -> None:
        super().__init__()
        self.vendor = vendor
        self.dies: str = ""
        self.unseen: list[Exception] = []  # raised by the next looks for a batch

    async def submit(self, batch_id: str, requests: Any) -> str:
        if self.dies == "before":
            raise Transient("connection broken", maybe_billed=True)
        self.vendor.jobs[batch_id] = list(requests)
        if self.dies == "after":
            raise Transient("connection reset")
        if self.dies == "never returns":
            await asyncio.Event().wait()
        return f"vendor/{batch_id}"

    async def find(self, batch_id: str) -> str | None:
        if self.unseen:
            raise self.unseen.pop(0)
        return f"vendor/{batch_id}" if batch_id in self.vendor.jobs else None

    async def poll(self, handle: str, requests: Any) -> list[Any] | None:
        batch_id = handle.removeprefix("vendor/")
        job = self.vendor.jobs[batch_id]
        assert job == list(requests)
        if not self.vendor.open or batch_id in self.vendor.held:
            return None
        image = EditResult(image=b"x", usage=self.usage)
        return [
            self.vendor.answers.get(r.instruction, image.model_copy(update={"image": str(r).encode()})) for r in job
        ]
