"""Packing: layers of one image as they are found, compressed where they are not, kept as blobs and sent on at once."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import IO

from ecr_publish.builders.blobs import CONFIG, LAYERS, Blobs, Compressing
from ecr_publish.builders.compression import compressor, identity
from ecr_publish.builders.inflation import Damaged, inflated_digest
from ecr_publish.builders.known import Known
from ecr_publish.builders.workers import Buffer
from ecr_publish.model.compression import Compression
from ecr_publish.model.digest import Digest
from ecr_publish.model.events import Note, Notify
from ecr_publish.model.layer import StoredBlob
from ecr_publish.ports.blobs import Receiver


class Unreadable(Exception):
    """What an image is read from cannot be read, or is not as it should be. Whoever reads it knows what then."""


class Packing:
    """The layers of one image by diffID, as they are found. `absent` are those that the receiver has and that are
    therefore not kept here. Layers may be packed side by side, and while the receiver is asked for others."""

    def __init__(self, blobs: Blobs, known: Known, receiver: Receiver, how: Compression, notify: Notify) -> None:
        self._how = how
        self._blobs, self._known, self._receiver, self.notify = blobs, known, receiver, notify
        self._lock = threading.Lock()
        self.layers: dict[str, StoredBlob] = {}
        self.config: StoredBlob | None = None
        self.absent: set[Digest] = set()

    def expect(self, told: Mapping[str, StoredBlob], config: StoredBlob | None = None) -> None:
        """Note what need not be read: of the layers (by diffID) and the config, whose digests are known, those that
        the receiver has."""
        there = self._there((*told.values(), *([config] if config else [])))
        self.layers |= {each: blob for each, blob in told.items() if blob.digest in there and self.lacks(each)}
        if config and config.digest in there:
            self.config = config

    def lacks(self, diff_id: str) -> bool:
        """Whether this layer still has to be found."""
        return diff_id not in self.layers

    def is_whole(self, diff_ids: tuple[str, ...]) -> bool:
        """Whether neither one of these layers nor the config still has to be found."""
        return self.config is not None and not any(map(self.lacks, diff_ids))

    def recalled(self, diff_id: str) -> StoredBlob | None:
        """What this layer, which is not compressed, becomes, if that is known."""
        return self._known.get(key_of(self._how, diff_id))

    def needs(self, diff_id: str) -> bool:
        """Whether this layer, which is not compressed, has to be read: it is lacking, and its digest is not known or
        not there."""
        if self.lacks(diff_id) and (blob := self.recalled(diff_id)) is not None:
            self.expect({diff_id: blob})
        return self.lacks(diff_id)

    def plain(self, expected: tuple[str, ...], blocks: Iterable[Buffer]) -> None:
        """Compress a layer that is not; each block may change when the next is asked for. Raises Unreadable, with
        nothing kept, if its diffID is none of the expected."""
        found: list[str] = []

        def write(sink: IO[bytes]) -> None:
            with Compressing(sink, compressor(self._how)) as compressing:
                for block in blocks:
                    compressing.write(block)
                    self.notify(Note("compressing layers"))
            found.append(str(compressing.diff_id))
            if found[0] not in expected:
                raise Unreadable(f"a layer has the diffID {found[0]}, which the image does not name")

        blob = self._blobs.put_stream(write, LAYERS[self._how.method])
        self._known.put(key_of(self._how, found[0]), blob)
        self._kept(found[0], blob)

    def stored(self, diff_id: str, blob: StoredBlob, blocks: Iterable[Buffer]) -> None:
        """Keep a layer that is compressed already as it is. Raises Unreadable if it has another digest."""
        self.expect({diff_id: blob})
        if not self.lacks(diff_id):
            return

        def write(sink: IO[bytes]) -> None:
            for block in blocks:
                sink.write(block)
                self.notify(Note("reading layers"))

        kept = self._blobs.put_stream(write, blob.media_type)
        if kept.digest != blob.digest:
            self._blobs.path(kept.digest).unlink()
            raise Unreadable(f"the blob {blob.digest} has other bytes")
        self._kept(diff_id, kept)

    def packed(self, diff_id: str, media_type: str, blocks: Iterable[bytes], most: int) -> Digest:
        """Keep a layer that is compressed already as it is, and see that it unpacks to its diffID and to no more than
        `most` bytes; its digest. Raises Unreadable, with nothing kept."""

        def write(sink: IO[bytes]) -> None:
            try:
                found = inflated_digest(self._passing(blocks, sink), media_type, most)
            except Damaged as error:
                raise Unreadable(f"a compressed layer cannot be unpacked: {error}") from error
            if found != diff_id:
                raise Unreadable(f"a layer has the diffID {found}, its config says {diff_id}")

        blob = self._blobs.put_stream(write, media_type)
        self._known.put(unpacked_key(diff_id, blob.digest), blob)
        self._kept(diff_id, blob)
        return blob.digest

    def _passing(self, blocks: Iterable[bytes], sink: IO[bytes]) -> Iterator[bytes]:
        for block in blocks:
            sink.write(block)
            self.notify(Note("verifying compressed layers"))
            yield block

    def document(self, body: bytes) -> None:
        """Keep the config."""
        self.config = self._blobs.put(body, CONFIG)
        self._take(self.config)

    def _there(self, blobs: tuple[StoredBlob, ...]) -> frozenset[Digest]:
        """Those that the receiver has."""
        there = self._receiver.has(blobs) if blobs else frozenset[Digest]()
        with self._lock:
            self.absent |= there
        return there

    def _kept(self, diff_id: str, blob: StoredBlob) -> None:
        self.layers[diff_id] = blob
        self._take(blob)

    def _take(self, blob: StoredBlob) -> None:
        with self._lock:
            self.absent.discard(blob.digest)
        self._receiver.take(blob)


class OnDisk:
    """The receiver of an image that goes nowhere yet: everything is kept."""

    def has(self, blobs: tuple[StoredBlob, ...]) -> frozenset[Digest]:
        """None of them."""
        return frozenset()

    def take(self, blob: StoredBlob) -> None:
        """It stays where it is."""


def key_of(how: Compression, diff_id: str, within: str = "") -> str:
    """By what it is known what compressing a layer gives; `within` is the image where that decides too."""
    return " ".join((identity(how), within, diff_id) if within else (identity(how), diff_id))


def unpacked_key(diff_id: str, digest: Digest) -> str:
    """By what it is known that a compressed layer was unpacked and has this diffID."""
    return f"{digest} unpacks to {diff_id}"


def beginning(blocks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The first block, and all of them."""
    first = next(blocks, b"")
    return first, itertools.chain((first,), blocks)
