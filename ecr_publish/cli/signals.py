"""SIGINT and SIGTERM become a request to stop; a second one ends the process at once."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

import click

from ecr_publish.run.stop import StopRequest


@contextmanager
def stopping() -> Iterator[StopRequest]:
    """A stop request wired to both signals while the block runs."""
    stop = StopRequest()

    def interrupt(number: int, frame: object) -> None:
        click.echo("stopping: what runs is brought to a safe end (once more to end at once)", err=True)
        signal.signal(number, signal.SIG_DFL)
        if number == signal.SIGTERM:
            stop.terminate()
        else:
            stop.interrupt()

    previous = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
