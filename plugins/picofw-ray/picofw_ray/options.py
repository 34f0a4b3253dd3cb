"""Options of the pools; ``conf/`` explains each beside its value."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from picofw.providers import Operational, Options


class RayOptions(Options):
    """Options of a pool. Where and how often the work is done is not part of a call's name in the store.

    Attributes:
        inner: The provider that does the work, and its options.
        replicas: How many of it there are.
        num_gpus: GPUs that each replica holds; a part of one lets several share it.
        num_cpus: CPUs that each replica holds.
        concurrency: Most calls that a replica has at once; an editor on a GPU makes its batches of them.
        address: Of the cluster: ``auto``, ``ray://HOST:10001``, ``HOST:6379``; None starts one on this machine.
        open_timeout_s: Longest wait until all replicas are ready, seconds: weights may have to be fetched.
    """

    inner: dict[str, Any] = Field(default_factory=dict)
    replicas: Annotated[int, Operational(), Field(ge=1, le=10_000)] = 1
    num_gpus: Annotated[float, Operational(), Field(ge=0)] = 0.0
    num_cpus: Annotated[float, Operational(), Field(ge=0)] = 1.0
    concurrency: Annotated[int, Operational(), Field(ge=1, le=1000)] = 16
    address: Annotated[str | None, Operational()] = None
    open_timeout_s: Annotated[float, Operational(), Field(gt=0)] = 1800.0
