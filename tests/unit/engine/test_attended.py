"""Items of a source that may be silent for long."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from ecr_publish.engine.attended import answer, attended
from ecr_publish.errors import BuildFailed, Interrupted
from ecr_publish.run.stop import StopRequest


def test_all_items_come_in_their_order():
    assert list(attended(range(1000), lambda: None)) == list(range(1000))


def test_the_error_of_the_source_comes_behind_its_items():
    def source() -> Iterator[int]:
        yield 1
        raise BuildFailed(what="no", where="here", hint="-")

    read = attended(source(), lambda: None)
    assert next(read) == 1
    with pytest.raises(BuildFailed):
        next(read)


def test_a_stop_does_not_wait_for_the_next_item():
    stop, silent, begin = StopRequest(), threading.Event(), time.monotonic()

    def source() -> Iterator[int]:
        yield 1
        silent.wait(30)

    read = attended(source(), stop.check)
    assert next(read) == 1
    stop.interrupt()
    with pytest.raises(Interrupted):
        next(read)
    silent.set()
    assert time.monotonic() - begin < 10


def test_whoever_reads_ends_when_nobody_takes_what_comes_any_more():
    ended = threading.Event()

    def source() -> Iterator[int]:
        try:
            while True:
                yield 1
        finally:
            ended.set()

    read = attended(source(), lambda: None, ahead=1)
    assert next(read) == 1
    del read
    assert ended.wait(10)


def test_one_answer_is_waited_for_and_its_error_comes_through():
    assert answer(lambda: 7, lambda: None) == 7
    with pytest.raises(ZeroDivisionError):
        answer(lambda: 1 // 0, lambda: None)
