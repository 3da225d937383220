"""Compression of layers: the same input gives the same bytes, streamed block by block."""

from __future__ import annotations

import struct
import zlib
from typing import Protocol


class Compressor(Protocol):
    """One gzip stream. `compress` and `flush` return bytes as zlib's objects do."""

    def compress(self, data: bytes, /) -> bytes:
        """What can be written now."""

    def flush(self) -> bytes:
        """The rest; the object is used up."""


# RFC 1952: no name, no time, "unknown" operating system: nothing of the machine is in the stream.
_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_LARGEST = 0xFFFF  # RFC 1951, 3.2.4: the length of a stored block has 16 bits


class _Gzip:
    """RFC 1952's header and trailer around somebody's deflate."""

    def __init__(self, deflate: Compressor) -> None:
        self._deflate = deflate
        self._crc, self._size, self._begun = 0, 0, False

    def compress(self, data: bytes, /) -> bytes:
        """Header with the first block, then deflated bytes."""
        self._crc, self._size = zlib.crc32(data, self._crc), self._size + len(data)
        return self._begin() + self._deflate.compress(data)

    def flush(self) -> bytes:
        """The end of the stream with RFC 1952's trailer."""
        trailer = struct.pack("<LL", self._crc, self._size & 0xFFFFFFFF)
        return self._begin() + self._deflate.flush() + trailer

    def _begin(self) -> bytes:
        header = b"" if self._begun else _HEADER
        self._begun = True
        return header


class _Stored:
    """Deflate without compression: full blocks only, however the data is cut when it comes."""

    def __init__(self) -> None:
        self._held = bytearray()

    def compress(self, data: bytes, /) -> bytes:
        """The full blocks so far."""
        self._held += data
        full = len(self._held) // _LARGEST * _LARGEST
        blocks = b"".join(_block(self._held[at : at + _LARGEST], 0) for at in range(0, full, _LARGEST))
        del self._held[:full]
        return blocks

    def flush(self) -> bytes:
        """The rest as the final block; it may be empty."""
        return _block(self._held, 1)


def _block(data: bytes | bytearray, final: int) -> bytes:
    return struct.pack("<BHH", final, len(data), len(data) ^ 0xFFFF) + data


def portable() -> Compressor:
    """Stored blocks, for images that must have the same digest on every machine.

    RFC 1951 says what a stream means, not which of many streams a compressor writes: zlib's patches for some
    processors, zlib-ng (what some Pythons are built on) and ISA-L each write others. Stored blocks leave no choice.
    """
    return _Gzip(_Stored())


def fast() -> Compressor:
    """ISA-L, for layers that an engine hands out uncompressed. Its output is the same for one version on one kind of
    processor only."""
    from isal import isal_zlib

    return _Gzip(isal_zlib.compressobj(1, isal_zlib.DEFLATED, -isal_zlib.MAX_WBITS))
