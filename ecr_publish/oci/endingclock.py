"""Ending clock: the time by which requests wait, until nobody wants their answers any more."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError
from datetime import datetime, timedelta

from ecr_publish.ports.clock import Clock


class EndingClock:
    """`ports.clock.Clock`, told by another one. Safe from threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._is_closed = clock, False

    def close(self) -> None:
        """End all sleeps, those to come too."""
        self._is_closed = True

    def now(self) -> datetime:
        """See Clock."""
        return self._clock.now()

    def monotonic(self) -> float:
        """See Clock."""
        return self._clock.monotonic()

    def lived(self) -> float:
        """See Clock."""
        return self._clock.lived()

    def sleep(self, wait: timedelta, given_up: Callable[[], bool] | None = None) -> None:
        """See Clock. Raises CancelledError, which nothing tries again, soon after `close`."""
        self._clock.sleep(wait, lambda: self._is_closed or (given_up is not None and given_up()))
        if self._is_closed:
            raise CancelledError
