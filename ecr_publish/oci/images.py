"""Images in registries: push and copy with blobs first, manifests by digest, tags last."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from ecr_publish.errors import DigestMismatch, ImageMissing, TagTaken
from ecr_publish.http.transport import Transport
from ecr_publish.model.digest import Digest
from ecr_publish.model.events import Notify
from ecr_publish.model.image import Child, InLayout, PublishedImage
from ecr_publish.model.registry import Repository
from ecr_publish.model.target import Target
from ecr_publish.oci.auth import Authorizer
from ecr_publish.oci.client import Client
from ecr_publish.oci.layout import Layout, open_layout
from ecr_publish.oci.manifest import Descriptor, Document, Index, Manifest
from ecr_publish.oci.transfer import Blocks, Moved, Shipment, Transfer
from ecr_publish.ports import Clock, CredentialSource, Pushed, Stop
from ecr_publish.run.retry import Retry

PARALLEL_BLOBS = 8


class RegistryImages:
    """`ports.Images` over HTTP. One for a whole run: images share connections, tokens and the bound on blobs."""

    def __init__(
        self,
        transport: Transport,
        credentials: CredentialSource,
        clock: Clock,
        jitter: Callable[[float], float],
        stop: Stop,
    ) -> None:
        self._transport, self._stop = transport, stop
        self._authorizer = Authorizer(credentials, transport)
        self._retry = Retry(clock, jitter)
        self._pool = ThreadPoolExecutor(PARALLEL_BLOBS, thread_name_prefix="blob")
        self._under_way: dict[tuple[str, Repository, Digest], Future[Moved]] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def digest(self, target: Target, repository: Repository, reference: str) -> Digest | None:
        """The digest under a tag (or the digest itself if it is there), by one HEAD; None if absent."""
        return self._client(target, repository).head_manifest(reference)

    def find(self, target: Target, repository: Repository, reference: str) -> PublishedImage | None:
        """The image under a tag or digest, with its children; None if absent."""
        client = self._client(target, repository)
        document = client.manifest(reference)
        if document is None:
            return None
        tags = () if reference.startswith("sha256:") else (reference,)
        return published(document, repository, tags)

    def labels(self, target: Target, image: PublishedImage) -> dict[str, str]:
        """Annotations over the labels of the (first scannable child's) config."""
        client = self._client(target, image.repository)
        document = self._there(client, image.digest)
        child = next((each for each in image.children if each.scannable), None)
        inner = self._there(client, child.digest) if child else document
        labels: dict[str, str] = {}
        if isinstance(inner, Manifest):
            config = json.loads(client.blob(inner.config))
            found = (config.get("config") or {}).get("Labels") if isinstance(config, dict) else None
            labels = {str(key): str(value) for key, value in (found or {}).items()}
        return labels | dict(inner.annotations) | dict(document.annotations)

    def tags(self, target: Target, repository: Repository) -> tuple[str, ...]:
        """All tag names of the repository."""
        return tuple(self._client(target, repository).tags())

    def push(
        self, layout: InLayout, target: Target, repository: Repository, tags: tuple[str, ...], notify: Notify
    ) -> Pushed:
        """Blobs, manifests by digest, then the tags in order."""
        client, source = self._client(target, repository), open_layout(Path(layout.path))
        root = next((entry for entry in source.entries if entry.digest == layout.digest), None)
        if root is None:
            root = Descriptor("", layout.digest, 0)
        document = source.manifest(root.digest, root.media_type)
        if client.head_manifest(str(layout.digest)) is not None:
            return self._only_tags(client, document, repository, tags)
        manifests, blobs = source.closure(root)
        transfer = Transfer(client, notify, self._shared)
        moved = transfer.all(tuple(Shipment(blob, _reader(source, blob)) for blob in blobs))
        self._write(client, manifests, tags)
        return _pushed(published(document, repository, tags), moved)

    def copy(
        self,
        image: PublishedImage,
        source: Target,
        target: Target,
        repository: Repository,
        tags: tuple[str, ...],
        notify: Notify,
    ) -> Pushed:
        """The same digest in another repository, or only the tags in the same one; read back and compared."""
        origin, client = self._client(source, image.repository), self._client(target, repository)
        document = self._there(origin, image.digest)
        if image.repository == repository or client.head_manifest(str(image.digest)) is not None:
            done = self._only_tags(client, document, repository, tags)
        else:
            manifests, blobs = self._closure(origin, document)
            mounting = image.repository if image.repository.registry == repository.registry else None
            transfer = Transfer(client, notify, self._shared)
            moved = transfer.all(tuple(Shipment(blob, _fetcher(origin, blob), mounting) for blob in blobs))
            self._write(client, manifests, tags)
            done = _pushed(published(document, repository, tags), moved)
        self._read_back(client, document.digest, tags)
        return done

    def _client(self, target: Target, repository: Repository) -> Client:
        return Client(self._transport, self._authorizer, self._retry, target, repository)

    def _there(self, client: Client, digest: Digest) -> Document:
        document = client.manifest(str(digest))
        if document is None:
            raise ImageMissing(
                what=f"{digest} is not there",
                where=str(client.repository),
                hint="it was deleted meanwhile: look for a lifecycle policy or a clean-up job",
            )
        return document

    def _closure(self, client: Client, root: Document) -> tuple[tuple[Document, ...], tuple[Descriptor, ...]]:
        """What the image is made of, children before their index; blobs each once."""
        manifests: dict[Digest, Document] = {}
        blobs: dict[Digest, Descriptor] = {}

        def gather(document: Document, depth: int) -> None:
            if document.digest in manifests or depth > 4:
                return
            match document:
                case Index(children=children):
                    for child in children:
                        gather(self._there(client, child.digest), depth + 1)
                case Manifest():
                    blobs.update(
                        {each.digest: each for each in (document.config, *document.layers) if not each.foreign}
                    )
            manifests[document.digest] = document

        gather(root, 0)
        return tuple(manifests.values()), tuple(blobs.values())

    def _write(self, client: Client, manifests: tuple[Document, ...], tags: tuple[str, ...]) -> None:
        """Children by digest, the root by digest, then the tags; one manifest with one tag is one PUT by tag."""
        *children, root = manifests
        for child in children:
            client.put_manifest(child, str(child.digest))
        if children or len(tags) != 1:
            client.put_manifest(root, str(root.digest))
        for tag in tags:
            self._put_tag(client, root, tag)

    def _only_tags(self, client: Client, document: Document, repository: Repository, tags: tuple[str, ...]) -> Pushed:
        for tag in tags:
            self._put_tag(client, document, tag)
        return Pushed(published(document, repository, tags), already_there=not tags)

    def _put_tag(self, client: Client, document: Document, tag: str) -> None:
        """Write a tag. An immutable repository refuses even the same digest: read it back before calling it taken."""
        self._stop.check()
        try:
            client.put_manifest(document, tag)
        except TagTaken as refused:
            present = client.head_manifest(tag)
            if present == document.digest:
                return
            raise TagTaken(
                what=f"the tag {tag} already names {present}, this image is {document.digest}, and the repository "
                "does not let it move",
                where=f"{client.repository}:{tag}",
                hint="release under a new version, or exempt the tag from the repository's immutability",
            ) from refused

    def _read_back(self, client: Client, digest: Digest, tags: tuple[str, ...]) -> None:
        for reference in tags or (str(digest),):
            present = client.head_manifest(reference)
            if present != digest:
                raise DigestMismatch(
                    what=f"written {digest}, read back {present or 'nothing'}",
                    where=f"{client.repository}:{reference}",
                    hint="somebody else writes this tag at the same time: run one job at a time",
                )

    def _shared(self, client: Client, digest: Digest, work: Callable[[], Moved]) -> Future[Moved]:
        """Start moving a blob, unless another image of this run is moving it to the same repository already."""
        key = (client.target.name, client.repository, digest)
        with self._lock:
            running = self._under_way.get(key)
            if running is None or (running.done() and (running.cancelled() or running.exception() is not None)):
                running = self._pool.submit(work)
                self._under_way[key] = running
            return running


def published(document: Document, repository: Repository, tags: tuple[str, ...]) -> PublishedImage:
    """The image that a document describes."""
    match document:
        case Index(children=children):
            size = len(document.body) + sum(child.size for child in children)
            described = tuple(Child(child.digest, child.platform, scannable(child)) for child in children)
        case Manifest():
            parts = {each.digest: each.size for each in (document.config, *document.layers)}
            size, described = len(document.body) + sum(parts.values()), ()
    return PublishedImage(repository, document.digest, tags, described, document.media_type, size)


def scannable(child: Descriptor) -> bool:
    """Whether a child is an image: attestation manifests and other artifacts are not (BuildKit's annotation, or an
    unknown platform)."""
    if dict(child.annotations).get("vnd.docker.reference.type") == "attestation-manifest":
        return False
    if child.platform is not None and child.platform.os == "unknown":
        return False
    return child.artifact_type is None


def _reader(source: Layout, blob: Descriptor) -> Blocks:
    return lambda: source.blocks(blob)


def _fetcher(origin: Client, blob: Descriptor) -> Blocks:
    return lambda: origin.blocks(blob)


def _pushed(image: PublishedImage, moved: tuple[Moved, ...]) -> Pushed:
    return Pushed(
        image,
        already_there=False,
        moved_bytes=sum(each.sent for each in moved),
        reused_bytes=sum(each.reused for each in moved),
        mounted_blobs=sum(each.mounted for each in moved),
    )
