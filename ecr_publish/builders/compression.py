"""Compression of layers: on all processors, block by block, and the same bytes on every machine.

The tar is cut into blocks of one size; each is compressed by itself and becomes a gzip member (RFC 1952, 2.2: a file is
a series of members), so that several are done at once and the result does not depend on how many. eStargz layers are
made of members too: what reads those reads these.
"""

from __future__ import annotations

from functools import partial
from typing import Protocol

from ecr_publish.builders.workers import BLOCK, Buffer, SideBySide, workers
from ecr_publish.model.compression import Compression

STORED, QUICK = 0, 1  # libdeflate's levels for what does not shrink, and for finding out
# Where four samples of a block do not become smaller by 3 %, it holds archives, pictures or keys.
_SAMPLES, _SAMPLE, _WORTH = 4, 8 << 10, 0.97

# What decides about the bytes, in a name that caches may keep: a library's output is fixed for one of its versions.
_LIBRARIES = {"gzip": "libdeflate 1.25", "zstd": "zstd 1.5.7"}


class Compressor(Protocol):
    """One stream. `compress` and `flush` return bytes as zlib's objects do."""

    def compress(self, data: Buffer, /) -> Buffer:
        """What can be written now."""

    def flush(self) -> Buffer:
        """The rest; the object is used up."""

    def leave(self) -> None:
        """There will be no more: end whatever is in work. Nothing after `flush`."""


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
    return SideBySide(partial(codec, level=how.level), workers())


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
