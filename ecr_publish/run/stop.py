"""Stop: a request to end the run, asked for by a signal, seen by everything that waits or works long."""

from __future__ import annotations

import threading

from ecr_publish.errors import Interrupted, PublishError, Terminated


class StopRequest:
    """Set once, from a signal handler or a test; safe from threads."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._terminated = False

    def interrupt(self) -> None:
        """Ask to stop as Ctrl-C does (exit code 130)."""
        self._event.set()

    def terminate(self) -> None:
        """Ask to stop as SIGTERM does (exit code 143)."""
        self._terminated = True
        self._event.set()

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
