"""Desk: where several threads need the same token, and one of them asks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ecr_publish.errors import PublishError


class Desk:
    """Where one thread at a time asks for a token. What fails for it fails for all who stand there meanwhile with the
    same token: a service that is silent for a minute is asked once a round, and not once for each of them in turn."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failed: tuple[str | None, PublishError] | None = None  # what was sent, and how asking anew ended

    @contextmanager
    def waited(self, sent: str | None) -> Iterator[PublishError | None]:
        """It is this thread's turn; with the failure that it has stood there for, if any."""
        before = self._failed  # an older one is no answer: whoever comes after it asks anew
        with self._lock:
            failed = self._failed
            yield failed[1] if failed is not None and failed is not before and failed[0] == sent else None

    @contextmanager
    def asking(self, sent: str | None) -> Iterator[None]:
        """What is raised is kept for those who wait; only for whoever has the turn."""
        self._failed = None
        try:
            yield
        except PublishError as error:
            self._failed = (sent, error)
            raise
