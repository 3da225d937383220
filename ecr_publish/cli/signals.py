"""SIGINT, SIGTERM and SIGHUP become a request to stop; a second one ends the process at once.

What comes again within a moment is the same request: `timeout` and process managers signal a process and then the group
that it is in. SIGHUP is the terminal that is gone, and ends a run as SIGTERM does, unless it is ignored (nohup); shells
pass it on, so a second one asks for nothing.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue

from ecr_publish.cli.readers import tell
from ecr_publish.run.clock import SystemClock
from ecr_publish.run.stop import StopRequest

SAME_SECONDS = 0.5  # between signals of one request; nobody who is told of the first decides upon a second as fast
_given_back: list[Callable[[], None]] = []


@contextmanager
def stopping() -> Iterator[StopRequest]:
    """A stop request wired to the signals while the block runs.

    Python runs a handler in the main thread, between two of its steps: while it holds the very lock that setting an
    event needs, or writes to stderr; and not at all while it waits, if the signal came just before it began to. So the
    interpreter writes the number into a pipe as it comes, and a thread at the other end acts; another one tells of it,
    for writing to a terminal may wait. A forked child has the handlers that there were before.
    """
    stop, said = StopRequest(), SimpleQueue[str]()
    clock = SystemClock(stop)
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    numbers = (signal.SIGINT, *ending())

    def relay() -> None:
        heard: dict[int, float] = {}
        while byte := os.read(reader, 1):
            number, now = byte[0], clock.monotonic()
            if number not in numbers:
                continue  # it has a handler of somebody else
            if number in heard:
                if number != signal.SIGHUP and now - heard[number] > SAME_SECONDS:
                    os._exit(128 + number)
                continue
            heard[number] = now
            if number == signal.SIGINT:
                stop.interrupt()
            else:
                stop.terminate()
            said.put("stopping: what runs is brought to a safe end (once more to end at once)")

    def say() -> None:
        while text := said.get():
            tell(text)

    relaying, saying = (threading.Thread(target=each, name="signals", daemon=True) for each in (relay, say))
    relaying.start()
    saying.start()
    wakeup = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    previous = {number: signal.signal(number, lambda number, frame: None) for number in numbers}

    def give_back() -> None:
        for number, handler in previous.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(wakeup)

    _given_back.append(give_back)
    try:
        yield stop
    finally:
        _given_back.remove(give_back)
        give_back()
        os.close(writer)
        relaying.join()
        said.put("")
        saying.join()
        os.close(reader)


def ending() -> tuple[signal.Signals, ...]:
    """The signals that end a run, beside Ctrl-C: SIGTERM, and SIGHUP unless it is ignored (nohup)."""
    ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    return (signal.SIGTERM,) if ignored else (signal.SIGTERM, signal.SIGHUP)


def _in_child() -> None:
    for give_back in _given_back:
        give_back()


os.register_at_fork(after_in_child=_in_child)
