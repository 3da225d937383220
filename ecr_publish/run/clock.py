"""The only place that knows the time and draws random numbers: the machine's clock, and one advanced by hand."""

from __future__ import annotations

import random
import secrets
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

GLANCE_SECONDS = 0.25  # between two looks whether a sleep is given up


class Waiting(Protocol):
    """Something that a sleep can wait on and that ends it early: a stop request."""

    def wait(self, seconds: float) -> bool:
        """Wait up to that many seconds; True if stopping was asked for."""

    def check(self) -> None:
        """Raise if stopping was asked for."""


class SystemClock:
    """The machine's clock; its sleep ends at once when the run is asked to stop."""

    def __init__(self, stop: Waiting) -> None:
        self._stop = stop

    def now(self) -> datetime:
        """The present instant, aware, UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()

    def lived(self) -> float:
        """The same: real time passes for all alike."""
        return time.monotonic()

    def sleep(self, wait: timedelta, given_up: Callable[[], bool] | None = None) -> None:
        """Return after `wait`, or a quarter of a second after it is `given_up`; raises Interrupted or Terminated as
        soon as the run is asked to stop."""
        left = max(0.0, wait.total_seconds())
        if given_up is None:
            self._stop.wait(left)
        else:
            while not self._stop.wait(min(left, GLANCE_SECONDS)) and left > GLANCE_SECONDS and not given_up():
                left -= GLANCE_SECONDS
        self._stop.check()


class ShiftedClock(SystemClock):
    """The machine's clock, moved forward as far as it was advanced."""

    def __init__(self, stop: Waiting) -> None:
        super().__init__(stop)
        self._shift = timedelta()

    def now(self) -> datetime:
        """The present instant, aware, UTC."""
        return super().now() + self._shift

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return super().monotonic() + self._shift.total_seconds()

    def advance(self, wait: timedelta) -> None:
        """Move the time forward; from there it goes on as ever."""
        self._shift += wait


class SimulatedClock:
    """A clock that only moves when somebody sleeps on it or advances it: a rehearsal waits hours in no time.

    Each sleep advances the common time, so that of several sleepers each sees at least its own wait pass.
    """

    def __init__(self, start: datetime, stop: Waiting | None = None, breath: float = 0.0) -> None:
        self._now, self._elapsed = start, 0.0
        self._lock = threading.Lock()
        self._stop, self._breath = stop, breath
        self._own = threading.local()

    def now(self) -> datetime:
        """The simulated instant, aware, UTC."""
        with self._lock:
            return self._now

    def monotonic(self) -> float:
        """Simulated seconds since the start."""
        with self._lock:
            return self._elapsed

    def lived(self) -> float:
        """Simulated seconds by which the calling thread itself moved the time."""
        return getattr(self._own, "seconds", 0.0)

    def advance(self, wait: timedelta) -> None:
        """Move the time forward."""
        self._own.seconds = self.lived() + wait.total_seconds()
        with self._lock:
            self._now += wait
            self._elapsed += wait.total_seconds()

    def sleep(self, wait: timedelta, given_up: Callable[[], bool] | None = None) -> None:
        """Advance by `wait` and return, `given_up` or not: nobody is kept waiting by it. Raises Interrupted or
        Terminated if the run was asked to stop."""
        if self._stop is not None:
            # A breath of real time lets other threads of the rehearsal take their turn before time moves on.
            self._stop.wait(self._breath)
            self._stop.check()
        self.advance(max(wait, timedelta()))


def full_jitter() -> Callable[[float], float]:
    """A function that gives a random share of the seconds it is given: spreads retries of many clients.

    Source: AWS Architecture Blog, "Exponential Backoff And Jitter" (full jitter).
    """
    generator = random.Random()
    return lambda seconds: generator.uniform(0.0, seconds)


def token() -> str:
    """32 letters and digits that nobody can guess: what brackets a text whose author must not be able to end it."""
    return secrets.token_hex(16)
