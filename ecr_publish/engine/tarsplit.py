"""A layer's tar once more, from what it unpacked to and what tar-split kept of the rest: raw bytes, and the names of
files whose content comes between. Source: vbatts/tar-split, tar/storage/entry.go."""

from __future__ import annotations

import base64
import gzip
import json
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from ecr_publish.builders.packing import Unreadable
from ecr_publish.builders.workers import BLOCK

_FILE, _SEGMENT = 1, 2
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
_ENTER = os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY


def blocks(split: Path, files: Path) -> Iterator[memoryview]:
    """The tar in blocks of 1 MiB, the last one shorter; each is good until the next is asked for. Raises Unreadable."""
    filling, decode = _Filling(), json.JSONDecoder().raw_decode  # an entry for each file: what `loads` adds is a third
    try:
        with gzip.open(split, "rt", encoding="utf-8") as lines, _Tree(files) as tree:
            for line in lines:
                entry, _ = decode(line)
                if entry["type"] == _SEGMENT:
                    yield from filling.put(base64.b64decode(entry["payload"]))
                elif entry["type"] == _FILE and entry.get("size"):
                    file = tree.open(_name(entry))
                    try:
                        yield from filling.read(file, int(entry["size"]))
                    finally:
                        os.close(file)
            yield filling.rest()
    except (OSError, EOFError, zlib.error, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise Unreadable(f"{split}: {error}") from error


def _name(entry: dict[str, Any]) -> bytes:
    return base64.b64decode(entry["name_raw"]) if "name_raw" in entry else entry["name"].encode()


class _Filling:
    """A block that is filled piece by piece, over and over: fresh memory costs more than reading what is cached."""

    def __init__(self) -> None:
        self._block, self._filled = memoryview(bytearray(BLOCK)), 0

    def put(self, piece: bytes) -> Iterator[memoryview]:
        """Add bytes; the blocks that became full."""
        at = 0
        while at < len(piece):
            part = piece[at : at + BLOCK - self._filled]
            self._block[self._filled : self._filled + len(part)] = part
            at += len(part)
            yield from self._moved(len(part))

    def read(self, file: int, size: int) -> Iterator[memoryview]:
        """Add so many bytes of an open file; the blocks that became full. Raises Unreadable if it has fewer."""
        while size > 0:
            got = os.readv(file, [self._block[self._filled : self._filled + size]])
            if not got:
                raise Unreadable("a file is shorter than it was")
            size -= got
            yield from self._moved(got)

    def rest(self) -> memoryview:
        """What the last block has."""
        return self._block[: self._filled]

    def _moved(self, count: int) -> Iterator[memoryview]:
        self._filled += count
        if self._filled == BLOCK:
            self._filled = 0
            yield self._block


class _Tree:
    """Files below a directory, opened without following links: what lies behind one is left to the daemon. A tar has
    the files of a directory in a row, so the latest is kept open."""

    def __init__(self, root: Path) -> None:
        self._path: list[bytes] = []
        self._root = self._directory = os.open(root, _ENTER)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._leave()
        os.close(self._root)

    def open(self, name: bytes) -> int:
        """An open file, for the caller to close. Raises OSError, Unreadable."""
        *path, last = [part for part in name.split(b"/") if part not in (b"", b".")]
        if b".." in path or last == b"..":
            raise Unreadable("a name leads outside")
        if path != self._path:
            self._enter(path)
        return os.open(last, _READ, dir_fd=self._directory)

    def _enter(self, path: list[bytes]) -> None:
        self._leave()
        for part in path:
            inner = os.open(part, _ENTER, dir_fd=self._directory)
            self._leave()
            self._directory = inner
        self._path = path

    def _leave(self) -> None:
        if self._directory != self._root:
            os.close(self._directory)
        self._directory, self._path = self._root, []
