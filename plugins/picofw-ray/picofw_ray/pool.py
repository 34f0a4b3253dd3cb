"""The driver's side: replicas in a cluster, and who gets the next call.

The run's store and limits stay here. Ray repeats nothing by itself: a call whose replica died is told as
passing, and the core makes it again, elsewhere. A dead replica gets no call until it has come back.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from typing import Any

import ray
from ray.exceptions import RayError

from picofw.errors import ConfigError, ProviderError, Transient
from picofw.providers import Images
from picofw.settings import Choice
from picofw.types import ImageRef, Request, Result, Role

from .options import RayOptions
from .worker import Worker

_log = logging.getLogger(__name__)
_RETRY_S = 0.5


class _Replica:
    def __init__(self, actor: Any) -> None:
        self.actor = actor
        self.calls = 0
        self.up = True


class Pool:
    """Replicas of one provider.

    Args:
        role: What it does.
        options: How many there are, and what each one needs.
        environment: Variables that the provider's options name, with their values.
    """

    def __init__(self, role: Role, options: RayOptions, environment: Mapping[str, str]) -> None:
        self._role, self._options, self._environment = role, options, environment
        self._replicas: list[_Replica] = []
        self._reviving: set[asyncio.Task[None]] = set()
        self._change = asyncio.Condition()

    async def aopen(self, images: Images) -> None:
        """Join the cluster, or start one here, and wait until every replica is ready.

        Args:
            images: What requests refer to.

        Raises:
            ConfigError: There is no cluster, it lacks what the replicas need, or the provider cannot be opened there.
        """
        self._images = images
        _join(self._options)  # not in a thread of the loop's: with the thread that started them, Ray's processes end
        actor = ray.remote(Worker).options(
            num_gpus=self._options.num_gpus,
            num_cpus=self._options.num_cpus,
            max_concurrency=self._options.concurrency + 1,  # one to open
            max_restarts=-1,
            max_task_retries=0,
        )
        choice = Choice.model_validate(self._options.inner)
        started = [actor.remote(self._role, choice, self._environment) for _ in range(self._options.replicas)]
        self._replicas = [_Replica(each) for each in started]
        try:
            async with asyncio.timeout(self._options.open_timeout_s):
                problems = await asyncio.gather(*(replica.actor.open.remote() for replica in self._replicas))
        except TimeoutError as error:
            raise ConfigError(
                f"not all {self._options.replicas} replicas were ready after {self._options.open_timeout_s:g} s; "
                f"each needs {_needs(self._options)}, and the cluster has {_has()}"
            ) from error
        except RayError as error:
            raise ConfigError(f"a replica could not be started: {_first_line(error)}") from error
        for problem in problems:
            if problem is not None:
                raise ConfigError(f"on a machine of the cluster: {problem}") from problem

    async def aclose(self) -> None:
        """End the replicas; what they still do is lost."""
        for task in self._reviving:
            task.cancel()
        for replica in self._replicas:
            with contextlib.suppress(RayError, TimeoutError):
                await asyncio.wait_for(replica.actor.close.remote(), 5)
            ray.kill(replica.actor)
        self._replicas = []

    async def ask(self, request: Request) -> Result:
        """Let the replica with the fewest calls answer.

        Args:
            request: What to do.

        Raises:
            ProviderError: What the provider said; or the replica died, which is told as passing.
            DamagedImage: An image cannot be read.
        """
        values = [getattr(request, name) for name in type(request).model_fields]
        refs = [value for value in values if isinstance(value, ImageRef)]
        images = {ref.sha256: await self._images.read(ref) for ref in refs}
        replica = await self._next()
        replica.calls += 1
        try:
            answer = await replica.actor.ask.remote(request, images)
        except RayError as error:
            self._lost(replica)
            raise Transient(f"a replica was lost: {_first_line(error)}", maybe_billed=True) from error
        finally:
            replica.calls -= 1
        if isinstance(answer, ProviderError):
            raise answer
        result: Result = answer
        return result

    async def _next(self) -> _Replica:
        async with self._change:
            await self._change.wait_for(lambda: any(replica.up for replica in self._replicas))
        return min((replica for replica in self._replicas if replica.up), key=lambda replica: replica.calls)

    def _lost(self, replica: _Replica) -> None:
        if replica.up:
            replica.up = False
            _log.warning("a replica was lost; it is started anew")
            task = asyncio.create_task(self._revive(replica))
            self._reviving.add(task)
            task.add_done_callback(self._reviving.discard)

    async def _revive(self, replica: _Replica) -> None:
        """Wait until a replica is back, wherever Ray starts it."""
        while True:
            with contextlib.suppress(RayError):
                if await replica.actor.open.remote() is None:
                    break
            await asyncio.sleep(_RETRY_S)
        replica.up = True
        async with self._change:
            self._change.notify_all()


def _join(options: RayOptions) -> None:
    if ray.is_initialized():
        return
    try:
        ray.init(
            address=options.address or "local",  # None would join whatever runs on this machine
            log_to_driver=False,
            logging_level=logging.ERROR,
            include_dashboard=None if options.address else False,
        )
    except (ConnectionError, OSError, RuntimeError, ValueError) as error:
        raise ConfigError(f"the Ray cluster at {options.address} cannot be joined: {_first_line(error)}") from error
    if options.address is None and not _fits(options):
        has = _has()
        ray.shutdown()
        raise ConfigError(
            f"{options.replicas} replicas of {_needs(options)} each do not fit on this machine, which has {has}: lower "
            "replicas, num_gpus or num_cpus, or name a cluster's address"
        )


def _fits(options: RayOptions) -> bool:
    there = ray.cluster_resources()
    wanted = {"GPU": options.num_gpus, "CPU": options.num_cpus}
    return all(options.replicas * each <= there.get(name, 0) for name, each in wanted.items())


def _has() -> str:
    there = ray.cluster_resources()
    return f"{there.get('GPU', 0):g} GPUs and {there.get('CPU', 0):g} CPUs"


def _needs(options: RayOptions) -> str:
    return f"{options.num_gpus:g} GPUs and {options.num_cpus:g} CPUs"


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:300]
