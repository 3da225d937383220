"""Ending: when a transport makes no request any more: the run was asked to stop, or the transport was closed."""

from __future__ import annotations

from concurrent.futures import CancelledError
from typing import Protocol


class Checkable(Protocol):
    """Whether the run was asked to stop."""

    def check(self) -> None:
        """Raise if so."""


class Ending:
    """Safe from threads."""

    def __init__(self, stop: Checkable) -> None:
        self._stop, self._is_closed = stop, False

    def close(self) -> None:
        """Of what is under way nobody wants the answer."""
        self._is_closed = True

    def check(self) -> None:
        """Raise what the stop raises; CancelledError, which nothing tries again, after `close`."""
        self._stop.check()
        if self._is_closed:
            raise CancelledError
