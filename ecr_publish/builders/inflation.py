"""Inflation: what a compressed layer unpacks to, block by block, within bounds of memory and of size."""

from __future__ import annotations

import hashlib
import threading
import zlib
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager, nullcontext
from itertools import chain
from typing import IO

from ecr_publish.builders.blobs import LAYER_ZSTD

BLOCK, PIECE = 1 << 20, 64 << 10
_GZIP = zlib.MAX_WBITS | 16  # zlib.h, inflateInit2: only with a gzip header; checksums and sizes are compared
# Deflate reaches some 1,000 on zeros and zstd 30,000, real images 3: what unpacks to more is meant to fill a disk.
LARGEST_RATIO = 200
ALWAYS_ALLOWED = 1 << 30
# The memory that unpacking zstd needs is the sender's choice. Every unpacker takes USUAL (RFC 8878, 3.1.1.1.2), which
# levels up to 19 need; `zstd` itself takes LARGEST, which level 22 needs. One layer at a time may need more than usual.
USUAL_WINDOW, LARGEST_WINDOW = 8 << 20, 128 << 20
_WIDE = threading.Lock()


class Damaged(Exception):
    """The stream is not what it begins as, ends early, or unpacks to more than is reasonable."""


def most_of(size: int) -> int:
    """The most bytes that `size` compressed ones may become."""
    return max(ALWAYS_ALLOWED, LARGEST_RATIO * size)


def inflated_digest(blocks: Iterable[bytes], media_type: str, most: int) -> str:
    """The digest (`sha256:…`) of what a layer of this media type unpacks to; every block is taken. Raises Damaged."""
    source, total, size = iter(blocks), hashlib.sha256(), 0
    with closing(_unzstd(source) if media_type == LAYER_ZSTD else _gunzipped(source)) as unpacking:
        for plain in unpacking:
            total.update(plain)
            size += len(plain)
            if size > most:
                raise Damaged(f"it unpacks to more than {most} bytes")
    for _ in source:  # an unpacker may stop before the end, whoever passes the blocks on may not
        pass
    return f"sha256:{total.hexdigest()}"


def _gunzipped(source: Iterator[bytes]) -> Generator[bytes, None, None]:
    """Member after member (RFC 1952, 2.2), with zeros between or behind them, as tape blocks have them."""
    inflating = zlib.decompressobj(_GZIP)
    try:
        for piece in _pieces(source):
            rest = piece
            while True:
                if inflating.eof:
                    rest = rest.lstrip(b"\0")
                    if not rest:
                        break
                    inflating = zlib.decompressobj(_GZIP)
                plain = inflating.decompress(rest, BLOCK)
                rest = inflating.unused_data if inflating.eof else inflating.unconsumed_tail
                yield plain
                if not rest and (inflating.eof or len(plain) < BLOCK):
                    break
    except zlib.error as error:
        raise Damaged("it is damaged") from error
    if not inflating.eof:
        raise Damaged("it is cut off")


def _pieces(source: Iterator[bytes]) -> Iterator[bytes]:
    """What follows a member is copied by zlib: of large blocks of small members (eStargz) that is much."""
    for block in source:
        for start in range(0, len(block), PIECE):
            yield block[start : start + PIECE]


def _unzstd(source: Iterator[bytes]) -> Generator[bytes, None, None]:
    first = next(source, b"")
    wide = _window(first) > USUAL_WINDOW
    with _WIDE if wide else nullcontext():
        file = Unzstd(_Reading(chain((first,), source)), LARGEST_WINDOW if wide else USUAL_WINDOW)
        while plain := file.read(BLOCK):
            yield plain


def _window(first: bytes) -> int:
    """What the first frame says that it needs; what is none is the unpacker's to refuse."""
    import zstandard

    try:
        return zstandard.get_frame_parameters(first[:64]).window_size
    except zstandard.ZstdError:
        return 0


class Unzstd:
    """What a zstd file unpacks to, as a file that is read forward: frame after frame (RFC 8878, 3.1), skippable ones
    too. One that is cut off is not told: what it gives has another digest. Raises Damaged."""

    def __init__(self, file: IO[bytes] | _Reading, window: int = LARGEST_WINDOW) -> None:
        import zstandard

        self._error, self._window = zstandard.ZstdError, window
        unpacker = zstandard.ZstdDecompressor(max_window_size=window)
        self._reader = unpacker.stream_reader(file, read_across_frames=True)  # type: ignore[arg-type]
        self.tell = self._reader.tell

    def read(self, size: int = -1) -> bytes:
        """As of a file."""
        with self._told():
            return self._reader.read(size)

    def seek(self, position: int) -> int:
        """As of a file, forward."""
        with self._told():
            return self._reader.seek(position)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except self._error as error:
            most = self._window >> 20
            raise Damaged(f"it is damaged, or needs more than {most} MiB of memory to unpack: {error}") from error


class _Reading:
    """Blocks as a file."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks, self._held = blocks, memoryview(b"")

    def read(self, size: int) -> bytes:
        """At most `size` bytes of the present block; none at the end."""
        if not self._held:
            self._held = memoryview(next(self._blocks, b""))
        data, self._held = self._held[:size], self._held[size:]
        return bytes(data)
