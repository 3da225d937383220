"""Retry: only what can heal, with jitter, until an overall deadline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from ecr_publish.errors import PublishError, Unavailable

if TYPE_CHECKING:
    from ecr_publish.ports.clock import Clock

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Retry:
    """Repeats a call while its error is retryable. `jitter` gives a random share of the seconds it is given.

    The wait doubles from `first` to `longest` seconds (full jitter: AWS Architecture Blog, "Exponential Backoff And
    Jitter") and is never shorter than what the service itself asked for (Retry-After, RFC 9110 section 10.2.3). After
    `attempts` calls, or when the next one would begin later than `deadline` seconds after the first failure, the error
    goes on: a call that takes longer than that, such as 100 MiB over a slow line, may fail once all the same.
    """

    clock: Clock
    jitter: Callable[[float], float]
    attempts: int = 6
    first: float = 0.5
    longest: float = 20.0
    deadline: float = 300.0

    def __call__(self, call: Callable[[], Result]) -> Result:
        """The call's result. `call` must be safe to repeat."""
        failed, ceiling = None, self.first
        for left in range(self.attempts - 1, -1, -1):
            try:
                return call()
            except PublishError as error:
                now, wait = self.clock.lived(), max(self.jitter(ceiling), _asked(error))
                failed = now if failed is None else failed
                late = now - failed + wait > self.deadline
                if not error.retryable or not left or late:
                    raise
            self.clock.sleep(timedelta(seconds=wait))
            ceiling = min(ceiling * 2, self.longest)
        raise AssertionError("unreachable: the last attempt returns or raises")


def _asked(error: PublishError) -> float:
    """The seconds the service asked us to wait."""
    return (error.retry_after or 0.0) if isinstance(error, Unavailable) else 0.0
