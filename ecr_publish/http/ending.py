"""Ending: when a transport makes no request any more: the run was asked to stop, or the transport was closed."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError
from typing import Protocol

from ecr_publish.http.live import Stopping


class Checkable(Stopping, Protocol):
    """The run's request to stop, and whether it was asked for."""

    def check(self) -> None:
        """Raise if so."""


class Ending:
    """Safe from threads."""

    def __init__(self, stop: Checkable) -> None:
        self._stop, self._is_closed = stop, False

    def close(self) -> None:
        """Of what is under way nobody wants the answer."""
        self._is_closed = True

    def soon_after(self, act: Callable[[], None]) -> None:
        """See Stopping."""
        self._stop.soon_after(act)

    def check(self) -> None:
        """Raise what the stop raises; CancelledError, which nothing tries again, after `close`."""
        self._stop.check()
        if self._is_closed:
            raise CancelledError
