"""Requests in a window of time, as the services count them: each model by itself."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Collection


class RateLimit:
    """Lets through a number of requests to each model in any window of time.

    Args:
        requests: How many.
        seconds: Length of the window; the services count 60, a test in a hurry less.
        models: Only these are limited; all if None.
    """

    def __init__(self, requests: int, seconds: float = 60.0, models: Collection[str] | None = None) -> None:
        self.requests, self.seconds, self.models = requests, seconds, models
        self._admitted: defaultdict[str, deque[float]] = defaultdict(deque)

    def wait(self, model: str, now: float) -> float:
        """Admit a request and return 0, or return the seconds until one would be admitted.

        Args:
            model: The model that is asked.
            now: The time, in seconds.
        """
        if self.models is not None and model not in self.models:
            return 0.0
        admitted = self._admitted[model]
        while admitted and admitted[0] <= now - self.seconds:
            admitted.popleft()
        if len(admitted) < self.requests:
            admitted.append(now)
            return 0.0
        return admitted[0] + self.seconds - now
