"""OpenAI's batches: many requests at half the price, answered within a day."""

from __future__ import annotations

import asyncio
import tempfile
from abc import abstractmethod
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

import openai
import orjson
from openai.types import Batch

from picofw.errors import ProviderError, RateLimited, Transient
from picofw.hosted.batching import Label, handle_of, read_lines, write_parts
from picofw.providers import BatchMixin
from picofw.types import Request, Result

from . import errors
from .client import Client, Json

_MAX_FILE_BYTES = 190_000_000  # OpenAI takes 200 MB and 50,000 lines
_LABEL = "picofw"
_ENDED = {"completed", "failed", "expired", "cancelled"}


class OpenAIBatch(BatchMixin):
    """Submits what a provider would ask live, and reads the answers as it would."""

    options: Any
    endpoint: ClassVar[Literal["/v1/chat/completions", "/v1/images/edits"]]

    @property
    @abstractmethod
    def client(self) -> Client:
        """The open connection."""

    @abstractmethod
    async def batch_body(self, request: Request) -> Json:
        """Return a request as a batch takes it: JSON, pictures included.

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
        with tempfile.TemporaryDirectory(prefix="picofw-openai-") as folder:
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
        if any(job is not None and job.status not in _ENDED for job in jobs):
            return None
        outcomes: dict[int, Result | ProviderError] = {}
        for job in jobs:
            for file in (job.output_file_id, job.error_file_id) if job else ():
                outcomes |= await self._outcomes(file, requests) if file else {}
        unanswered = _unanswered(jobs, self.options.model)
        return [outcomes.get(number, unanswered) for number in range(len(requests))]

    async def _lines(self, requests: Sequence[Request]) -> AsyncIterator[bytes]:
        for number, request in enumerate(requests):
            body = await self.batch_body(request)
            line = {"custom_id": str(number), "method": "POST", "url": self.endpoint, "body": body}
            yield orjson.dumps(line)

    async def _create(self, path: Path, label: Label) -> str:
        try:
            with path.open("rb") as data:
                file = await self.client.sdk.files.create(file=(path.name, data), purpose="batch")
            job = await self.client.sdk.batches.create(
                input_file_id=file.id,
                endpoint=self.endpoint,
                completion_window="24h",
                metadata={_LABEL: str(label)},
            )
        except errors.RAISED as error:
            raise self.client.error(error) from error
        return job.id

    async def _jobs(self) -> dict[Label, str]:
        """Return the name of each part that OpenAI has, by its label."""
        found: dict[Label, str] = {}
        try:
            async for job in self.client.sdk.batches.list(limit=100):
                if label := Label.read((job.metadata or {}).get(_LABEL)):
                    found.setdefault(label, job.id)
        except errors.RAISED as error:
            raise self.client.error(error) from error
        return found

    async def _job(self, name: str) -> Batch | None:
        """Return a job as it stands; None if OpenAI has forgotten it."""
        try:
            return await self.client.sdk.batches.retrieve(name)
        except openai.NotFoundError:
            return None
        except errors.RAISED as error:
            raise self.client.error(error) from error

    async def _outcomes(self, file: str, requests: Sequence[Request]) -> dict[int, Result | ProviderError]:
        """Return what came of each request that a file has a line about; lines come in any order."""
        outcomes: dict[int, Result | ProviderError] = {}
        with tempfile.TemporaryDirectory(prefix="picofw-openai-") as folder:
            path = Path(folder) / "answers.jsonl"
            try:
                async with self.client.sdk.files.with_streaming_response.content(file) as response:
                    await response.stream_to_file(path)
            except errors.RAISED as error:
                raise self.client.error(error) from error
            lines = read_lines(path)
            while (line := await asyncio.to_thread(next, lines, None)) is not None:
                key = str(line.get("custom_id"))
                if key.isdecimal() and int(key) < len(requests):
                    outcomes[int(key)] = self._outcome(requests[int(key)], line)
        return outcomes

    def _outcome(self, request: Request, line: Json) -> Result | ProviderError:
        response = line.get("response") or {}
        try:
            if response.get("status_code") == 200:
                return self.result(request, response["body"])
        except ProviderError as error:
            return error
        if response:
            return errors.of_status(int(response["status_code"]), response.get("body"), self.options.model)
        return Transient(str((line.get("error") or {}).get("message") or "the batch gave no answer"))


def _unanswered(jobs: Sequence[Batch | None], model: str) -> ProviderError:
    """Return what to say of requests that no file has a line about: most can be asked again."""
    for job in jobs:
        for problem in (job.errors.data or []) if job and job.errors else []:
            if problem.code == "token_limit_exceeded":  # more is queued than the account may have
                return RateLimited(f"the batch failed: {problem.message}")
            return errors.of_status(400 if problem.line else 500, {"error": problem.model_dump()}, model)
    states = {job.status if job else "forgotten by OpenAI" for job in jobs}
    return Transient(f"the batch ended ({', '.join(sorted(states))}) without an answer to this request")
