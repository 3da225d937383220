"""Attended: what an engine says now and then, read beside, so that a request to stop is seen while it says nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress
from queue import Empty, Full, Queue
from typing import TypeVar

Item = TypeVar("Item")

PAUSE_SECONDS = 0.25
AHEAD = 64  # items that may wait to be taken


def attended(items: Iterable[Item], check: Callable[[], None], ahead: int = AHEAD) -> Generator[Item, None, None]:
    """The items; `check` is called between them and each quarter of a second while none comes. What it raises ends
    this at once. Whoever was reading goes when the next item comes, or with the process, and with it the connection: an
    engine takes that for the end of a build. Up to `ahead` items wait to be taken. Close it: an error that is kept, and
    with it the frames that it came through, would keep whoever was reading."""
    came: Queue[tuple[Item, ...] | BaseException] = Queue(ahead)
    left = threading.Event()

    def hand(one: tuple[Item, ...] | BaseException) -> None:
        while not left.is_set():
            with suppress(Full):
                came.put(one, timeout=PAUSE_SECONDS)
                return

    def read() -> None:
        try:
            for item in items:
                hand((item,))
                if left.is_set():
                    return
            hand(())
        except BaseException as error:  # noqa: BLE001 - handed over to whoever is reading
            hand(error)

    threading.Thread(target=read, name="attended", daemon=True).start()
    try:
        yield from _taken(came, check)
    finally:
        left.set()


def answer(ask: Callable[[], Item], check: Callable[[], None]) -> Item:
    """What `ask` gives, waited for in the same way."""

    def one() -> Iterator[Item]:
        yield ask()

    return next(attended(one(), check))


def _taken(came: Queue[tuple[Item, ...] | BaseException], check: Callable[[], None]) -> Iterator[Item]:
    while True:
        check()
        try:
            match came.get(timeout=PAUSE_SECONDS):
                case BaseException() as error:
                    raise error
                case (item,):
                    yield item
                case _:
                    return
        except Empty:
            continue
