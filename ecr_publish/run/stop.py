"""Stop: a request to end the run, asked for by a signal, seen by everything that waits or works long."""

from __future__ import annotations

import threading
from collections.abc import Callable

from ecr_publish.errors import Interrupted, PublishError, Terminated

GRACE_SECONDS = 1.0  # what is nearly over comes to its end; a CI kills what still runs some seconds after SIGTERM


class StopRequest:
    """Set once, by a signal or a test; safe from threads, though not from signal handlers themselves."""

    def __init__(self, grace: float = GRACE_SECONDS) -> None:
        self._event = threading.Event()
        self._terminated = False
        self._grace = grace
        self._after: list[Callable[[], None]] = []

    def interrupt(self) -> None:
        """Ask to stop as Ctrl-C does (exit code 130)."""
        self._ask()

    def terminate(self) -> None:
        """Ask to stop as SIGTERM does (exit code 143)."""
        self._terminated = True
        self._ask()

    def soon_after(self, act: Callable[[], None]) -> None:
        """Have it called `grace` seconds after somebody asked: it ends what waits for others and sees no request."""
        self._after.append(act)

    def _ask(self) -> None:
        if not self._event.is_set():
            self._event.set()
            timer = threading.Timer(self._grace, self._end)
            timer.daemon = True  # a run that is over by then has nothing to end
            timer.start()

    def _end(self) -> None:
        for act in self._after:
            act()

    @property
    def asked(self) -> bool:
        """Whether anybody asked."""
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait up to that many seconds; True as soon as stopping is asked for."""
        return self._event.wait(seconds)

    def error(self) -> PublishError:
        """The error that stands for this stop."""
        kind, word = (Terminated, "SIGTERM") if self._terminated else (Interrupted, "SIGINT (Ctrl-C)")
        return kind(
            what=f"stopped by {word}",
            where="run",
            hint="run the same command again: it goes on from what the registry already has",
        )

    def check(self) -> None:
        """Raise Interrupted or Terminated if stopping was asked for."""
        if self._event.is_set():
            raise self.error()
