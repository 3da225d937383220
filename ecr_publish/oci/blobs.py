"""Blobs of one repository: whether they are there, their bytes, and mounting them from a neighbour."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import quote

from ecr_publish.errors import DigestMismatch, NotAuthorised, Unavailable
from ecr_publish.http.answer import Streamed
from ecr_publish.model.digest import Digest
from ecr_publish.model.registry import EcrPublicRegistry, Repository
from ecr_publish.oci.descriptor import Descriptor
from ecr_publish.oci.opening import posted
from ecr_publish.oci.passage import verified
from ecr_publish.oci.wire import Request, Wire

_REDIRECTS = (301, 302, 303, 307, 308)
LARGEST_DOCUMENT = 8 << 20  # bytes of a config that is read into memory


class Opened:
    """The answer to a GET of a blob. Whoever reads it, or does not want it any more, enters and leaves it."""

    def __init__(self, response: Streamed, stack: ExitStack) -> None:
        self._response, self._stack = response, stack

    def __enter__(self) -> Iterator[bytes]:
        return self._response.blocks

    def __exit__(self, *error: Any) -> bool | None:
        return self._stack.__exit__(*error)


class Blobs:
    """The blobs behind one `Wire`; the `Content` of a repository."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def has(self, digest: Digest) -> bool:
        """Whether the repository has the blob."""
        return self._wire.retry(lambda: self.has_once(digest))

    def has_once(self, digest: Digest) -> bool:
        """The same by one attempt. ECR Public answers every HEAD of a blob with 401: there GET is asked, and left at
        its first line."""
        method = "GET" if isinstance(self._wire.repository.registry, EcrPublicRegistry) else "HEAD"
        with self._wire.stream(Request(method, f"blobs/{digest}", (200, 404, *_REDIRECTS))) as response:
            return response.status != 404

    def document(self, blob: Descriptor) -> bytes:
        """A small blob such as a config, verified."""
        if blob.size > LARGEST_DOCUMENT:
            raise self.damaged(blob, f"{blob.size} bytes are no document")
        return self._wire.retry(lambda: b"".join(verified(self, blob)))

    def read(self, blob: Descriptor, start: int = 0) -> Iterator[bytes]:
        """The blob's bytes from `start`, unverified, one attempt. Raises Unavailable where the link breaks."""
        headers = {"Range": f"bytes={start}-"} if start else {}
        with self._download(blob.digest, headers) as response:
            skipping = start if response.status == 200 else 0  # 200: the storage knows no ranges
            for block in response.blocks:
                kept = block[skipping:]
                skipping -= len(block) - len(kept)
                if kept:
                    yield kept

    def slice(self, blob: Descriptor) -> None:
        """It is on another machine."""

    def opened(self, blob: Descriptor) -> Opened:
        """The blob asked for, its bytes still to be read, by another thread if need be."""
        stack = ExitStack()
        return Opened(stack.enter_context(self._download(blob.digest, {})), stack)

    def damaged(self, blob: Descriptor, what: str) -> DigestMismatch:
        """The error for other bytes than the digest promises."""
        return DigestMismatch(
            what=f"the blob {blob.digest}: {what}",
            where=f"GET {self._wire.repository}",
            hint="nothing was written from it; look for a proxy that changes content",
        )

    def mount(self, digest: Digest, source: Repository) -> str | None:
        """Mount a blob of another repository of this registry; None if it is there now, else where to upload it.

        ECR answers 202 unless BLOB_MOUNTING is enabled and more (User Guide, "blob-mounting"); a caller who may not
        read the source there is refused: then it has to be sent, so that the refusal is the source's own.
        """
        query = f"?mount={quote(str(digest), safe=':')}&from={quote(source.path, safe='/')}"
        try:
            answer = self._wire.retry(lambda: posted(self._wire, (201, 202), query))
        except NotAuthorised:
            answer = self._wire.retry(lambda: posted(self._wire, (202,)))
        if answer.status == 201:
            return None
        return self._wire.same_registry(answer.header("location"), "uploads")

    @contextmanager
    def _download(self, digest: Digest, headers: Mapping[str, str]) -> Iterator[Streamed]:
        """GET a blob. ECR redirects to S3, which gets no Authorization: it refuses two kinds of it."""
        request = Request("GET", f"blobs/{digest}", (200, 206, *_REDIRECTS), headers)
        with self._wire.stream(request) as response:
            if response.status in (200, 206):
                yield response
                return
            location = self._storage(response.header("location"))
        with self._wire.elsewhere(location, headers) as response:
            if response.status not in (200, 206):
                raise Unavailable(
                    what=f"the blob's storage answers {response.status}",
                    where=f"GET {self._wire.repository}@{digest.short}",
                    hint="try again later; without internet access the VPC needs an S3 gateway endpoint",
                )
            yield response

    def _storage(self, location: str | None) -> str:
        here, there = self._wire.url(""), self._wire.joined(location)
        if not location or not there.startswith(("https://", "http://")):
            raise self._wire.odd("it redirects a blob to nowhere")
        if here.startswith("https:") and there.startswith("http:"):
            raise self._wire.odd("it redirects a blob to plain HTTP")
        return there
