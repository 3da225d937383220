"""SIGINT, SIGTERM and SIGHUP become a request to stop; a second one ends the process at once.

SIGHUP is the terminal that is gone, and ends a run as SIGTERM does, unless it is ignored (nohup). It is sent by the
kernel and once more by many shells, so a second one asks for nothing.
"""

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

    Python runs a handler in the main thread, between two of its steps: while it holds the very lock that setting an
    event needs, or writes to stderr; and not at all while it waits, if the signal came just before it began to. So the
    interpreter writes the number into a pipe as it comes, and a thread at the other end acts.
    """
    stop = StopRequest()
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)

    def handle(number: int, frame: object) -> None:
        signal.signal(number, signal.SIG_IGN if number == signal.SIGHUP else signal.SIG_DFL)

    def relay() -> None:
        heard: set[int] = set()
        while byte := os.read(reader, 1):
            number = byte[0]
            if number not in numbers or (number == signal.SIGHUP and number in heard):
                continue  # a handler of somebody else, or a shell that passes on what has come already
            if number in heard:  # the main thread waits, and has not given up the handler
                os._exit(128 + number)
            heard.add(number)
            if number == signal.SIGINT:
                stop.interrupt()
            else:
                stop.terminate()
            tell("stopping: what runs is brought to a safe end (once more to end at once)")

    relaying = threading.Thread(target=relay, name="signals", daemon=True)
    relaying.start()
    wakeup = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    previous = {number: signal.signal(number, handle) for number in numbers}
    try:
        yield stop
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(wakeup)
        os.close(writer)
        relaying.join()
        os.close(reader)
