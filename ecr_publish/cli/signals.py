"""SIGINT, SIGTERM and SIGHUP become a request to stop; a second one ends the process at once.

SIGHUP is the terminal that is gone, and ends a run as SIGTERM does, unless it is ignored (nohup)."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ecr_publish.cli.readers import tell
from ecr_publish.run.stop import StopRequest


@contextmanager
def stopping() -> Iterator[StopRequest]:
    """A stop request wired to the signals while the block runs.

    A handler runs between any two steps of the main thread, also while that holds the very lock that setting an event
    needs, or writes to stderr. So it takes no lock: it writes a byte into a pipe, and a thread at the other end acts.
    """
    stop = StopRequest()
    reader, writer = os.pipe()

    def interrupt(number: int, frame: object) -> None:
        signal.signal(number, signal.SIG_DFL)
        os.write(writer, bytes((number,)))

    def relay() -> None:
        while number := os.read(reader, 1):
            if number[0] == signal.SIGINT:
                stop.interrupt()
            else:
                stop.terminate()
            tell("stopping: what runs is brought to a safe end (once more to end at once)")

    relaying = threading.Thread(target=relay, name="signals", daemon=True)
    relaying.start()
    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    previous = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield stop
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
        os.close(writer)
        relaying.join()
        os.close(reader)
