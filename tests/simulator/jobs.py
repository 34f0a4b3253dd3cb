"""Uploaded files and batch jobs, which outlive the clients that made them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Literal

Ending = Literal["succeeded", "failed", "expired", "cancelled"]


@dataclass
class Job:
    """A batch.

    Attributes:
        id: The vendor's name for it.
        label: What the client called it: a display name, or its metadata as JSON.
        target: The model (Gemini) or the endpoint (OpenAI).
        source: Id of the file of requests.
        polls: How often it is asked for before it is done.
        ending: How it ends.
        answered: Share of its requests that are answered before it expires or is cancelled.
        done: Whether it ended.
        output: Id of the file of answers, once it ended.
        errors: Id of OpenAI's file of failed requests, once it ended.
        total: Number of its requests.
        created: Its place in time.
    """

    id: str
    label: str
    target: str
    source: str
    polls: int
    ending: Ending
    answered: float
    done: bool = False
    output: str | None = None
    errors: str | None = None
    total: int = 0
    created: int = 0


@dataclass
class Shelf:
    """The files and jobs of one vendor.

    Attributes:
        files: Contents by id.
        jobs: Jobs by id, oldest first.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def new_id(self, prefix: str) -> str:
        """Return an unused id.

        Args:
            prefix: What it starts with.
        """
        return f"{prefix}{next(self._numbers):06d}"

    def page(self, after: str | None, size: int) -> tuple[list[Job], bool]:
        """Return a page of jobs, newest first, and whether there are more.

        Args:
            after: Id of the last job of the page before; None for the first page.
            size: Most jobs on a page.
        """
        newest = list(reversed(self.jobs.values()))
        start = 0 if after is None else [job.id for job in newest].index(after) + 1
        return newest[start : start + size], start + size < len(newest)
