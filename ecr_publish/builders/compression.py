"""Compression of layers: on all processors, block by block, and the same bytes on every machine.

The tar is cut into blocks of one size; each is compressed by itself and becomes a gzip member (RFC 1952, 2.2: a file is
a series of members), so that several are done at once and the result does not depend on how many. eStargz layers are
made of members too: what reads those reads these.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Protocol, TypeAlias

from ecr_publish.model.compression import Compression

Buffer: TypeAlias = bytes | bytearray | memoryview
Codec = Callable[[Buffer], Buffer]

BLOCK = 1 << 20  # bytes; a part of the format: another size gives other digests
STORED, QUICK = 0, 1  # libdeflate's levels for what does not shrink, and for finding out
# Where four samples of a block do not become smaller by 3 %, it holds archives, pictures or keys.
_SAMPLES, _SAMPLE, _WORTH = 4, 8 << 10, 0.97

# What decides about the bytes, in a name that caches may keep: a library's output is fixed for one of its versions.
_LIBRARIES = {"gzip": "libdeflate 1.25", "zstd": "zstd 1.5.7"}


class Compressor(Protocol):
    """One stream. `compress` and `flush` return bytes as zlib's objects do."""

    def compress(self, data: bytes, /) -> bytes:
        """What can be written now."""

    def flush(self) -> bytes:
        """The rest; the object is used up."""


class SideBySide:
    """A compressor that has `workers` blocks in work at once and gives them in their order. It holds two blocks per
    worker at most: more data waits for the oldest."""

    def __init__(self, codec: Codec, workers: int, block: int = BLOCK) -> None:
        self._codec, self._block, self._most = codec, block, 2 * workers
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="compress")
        self._held = bytearray()
        self._running: deque[Future[Buffer]] = deque()
        self._begun = False

    def compress(self, data: bytes, /) -> bytes:
        """The blocks that are ready; waits where too many are not."""
        view, ready = memoryview(data), list[Buffer]()
        while len(self._held) + len(view) >= self._block:
            ready += self._begin(self._filled(view))
            view = view[self._block - len(self._held) :]
            self._held.clear()
        self._held += view
        while self._running and self._running[0].done():
            ready.append(self._running.popleft().result())
        return b"".join(ready)

    def _filled(self, view: memoryview) -> Buffer:
        """A whole block of what is held and the beginning of what has come: without a copy where nothing is held."""
        rest = view[: self._block - len(self._held)]
        return bytes(self._held) + rest if self._held else rest

    def flush(self) -> bytes:
        """What is left; a stream of nothing is one empty block."""
        rest = self._begin(bytes(self._held)) if self._held or not self._begun else []
        rest += [each.result() for each in self._running]
        self._pool.shutdown()
        return b"".join(rest)

    def _begin(self, block: Buffer) -> list[Buffer]:
        """Begin a block; the oldest, waited for, where there are too many."""
        self._running.append(self._pool.submit(self._codec, block))
        self._begun = True
        return [self._running.popleft().result()] if len(self._running) > self._most else []


def identity(how: Compression) -> str:
    """The compressor by everything that decides about its bytes."""
    return f"{how} {_LIBRARIES[how.method]} {BLOCK}"


def compressor(how: Compression) -> Compressor:
    """A stream on all processors.

    gzip is libdeflate's, which promises the same output on all architectures (its NEWS, version 0.8): only checksums
    and the filling of tables are written for particular processors. zlib, zlib-ng and ISA-L promise nothing: vendors
    patch them, and their hashes are computed by whichever instruction the processor has. zstd is the
    reference library, whose output depends on its version and level alone.
    """
    codec = gzip_member if how.method == "gzip" else zstd_frame
    return SideBySide(partial(codec, level=how.level), os.cpu_count() or 1)


def gzip_member(block: Buffer, level: int) -> Buffer:
    """One member: no name, no time, no operating system. What would not shrink is stored, at the speed of a copy."""
    import deflate

    return deflate.gzip_compress(block, level if _shrinks(block) else STORED)


def zstd_frame(block: Buffer, level: int) -> Buffer:
    """One frame with its size and a checksum (RFC 8878, 3: a file is a series of frames too)."""
    import zstandard

    return zstandard.ZstdCompressor(level=level, write_checksum=True).compress(block)


def _shrinks(block: Buffer) -> bool:
    """Whether samples spread over the block become smaller. A function of the bytes alone, as the digest must be."""
    import deflate

    if len(block) <= _SAMPLES * _SAMPLE:
        return True
    step = (len(block) - _SAMPLE) // (_SAMPLES - 1)
    sample = b"".join(block[at * step : at * step + _SAMPLE] for at in range(_SAMPLES))
    return len(deflate.deflate_compress(sample, QUICK)) < _WORTH * len(sample)
