"""Retry: only what can heal, with jitter, until an overall deadline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from ecr_publish.errors import PublishError
from ecr_publish.ports import Clock

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Retry:
    """Repeats a call while its error is retryable. `jitter` gives a random share of the seconds it is given.

    The wait doubles from `first` to `longest` seconds (full jitter: AWS Architecture Blog, "Exponential Backoff And
    Jitter"); after `attempts` calls or `deadline` seconds the last error goes on.
    """

    clock: Clock
    jitter: Callable[[float], float]
    attempts: int = 6
    first: float = 0.5
    longest: float = 20.0
    deadline: float = 300.0

    def __call__(self, call: Callable[[], Result]) -> Result:
        """The call's result. `call` must be safe to repeat."""
        begin, wait = self.clock.monotonic(), self.first
        for attempt in range(1, self.attempts + 1):
            try:
                return call()
            except PublishError as error:
                spent = self.clock.monotonic() - begin
                if not error.retryable or attempt == self.attempts or spent + wait > self.deadline:
                    raise
            self.clock.sleep(timedelta(seconds=self.jitter(wait)))
            wait = min(wait * 2, self.longest)
        raise AssertionError("unreachable: the last attempt returns or raises")
