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


class _Gzip:
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


def portable() -> Compressor:
    """zlib's own algorithm, for images that must have the same digest on every machine.

    ISA-L is several times as fast and picks its code by the processor, so its output may differ between machines.
    """
    return _Gzip(zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS, 8, zlib.Z_DEFAULT_STRATEGY))


def fast() -> Compressor:
    """ISA-L, for layers that an engine hands out uncompressed: their digests exist only here."""
    from isal import isal_zlib

    return _Gzip(isal_zlib.compressobj(1, isal_zlib.DEFLATED, -isal_zlib.MAX_WBITS))
