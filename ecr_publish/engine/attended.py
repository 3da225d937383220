"""Attended: what an engine says now and then, read beside, so that a request to stop is seen while it says nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from queue import Empty, Queue
from typing import TypeVar

Item = TypeVar("Item")

PAUSE_SECONDS = 0.25
AHEAD = 64  # items that may wait to be taken


def attended(items: Iterable[Item], check: Callable[[], None]) -> Iterator[Item]:
    """The items; `check` is called between them and each quarter of a second while none comes. What it raises ends
    this at once. Whoever was reading ends with the process then, and with it the connection: an engine takes that for
    the end of a build."""
    came: Queue[tuple[Item, ...] | BaseException] = Queue(AHEAD)

    def read() -> None:
        try:
            for item in items:
                came.put((item,))
            came.put(())
        except BaseException as error:  # noqa: BLE001 - handed over to whoever is reading
            came.put(error)

    threading.Thread(target=read, name="attended", daemon=True).start()
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
