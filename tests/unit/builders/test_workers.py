"""Streams share threads and memory, none waits for another, and what is not compressed is not handed over."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator

import pytest

from ecr_publish.builders.workers import SideBySide, Workers


class Slow:
    """A codec that halves a block, and gets no further than the gate allows."""

    def __init__(self) -> None:
        self.gate, self.begun = threading.Event(), threading.Semaphore(0)

    def __call__(self, block: bytes) -> bytes:
        self.begun.release()
        assert self.gate.wait(10)
        return bytes(block)[::2]

    def has_begun(self, count: int) -> bool:
        """Whether so many blocks, and no more, are begun before somebody gives up waiting."""
        enough = all(self.begun.acquire(timeout=5) for _ in range(count))
        return enough and not self.begun.acquire(timeout=0.1)


@pytest.fixture
def slow() -> Iterator[Slow]:
    codec = Slow()
    yield codec
    codec.gate.set()


def feeding(stream: SideBySide, data: bytes) -> threading.Thread:
    thread = threading.Thread(target=stream.compress, args=(data,))
    thread.start()
    return thread


def test_of_a_stream_no_more_blocks_are_in_work_than_there_is_room_for(slow):
    thread = feeding(SideBySide(slow, Workers(20, 4), block=2), bytes(100))
    assert slow.has_begun(4)
    assert thread.is_alive()  # it waits for the oldest instead of taking more
    slow.gate.set()
    thread.join(10)
    assert not thread.is_alive()


def test_streams_share_the_room_and_each_has_one_block_in_any_case(slow):
    workers = Workers(20, 4)
    threads = [feeding(SideBySide(slow, workers, block=2), bytes(100))]
    assert slow.has_begun(4)
    threads += [feeding(SideBySide(slow, workers, block=2), bytes(100)) for _ in range(3)]
    assert slow.has_begun(3)
    slow.gate.set()
    for thread in threads:
        thread.join(10)
    assert not any(thread.is_alive() for thread in threads)


@pytest.mark.parametrize("ended", [SideBySide.leave, SideBySide.flush])
def test_a_stream_that_has_ended_leaves_all_the_room_to_others(slow, ended):
    workers = Workers(20, 4)
    first = SideBySide(slow, workers, block=2)
    assert first.compress(bytes(8)) == b""
    assert slow.has_begun(4)
    slow.gate.set()
    ended(first)
    slow.gate.clear()
    thread = feeding(SideBySide(slow, workers, block=2), bytes(100))
    assert slow.has_begun(4)
    slow.gate.set()
    thread.join(10)


def test_a_failing_block_is_told_to_whoever_writes():
    def failing(_: bytes) -> bytes:
        raise MemoryError

    stream = SideBySide(failing, Workers(1, 2), block=1)
    with pytest.raises(MemoryError):
        stream.compress(b"x")
        stream.flush()


def test_what_does_not_shrink_is_not_handed_over_and_what_shrinks_is_again():
    threads: list[str] = []

    def codec(block: bytes) -> bytes:
        threads.append("here" if threading.current_thread() is here else "there")
        return bytes(block) * 2 if bytes(block) == b"n" else b""

    here = threading.current_thread()
    stream = SideBySide(codec, Workers(1, 1), block=1)
    packed = b"".join(bytes(stream.compress(each)) for each in (b"n", b"n", b"n", b"n", b"t", b"t", b"t"))
    assert packed + bytes(stream.flush()) == b"nnnnnnnn"
    assert threads[2:] == ["here", "here", "here", "there", "there"]  # the second may come before the first is known


def test_what_was_given_may_change_afterwards(slow):
    data = bytearray(b"abcdefgh")
    stream = SideBySide(slow, Workers(1, 8), block=2)
    begun = bytes(stream.compress(memoryview(data)))
    data[:] = bytes(8)
    slow.gate.set()
    assert hashlib.sha256(begun + bytes(stream.flush())).digest() == hashlib.sha256(b"aceg").digest()
