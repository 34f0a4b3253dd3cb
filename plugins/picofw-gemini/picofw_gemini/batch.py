"""Google's batches: many requests at half the price, answered within a day."""

from __future__ import annotations

import asyncio
import tempfile
from abc import abstractmethod
from collections.abc import AsyncIterator, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any

import orjson
from google.genai import types

from picofw.errors import ProviderError, Transient
from picofw.hosted.batching import Label, handle_of, read_lines, write_parts
from picofw.providers import BatchMixin
from picofw.types import Request, Result

from . import errors
from .client import Client
from .wire import Body, Json

_MAX_FILE_BYTES = 500_000_000  # Google takes 2 GB
_ENDED = {
    "JOB_STATE_SUCCEEDED",
    "JOB_STATE_PARTIALLY_SUCCEEDED",
    "JOB_STATE_FAILED",
    "JOB_STATE_CANCELLED",
    "JOB_STATE_EXPIRED",
}


class GeminiBatch(BatchMixin):
    """Submits what a provider would ask live, and reads the answers as it would."""

    options: Any

    @property
    @abstractmethod
    def client(self) -> Client:
        """The open connection."""

    @abstractmethod
    async def body(self, request: Request) -> Body:
        """Return a request as it is sent.

        Args:
            request: The request.
        """

    @abstractmethod
    def result(self, request: Request, reply: Json) -> Result:
        """Return what a reply means.

        Args:
            request: What was asked.
            reply: What came back.

        Raises:
            ProviderError: It is no answer.
        """

    async def submit(self, batch_id: str, requests: Sequence[Request]) -> str:
        """Submit requests, in as many parts as the size of the files asks for.

        Args:
            batch_id: Our own id.
            requests: The requests.
        """
        with tempfile.TemporaryDirectory(prefix="picofw-gemini-") as folder:
            paths = await write_parts(self._lines(requests), Path(folder), _MAX_FILE_BYTES)
            names = [await self._create(path, Label(batch_id, number)) for number, path in enumerate(paths)]
        return ",".join(names)

    async def find(self, batch_id: str) -> str | None:
        """Return the handle of what has arrived of a batch.

        Args:
            batch_id: The id given to :meth:`submit`.
        """
        return handle_of(await self._jobs(), batch_id)

    async def poll(self, handle: str, requests: Sequence[Request]) -> list[Result | ProviderError] | None:
        """Return what came of each request; None while a part of the batch is not done.

        Args:
            handle: What :meth:`submit` returned.
            requests: The requests of the batch, in the order they were submitted.
        """
        jobs = [await self._job(name) for name in handle.split(",")]
        if any(job is not None and _state(job) not in _ENDED for job in jobs):
            return None
        outcomes: dict[int, Result | ProviderError] = {}
        for job in jobs:
            outcomes |= await self._outcomes(job, requests) if job else {}
        unanswered = await self._unanswered(jobs)
        return [outcomes.get(number, unanswered) for number in range(len(requests))]

    async def _lines(self, requests: Sequence[Request]) -> AsyncIterator[bytes]:
        for number, request in enumerate(requests):
            body = await self.body(request)
            yield body.fill(orjson.dumps({"key": str(number), "request": body.to_json()}))

    async def _create(self, path: Path, label: Label) -> str:
        model = self.options.model
        try:
            file = await self.client.sdk.files.upload(
                file=path, config=types.UploadFileConfig(mime_type="jsonl", display_name=str(label))
            )
            job = await self.client.sdk.batches.create(
                model=model,
                src=str(file.name),
                config=types.CreateBatchJobConfig(display_name=str(label)),
            )
        except errors.RAISED as error:
            raise self.client.error(error) from error
        return str(job.name)

    async def _jobs(self) -> dict[Label, str]:
        """Return the name of each part that Google has, by its label."""
        found: dict[Label, str] = {}
        try:
            async for job in await self.client.sdk.batches.list(config=types.ListBatchJobsConfig(page_size=100)):
                if label := Label.read(job.display_name):
                    found.setdefault(label, str(job.name))
        except errors.RAISED as error:
            raise self.client.error(error) from error
        return found

    async def _job(self, name: str) -> types.BatchJob | None:
        """Return a job as it stands; None if Google has forgotten it."""
        try:
            return await self.client.sdk.batches.get(name=name)
        except errors.RAISED as error:
            if getattr(error, "code", None) == HTTPStatus.NOT_FOUND:
                return None
            raise self.client.error(error) from error

    async def _outcomes(self, job: types.BatchJob, requests: Sequence[Request]) -> dict[int, Result | ProviderError]:
        """Return what came of each request that a job's file has a line about; lines come in any order."""
        file = job.dest.file_name if job.dest else None
        outcomes: dict[int, Result | ProviderError] = {}
        if not file:
            return outcomes
        with tempfile.TemporaryDirectory(prefix="picofw-gemini-") as folder:
            path = Path(folder) / "answers.jsonl"
            try:
                await self.client.sdk.files.download(file=file, destination=path)
            except errors.RAISED as error:
                raise self.client.error(error) from error
            lines = read_lines(path)
            while (line := await asyncio.to_thread(next, lines, None)) is not None:
                key = str(line.get("key"))
                if key.isdecimal() and int(key) < len(requests):
                    outcomes[int(key)] = self._outcome(requests[int(key)], line)
        return outcomes

    def _outcome(self, request: Request, line: Json) -> Result | ProviderError:
        try:
            if "response" in line:
                return self.result(request, line["response"])
        except ProviderError as error:
            return error
        return errors.of_item(line.get("error") or {}, self.options.model)

    async def _unanswered(self, jobs: Sequence[types.BatchJob | None]) -> ProviderError:
        """Return what to say of requests that no job has a line about: they can be asked again."""
        for job in jobs:
            if job and _state(job) == "JOB_STATE_FAILED":
                return Transient(f"the batch failed: {await self.client.batch_failure(str(job.name))}")
        states = {_state(job).removeprefix("JOB_STATE_").lower() if job else "forgotten by Google" for job in jobs}
        return Transient(f"the batch ended ({', '.join(sorted(states))}) without an answer to this request")


def _state(job: types.BatchJob) -> str:
    return str(getattr(job.state, "name", job.state))
