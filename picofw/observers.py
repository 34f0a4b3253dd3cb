"""Telling plugins' observers how a run goes, beside the run: one that is slow or hangs holds nothing up."""

from __future__ import annotations

import logging
import queue
import threading
from typing import Any

from picofw.plugins import Plugins

_MOST_BEHIND = 10_000  # attempts and samples, of some kB each
_PATIENCE_S = 10.0
_log = logging.getLogger(__name__)


class Observers:
    """Tells observers one thing after another, in a thread of their own.

    Args:
        plugins: Whose observers are told.
        most_behind: How many things may wait to be told before the observers are given up.
        patience_s: Seconds that the observers have to hear the rest when the run is over.
    """

    def __init__(self, plugins: Plugins, *, most_behind: int = _MOST_BEHIND, patience_s: float = _PATIENCE_S) -> None:
        self._plugins, self._most_behind, self._patience_s = plugins, most_behind, patience_s
        self._waiting: queue.SimpleQueue[tuple[str, dict[str, Any]] | None] = queue.SimpleQueue()
        self._given_up = False
        self._thread = threading.Thread(target=self._work, name="observers", daemon=True)
        self._thread.start()

    def tell(self, hook: str, **arguments: Any) -> None:
        """Have each observer told, soon; returns at once.

        Args:
            hook: Name of the hook.
            **arguments: Its arguments.
        """
        if not self._given_up and self._waiting.qsize() >= self._most_behind:
            self._given_up = True
            _log.error("the observers are %d reports behind: they are told no more", self._most_behind)
        if not self._given_up:
            self._waiting.put((hook, arguments))

    def close(self) -> None:
        """Wait until all is told; an observer that is not done in time is left to end with the process."""
        self._waiting.put(None)
        self._thread.join(0 if self._given_up else self._patience_s)
        if self._thread.is_alive():
            _log.error("an observer was not done %g s after the run: it is left alone", self._patience_s)

    def _work(self) -> None:
        while (told := self._waiting.get()) is not None:
            hook, arguments = told
            self._plugins.notify(hook, **arguments)
