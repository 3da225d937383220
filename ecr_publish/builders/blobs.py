"""Blobs of a layout being made: written under a temporary name, kept under their digest."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

from ecr_publish.builders.compression import Compressor
from ecr_publish.builders.workers import Buffer
from ecr_publish.model.digest import Digest
from ecr_publish.model.layer import StoredBlob

BLOCK = 1 << 20
LAYER_GZIP = "application/vnd.oci.image.layer.v1.tar+gzip"
LAYER_ZSTD = "application/vnd.oci.image.layer.v1.tar+zstd"
LAYERS = {"gzip": LAYER_GZIP, "zstd": LAYER_ZSTD}  # by the method of compression
GZIP_MAGIC, ZSTD_MAGIC = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
CONFIG = "application/vnd.oci.image.config.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


@dataclass(frozen=True, slots=True)
class Blob(StoredBlob):
    """A blob that was stored."""

    def descriptor(self, **more: object) -> dict[str, object]:
        """The OCI descriptor (image-spec, "Content Descriptors")."""
        return {"mediaType": self.media_type, "digest": str(self.digest), "size": self.size, **more}


class Blobs:
    """The `blobs/` of a layout directory."""

    def __init__(self, layout: Path) -> None:
        self.layout = layout
        self._directory = layout / "blobs" / "sha256"
        self._directory.mkdir(parents=True, exist_ok=True)

    def path(self, digest: Digest) -> Path:
        """Where a blob lies."""
        return self._directory / digest.hex

    def put(self, content: bytes, media_type: str) -> Blob:
        """Store these very bytes."""
        digest = Digest("sha256:" + hashlib.sha256(content).hexdigest())
        with self._spool() as file:
            file.write(content)
        self._keep(file.name, digest)
        return Blob(digest, len(content), media_type)

    def put_json(self, value: Mapping[str, Any], media_type: str) -> Blob:
        """Store a document in one canonical form: sorted keys, no blanks."""
        return self.put(json.dumps(value, sort_keys=True, separators=(",", ":")).encode(), media_type)

    def put_stream(self, write: Callable[[IO[bytes]], None], media_type: str) -> Blob:
        """Store whatever `write` writes, hashed on the way; nothing stays behind if it raises."""
        with self._spool() as file:
            sink = Hashing(file)
            try:
                write(sink)  # type: ignore[arg-type]
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
        self._keep(file.name, sink.digest)
        return Blob(sink.digest, sink.size, media_type)

    def finish(self, root: Blob, annotations: Mapping[str, str] | None = None) -> None:
        """Write `index.json` and `oci-layout`: now it is an image layout (image-spec, "OCI Image Layout")."""
        more = {"annotations": dict(annotations)} if annotations else {}
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [root.descriptor(**more)]}
        (self.layout / "index.json").write_text(json.dumps(index, sort_keys=True), encoding="utf-8")
        (self.layout / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}', encoding="utf-8")

    def _keep(self, spooled: str, digest: Digest) -> None:
        # A temporary file is its maker's alone; a layout is handed on to other jobs and users.
        Path(spooled).chmod(0o644)
        Path(spooled).replace(self.path(digest))

    def _spool(self) -> Any:
        return tempfile.NamedTemporaryFile(dir=self._directory, prefix=".spool-", delete=False)


class Hashing:
    """A writable file that knows the digest and size of what went through it."""

    def __init__(self, sink: IO[bytes] | None) -> None:
        self._sink, self._hash, self.size = sink, hashlib.sha256(), 0

    def write(self, data: Buffer) -> int:
        """Hash and pass on."""
        self._hash.update(data)
        self.size += len(data)
        if self._sink is not None:
            self._sink.write(data)
        return len(data)

    def flush(self) -> None:
        """Nothing is held back here."""

    @property
    def digest(self) -> Digest:
        """The digest of everything so far."""
        return Digest("sha256:" + self._hash.hexdigest())


class Compressing:
    """A writable file that compresses into another, and knows the diffID of what went in. The end of the stream is
    written when the block that it is used in ends well."""

    def __init__(self, sink: IO[bytes], compressor: Compressor) -> None:
        self._sink, self._compressor, self._plain = sink, compressor, Hashing(None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, failed: type[BaseException] | None, *_: object) -> None:
        try:
            if failed is None:
                self._sink.write(self._compressor.flush())
        finally:
            self._compressor.leave()

    def write(self, data: Buffer) -> int:
        """Hash, compress, pass on."""
        self._plain.write(data)
        if ready := self._compressor.compress(data):
            self._sink.write(ready)
        return len(data)

    def flush(self) -> None:
        """Nothing is held back here."""

    @property
    def diff_id(self) -> Digest:
        """The digest of the uncompressed bytes (image-spec, "Layer DiffID")."""
        return self._plain.digest


def media_type(begin: bytes) -> str | None:
    """How a layer that begins so is stored; None for a plain tar."""
    if begin.startswith(GZIP_MAGIC):
        return LAYER_GZIP
    return LAYER_ZSTD if begin.startswith(ZSTD_MAGIC) else None


def copy_file(source: Path, target: Path) -> None:
    """A blob of another layout put into this one: as a link where the file system allows, else as a copy."""
    if target.exists():
        return
    try:
        os.link(source, target)
    except OSError:
        with source.open("rb") as reading, target.open("wb") as writing:
            while block := reading.read(BLOCK):
                writing.write(block)
