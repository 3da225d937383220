"""Clock and stop: the time of a run, and whether it is to end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Time. `now` is aware UTC; `monotonic` and `lived` are in seconds from an arbitrary point and never go back."""

    def now(self) -> datetime:
        """The present instant, aware, UTC."""

    def monotonic(self) -> float:
        """Seconds for measuring durations."""

    def lived(self) -> float:
        """Seconds as the calling thread lives them. Where time is simulated, what others sleep meanwhile is not in
        them: no call of this thread takes hours because another waits for a scan."""

    def sleep(self, wait: timedelta, given_up: Callable[[], bool] | None = None) -> None:
        """Return after `wait`, or soon after `given_up` says that nobody waits any more; raises Interrupted or
        Terminated at once when the run is asked to stop. Simulated time passes at once, given up or not."""


class Stop(Protocol):
    """Whether this run has been asked to stop."""

    def check(self) -> None:
        """Raise Interrupted or Terminated if so. Called before each request and between chunks of long work."""
