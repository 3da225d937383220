"""Crew: threads that each take up one act after another, and a bound on such acts in the whole process."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import TypeVar

Block = TypeVar("Block")

# An act holds a few blocks of 1 MiB; more than a few at once would only wait for the processors or the disk.
MOST = min(os.cpu_count() or 1, 8)
_ROOM = threading.BoundedSemaphore(MOST)


class Left(Exception):
    """This act is of no use any more: another one has failed."""


class Crew:
    """Acts of one work. After the first failure nothing is begun, and what is under way reads no further."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool, self._lock = pool, threading.Lock()
        self._acts: list[Future[None]] = []
        self._failures: list[BaseException] = []

    def begin(self, act: Callable[[str], None], word: str) -> None:
        """Do this, with that word, when there is room."""
        self._acts.append(self._pool.submit(self._done, act, word))

    def passing(self, blocks: Iterable[Block]) -> Iterator[Block]:
        """What an act reads, until another one fails. Raises Left then."""
        for block in blocks:
            self._check()
            yield block

    def end(self) -> None:
        """Wait for all. Raises the failure that came first, when nothing runs any more."""
        wait(self._acts)
        if self._failures:
            raise self._failures[0]

    def leave(self, failure: BaseException) -> None:
        """Begin nothing more, and let what is under way leave."""
        with self._lock:
            self._failures.append(failure)

    def _check(self) -> None:
        if self._failures:
            raise Left

    def _done(self, act: Callable[[str], None], word: str) -> None:
        with _ROOM:
            try:
                self._check()
                act(word)
            except BaseException as failure:  # noqa: BLE001 - a thread's border: `end` raises it
                self.leave(failure)


@contextmanager
def crew() -> Iterator[Crew]:
    """A crew whose acts are over when the block is, however it ends. Raises what `Crew.end` does."""
    with ThreadPoolExecutor(MOST, thread_name_prefix="layer") as pool:
        working = Crew(pool)
        try:
            yield working
        except BaseException as failure:
            working.leave(failure)
            raise
        working.end()
