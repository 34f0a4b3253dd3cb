"""Opening: the providers of a run, or of a part of one, the door they answer through, and an account that pays."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping
from dataclasses import replace

from picofw.calls import Door
from picofw.cost import Budget, to_pico
from picofw.errors import ConfigError, PicofwError
from picofw.ledger import Ledger
from picofw.limits import Limiter
from picofw.prepare import Part, check_keys, limit_key
from picofw.providers import Panel, Provider
from picofw.secrets import hide, named_by
from picofw.settings import Limits
from picofw.slots import Slot
from picofw.status import spent
from picofw.store import Store
from picofw.types import Role
from picofw.waves import Waves
from picofw.workspace import Workspace

LOG_NAME = "picofw.log"
Note = Callable[[str], None]


class Interrupted(PicofwError):
    """The user asked to stop."""


@contextlib.asynccontextmanager
async def opened(workspace: Workspace, prepared: Part, note: Note) -> AsyncIterator[tuple[Door, Mapping[str, Slot]]]:
    """Open every provider of a run; give the door and the slots.

    Args:
        workspace: Where answers are kept; the caller holds the lock of the run.
        prepared: The run; its name is the account that pays.
        note: Is told what the user should know.

    Raises:
        ConfigError: A provider cannot be opened; nothing was paid.
    """
    settings, store, name = prepared.settings, workspace.store, prepared.name
    await _write_off(store, name, note)
    budget = Budget(to_pico(settings.budget.usd), spent(store, name))
    ledger = Ledger(store, workspace.blobs, name, budget, prepared.prices)
    door = Door(ledger, workspace.alive)
    if settings.mode == "batch":
        door.waves = Waves(ledger, settings.batch, note, door.stop)
    limiters: dict[str, Limiter] = {}
    slots: dict[str, Slot] = {}
    async with contextlib.AsyncExitStack() as stack:
        for slot, (kind, provider_name, provider) in prepared.providers.items():
            stack.push_async_callback(provider.aclose)
            try:
                await provider.aopen(workspace.blobs)
            except Exception as error:
                raise ConfigError(
                    hide(f"{slot}={provider_name}: {error}", named_by(*provider.every_options()))
                ) from error
            slots[slot] = _slot(slot, kind, provider_name, provider, settings.limits, limiters)
        if door.waves is not None:
            stack.push_async_callback(door.waves.aclose)
            await door.waves.attach({each.key: each for slot in slots.values() for each in slot.asked()})
        yield door, slots


def _slot(key: str, role: Role, name: str, provider: Provider, limits: Limits, limiters: dict[str, Limiter]) -> Slot:
    """Return the slot of an opened provider; those that share a limit key share a limiter."""
    members = {}
    if isinstance(provider, Panel):
        for part, inner in provider.inner.items():
            member = provider.parts[part]
            members[part] = _slot(f"{key}.{part}", role, str(inner["provider"]), member, limits, limiters)
    shared = limit_key(name, provider)
    limiter = limiters.setdefault(shared, Limiter(limits.of(shared), provider.capabilities.concurrency))
    return Slot(key, role, name, provider, limiter, members)


@contextlib.asynccontextmanager
async def open_slots(
    workspace: Workspace, prepared: Part, keys: Collection[str], account: str, note: Note
) -> AsyncIterator[tuple[Door, Mapping[str, Slot]]]:
    """Open some slots alone, such as ``judge``, to ask about what is stored; Ctrl-C ends that cleanly.

    What is paid is counted under an account of its own, which has a lock, a log and a budget like a run's.

    Args:
        workspace: Where answers are kept.
        prepared: Says who fills the slots, and the limits, prices and budget.
        keys: The slots, by config key.
        account: Name of the account that pays.
        note: Is told what the user should know.

    Raises:
        ConfigError: A key is missing, or a provider cannot be opened; nothing was paid.
        StoreError: Another process has the account.
    """
    part = replace(prepared, name=account, providers={key: prepared.providers[key] for key in keys})
    check_keys(part)
    with workspace.lock(account), log_file(workspace, part):
        async with opened(workspace, part, note) as (door, slots):
            with interruptible(door, note):
                try:
                    yield door, slots
                finally:
                    await door.drain()


async def _write_off(store: Store, name: str, note: Note) -> None:
    """Count the calls that a dead process had in flight, and say so."""
    before = store.lost(name)
    await store.write_off(name)
    after = store.lost(name)
    if count := after[0] - before[0]:
        most = "an unknown amount" if after[1] is None else f"{(after[1] - (before[1] or 0)) / 1e12:.6f} USD"
        note(f"{count} calls were in flight when the run was last ended; they may have cost {most}")


@contextlib.contextmanager
def interruptible(door: Door, note: Note) -> Iterator[None]:
    """Let the first Ctrl-C, or a scheduler's SIGTERM, stop cleanly, and the second one at once.

    Args:
        door: Is stopped.
        note: Is told what the user should know.
    """
    loop = asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM)

    def restore() -> None:
        for number in signals:
            loop.remove_signal_handler(number)

    def interrupt() -> None:
        restore()
        note("stopping: calls in flight are awaited, nothing new is started (Ctrl-C again: stop at once)")
        door.stop(Interrupted("interrupted"))

    for number in signals:
        loop.add_signal_handler(number, interrupt)
    try:
        yield
    finally:
        restore()


class _LogFile(logging.FileHandler):
    """Writes what it can: that the log's disk is full is no reason for another error."""

    def handleError(self, record: logging.LogRecord) -> None:
        pass

    def close(self) -> None:
        with contextlib.suppress(OSError):
            super().close()


class _Discreet(logging.Formatter):
    """Writes log lines, tracebacks included, without secrets."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        return hide(super().format(record), self._secrets)


@contextlib.contextmanager
def log_file(workspace: Workspace, prepared: Part) -> Iterator[None]:
    """Keep a log in the run's folder, without secrets.

    Args:
        workspace: Where the folder is.
        prepared: The run.
    """
    handler = _LogFile(workspace.folder(prepared.name) / LOG_NAME, encoding="utf-8")
    secrets: dict[str, str] = {}
    for *_, provider in prepared.providers.values():
        secrets |= named_by(*provider.every_options())
    handler.setFormatter(_Discreet(secrets))
    logger = logging.getLogger("picofw")
    logger.addHandler(handler)
    propagate, logger.propagate = logger.propagate, False
    level = logger.level
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagate
        logger.setLevel(level)
        handler.close()
