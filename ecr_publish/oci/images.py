"""Images in registries: the transfer engine behind `ports.Images`."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from ecr_publish.http.transport import Transport
from ecr_publish.model.digest import Digest
from ecr_publish.model.events import Notify
from ecr_publish.model.image import InLayout, PublishedImage
from ecr_publish.model.registry import Repository
from ecr_publish.model.target import Target
from ecr_publish.oci.auth import Authorizer
from ecr_publish.oci.blobs import Blobs
from ecr_publish.oci.closure import Closure, closure
from ecr_publish.oci.documents import Documents
from ecr_publish.oci.lanes import Lanes, Moved
from ecr_publish.oci.layout import open_layout
from ecr_publish.oci.limiter import Limiter
from ecr_publish.oci.looks import Looks
from ecr_publish.oci.manifest import Document, Manifest
from ecr_publish.oci.manifests import Manifests
from ecr_publish.oci.perform import Performer
from ecr_publish.oci.plan import TransferPlan, copy_plan, mount_plan, puts, tag_plan, upload_plan
from ecr_publish.oci.presence import HeadPresence
from ecr_publish.oci.published import published
from ecr_publish.oci.standing import Standing, Standings
from ecr_publish.oci.wire import Line, Wire
from ecr_publish.ports import Clock, CredentialSource, Pushed
from ecr_publish.run.retry import Retry

SIDE_BY_SIDE = 16


class RegistryImages:
    """`ports.Images` over HTTP. One for a whole run: images share connections, tokens and the bound on requests."""

    def __init__(
        self,
        transport: Transport,
        credentials: CredentialSource,
        clock: Clock,
        jitter: Callable[[float], float],
        *,
        side_by_side: int = SIDE_BY_SIDE,
    ) -> None:
        self._line = Line(transport, Authorizer(credentials, transport), Limiter(clock))
        self._retry = Retry(clock, jitter)
        self._lanes = Lanes(side_by_side)
        self._looks, self._documents = Looks(clock), Documents()
        self._standings = Standings(self._lanes, self._looks, HeadPresence())
        self._unmountable: set[tuple[Repository, Repository]] = set()
        self._lock = threading.Lock()

    def close(self) -> None:
        """End the threads and the connections."""
        self._lanes.close()
        self._line.transport.close()

    def digest(self, target: Target, repository: Repository, reference: str) -> Digest | None:
        """The digest under a tag (or the digest itself if it is there), by one HEAD; None if absent. A push or copy
        that follows within a moment does not ask for it again."""
        found = Manifests(self._wire(target, repository)).head(reference)
        self._looks.keep(repository, reference, found)
        return found

    def find(self, target: Target, repository: Repository, reference: str) -> PublishedImage | None:
        """The image under a tag or digest, with its children; None if absent."""
        manifests = Manifests(self._wire(target, repository))
        document = self._documents.get(manifests, reference)
        if document is None:
            return None
        tags = () if reference.startswith("sha256:") else (reference,)
        return published(self._closure(manifests, document, repository), repository, tags)

    def labels(self, target: Target, image: PublishedImage) -> dict[str, str]:
        """Annotations over the labels of the (first scannable child's) config."""
        wire = self._wire(target, image.repository)
        manifests = Manifests(wire)
        document = self._documents.expect(manifests, image.digest)
        child = next((each for each in image.children if each.scannable), None)
        inner = self._documents.expect(manifests, child.digest) if child else document
        labels = _config_labels(Blobs(wire).document(inner.config)) if isinstance(inner, Manifest) else {}
        return labels | dict(inner.annotations) | dict(document.annotations)

    def tags(self, target: Target, repository: Repository) -> tuple[str, ...]:
        """All tag names of the repository."""
        return tuple(Manifests(self._wire(target, repository)).tags())

    def push(
        self, layout: InLayout, target: Target, repository: Repository, tags: tuple[str, ...], notify: Notify
    ) -> Pushed:
        """Blobs, manifests by digest, then those of the tags that do not name the digest yet, in order."""
        wire, source = self._wire(target, repository), open_layout(Path(layout.path))
        image = source.closure(layout.digest)
        standing = self._standings.of(wire, layout.digest, tags)
        asked = self._lanes.moment()
        present = self._standings.blobs(wire, layout.digest, standing, image.blobs) if standing.is_open(tags) else None
        writes = puts(image.root, repository, standing.missing, standing.seen)
        plan = tag_plan(writes) if present is None else upload_plan(image, repository, writes, present)
        moved = Performer(self._lanes, wire, source, notify).perform(plan, asked)
        return _pushed(published(image, repository, tags), plan, moved)

    def copy(
        self,
        image: PublishedImage,
        source: Target,
        target: Target,
        repository: Repository,
        tags: tuple[str, ...],
        notify: Notify,
    ) -> Pushed:
        """The same digest in another repository, or only the tags in the same one."""
        origin, wire = self._wire(source, image.repository), self._wire(target, repository)
        same = image.repository == repository
        standing = Standing(tags, there=True) if same and tags else self._standings.of(wire, image.digest, tags)
        asked = self._lanes.moment()
        performer = Performer(self._lanes, wire, Blobs(origin), notify)
        if not standing.is_open(tags):
            plan = TransferPlan()
        elif self._standings.there(wire, image.digest, standing):
            root = self._documents.expect(Manifests(origin), image.digest) if standing.missing else None
            plan = tag_plan(puts(root, repository, standing.missing, standing.seen)) if root else TransferPlan()
        else:
            plan = self._copy_plan(origin, wire, image.digest, standing)
        moved = performer.perform(plan, asked)
        if performer.unmountable:
            with self._lock:
                self._unmountable.add((image.repository, repository))
        return _pushed(replace(image, repository=repository, tags=tags), plan, moved)

    def _wire(self, target: Target, repository: Repository) -> Wire:
        return Wire(self._line, self._retry, target, repository)

    def _copy_plan(self, origin: Wire, wire: Wire, digest: Digest, standing: Standing) -> TransferPlan:
        """Mounts within a registry, unless it has shown that it does not mount from there; else what is missing."""
        source, goal = origin.repository, wire.repository
        root = self._documents.expect(Manifests(origin), digest)
        image = self._closure(Manifests(origin), root, source)
        writes = puts(root, goal, standing.missing, standing.seen)
        if source.registry == goal.registry and (source, goal) not in self._unmountable:
            return mount_plan(image, source, goal, writes)
        absent = replace(standing, there=False)
        return copy_plan(
            image, source, goal, writes, self._standings.blobs(wire, digest, absent, image.blobs) or frozenset()
        )

    def _closure(self, manifests: Manifests, root: Document, repository: Repository) -> Closure:
        return closure(
            root,
            lambda wanted: self._lanes.do([partial(self._documents.expect, manifests, each.digest) for each in wanted]),
            f"{repository}@{root.digest.short}",
        )


def _config_labels(config: bytes) -> dict[str, str]:
    """The labels of an image's config; an artifact's config has none."""
    try:
        value = json.loads(config)
    except (ValueError, RecursionError):
        return {}
    settings = value.get("config") if isinstance(value, dict) else None
    labels = settings.get("Labels") if isinstance(settings, dict) else None
    return {str(key): str(each) for key, each in labels.items()} if isinstance(labels, dict) else {}


def _pushed(image: PublishedImage, plan: TransferPlan, moved: tuple[Moved, ...]) -> Pushed:
    return Pushed(
        image,
        already_there=not plan.operations,
        moved_bytes=sum(each.sent for each in moved),
        reused_bytes=sum(each.reused for each in moved),
        mounted_blobs=sum(each.mounted for each in moved),
    )
