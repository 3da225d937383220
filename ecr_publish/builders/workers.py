"""Workers: the threads and the memory that compressing has in this process, however many streams there are; and one
stream of blocks that they do side by side."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

Buffer: TypeAlias = bytes | bytearray | memoryview
Codec = Callable[[Buffer], Buffer]

BLOCK = 1 << 20  # bytes; a part of the format: another size gives other digests
MOST = 32  # blocks in work in a process, and one more for each stream: each 1 MiB before, and as much after at most


@dataclass(frozen=True, slots=True)
class Block:
    """A block in work; whether it takes up some of the room that all streams share."""

    packed: Future[Buffer]
    shares: bool


class Workers:
    """`threads` that compress, and room for `most` blocks that all streams share. Each stream may have one block more,
    so that none ever waits for another."""

    def __init__(self, threads: int, most: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="compress")
        self._room = threading.BoundedSemaphore(most)

    def begin(self, codec: Codec, block: Buffer, *, alone: bool) -> Block | None:
        """Begin a block; None if there is no room, unless it is `alone`: the only one that its stream has in work."""
        shares = self._room.acquire(blocking=False)
        return Block(self._pool.submit(codec, block), shares) if shares or alone else None

    def end(self, block: Block) -> None:
        """The block is neither in work nor waited for any more."""
        if block.shares:
            self._room.release()


@cache
def workers() -> Workers:
    """Those of this process: two blocks for each processor are enough to keep it busy."""
    processors = os.cpu_count() or 1
    return Workers(processors, min(2 * processors, MOST))


class SideBySide:
    """A compressor whose blocks are in work at once and come out in their order.

    Each codec is quick with what does not shrink, and such blocks come in rows: after one of them the next is done by
    the thread that brings it, for handing it over would take as long. A function of where, not of what.
    """

    def __init__(self, codec: Codec, workers: Workers, block: int = BLOCK) -> None:
        self._codec, self._workers, self._block = codec, workers, block
        self._held = bytearray()
        self._running: deque[Block] = deque()
        self._shrinks, self._begun = True, False

    def compress(self, data: Buffer, /) -> Buffer:
        """The blocks that are ready; waits where too many are not. `data` may change afterwards."""
        view, ready = memoryview(data), list[Buffer]()
        while len(self._held) + len(view) >= self._block:
            block, view = self._filled(view)
            ready += self._begin(block)
        self._held += view
        while self._running and self._running[0].packed.done():
            ready.append(self._oldest())
        return _joined(ready)

    def flush(self) -> Buffer:
        """What is left; a stream of nothing is one empty block."""
        rest = self._begin(bytes(self._held)) if self._held or not self._begun else []
        while self._running:
            rest.append(self._oldest())
        return _joined(rest)

    def leave(self) -> None:
        """Give up what is in work; after `flush` there is nothing."""
        for each in self._running:
            each.packed.cancel()
        wait([each.packed for each in self._running])
        while self._running:
            self._workers.end(self._running.popleft())

    def _filled(self, view: memoryview) -> tuple[Buffer, memoryview]:
        """A whole block of what is held and the beginning of what has come, without a copy where nothing is held; and
        the rest."""
        need = self._block - len(self._held)
        block = bytes(self._held) + view[:need] if self._held else view[:need]
        self._held.clear()
        return block, view[need:]

    def _begin(self, block: Buffer) -> list[Buffer]:
        """Begin a block; those that were waited for to make room."""
        self._begun, ready = True, list[Buffer]()
        if not self._shrinks:
            while self._running:
                ready.append(self._oldest())
            ready.append(self._codec(block))
            self._shrinks = len(ready[-1]) < len(block)
            return ready
        lasting = _lasting(block)
        while (begun := self._workers.begin(self._codec, lasting, alone=not self._running)) is None:
            ready.append(self._oldest())
        self._running.append(begun)
        return ready

    def _oldest(self) -> Buffer:
        oldest = self._running.popleft()
        try:
            packed = oldest.packed.result()
        finally:
            self._workers.end(oldest)
        self._shrinks = len(packed) < self._block
        return packed


def _lasting(block: Buffer) -> Buffer:
    """A block that stays as it is; compressing it takes a hundred times longer than copying it."""
    return block if isinstance(block, bytes) or (isinstance(block, memoryview) and block.readonly) else bytes(block)


def _joined(parts: list[Buffer]) -> Buffer:
    return parts[0] if len(parts) == 1 else b"".join(parts)
