"""Images in registries: the transfer engine behind `ports.images.Images`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ecr_publish.errors import RepositoryMissing
from ecr_publish.http.transport import Transport
from ecr_publish.model.digest import Digest
from ecr_publish.model.image import InLayout, PublishedImage
from ecr_publish.model.registry import Repository
from ecr_publish.model.target import Target
from ecr_publish.oci.arrivals import Arrivals, Came
from ecr_publish.oci.auth import Authorizer
from ecr_publish.oci.blobs import Blobs
from ecr_publish.oci.capabilities import Capabilities
from ecr_publish.oci.documents import Documents
from ecr_publish.oci.endingclock import EndingClock
from ecr_publish.oci.lanes import Lanes
from ecr_publish.oci.limiter import Limiter
from ecr_publish.oci.looking import Looking
from ecr_publish.oci.looks import Looks
from ecr_publish.oci.manifest import Document, Manifest, labels_of
from ecr_publish.oci.manifests import Manifests
from ecr_publish.oci.presence import ChosenPresence, HeadPresence, Presence
from ecr_publish.oci.published import published
from ecr_publish.oci.pushing import Pushing
from ecr_publish.oci.shared import Copied, Shared
from ecr_publish.oci.standing import Standings
from ecr_publish.oci.wire import Line, Wire
from ecr_publish.ports.access import CredentialSource
from ecr_publish.ports.blobs import LayerAvailability, Sending
from ecr_publish.ports.clock import Clock
from ecr_publish.ports.images import Arriving, Pushed
from ecr_publish.run.retry import Retry

if TYPE_CHECKING:
    from ecr_publish.model.events import Notify

SIDE_BY_SIDE = 32


class RegistryImages:
    """`ports.images.Images` over HTTP. One for a whole run: images share connections, tokens and the bound on
    requests."""

    def __init__(
        self,
        transport: Transport,
        credentials: CredentialSource,
        clock: Clock,
        jitter: Callable[[float], float],
        *,
        side_by_side: int = SIDE_BY_SIDE,
        availability: LayerAvailability | None = None,
    ) -> None:
        self._clock = EndingClock(clock)
        self._line = Line(transport, Authorizer(credentials, transport), Limiter(self._clock))
        self._retry = Retry(self._clock, jitter)
        self._lanes = Lanes(side_by_side)
        self._looks = Looks(clock)
        presence = ChosenPresence(clock, side_by_side, availability) if availability else HeadPresence()
        self._presence: Presence = presence
        standings = Standings(self._lanes, self._looks, presence)
        self._shared = Shared(self._lanes, Documents(), standings, Capabilities())
        self._arrivals = Arrivals(self._looks, standings)

    def close(self) -> None:
        """End the connections and the threads: questions of which nobody wants the answer any more are left."""
        self._lanes.drop()
        self._clock.close()
        self._line.transport.close()
        self._lanes.close()  # without a connection each ends at once, and no next attempt is waited for

    def digest(self, target: Target, repository: Repository, reference: str) -> Digest | None:
        """The digest under a tag (or the digest itself if it is there), by one HEAD; None if absent. A push or copy
        that follows within a moment does not ask for it again."""
        question = self._looks.question(repository, reference)
        found = Manifests(self._wire(target, repository)).head(reference)
        self._looks.keep(question, found)
        return found

    def open(self, target: Target) -> None:
        """Fetch the registry's token, if none is held."""
        self._line.authorizer.access(target)

    def look(
        self, target: Target, repository: Repository, tags: tuple[str, ...], arriving: Arriving | None = None
    ) -> Looking:
        """Look at several tags side by side, and begin what a push or copy of the image will have to ask."""
        wire = self._wire(target, repository)
        if arriving is None:
            return Looking(self._lanes, self._looks, wire, tags)
        digest, follow = arriving.image.digest, partial(self._expect, arriving, wire)
        return Looking(self._lanes, self._looks, wire, tags, wanted=digest, follow=follow, listed=arriving.listed)

    def find(self, target: Target, repository: Repository, reference: str) -> PublishedImage | None:
        """The image under a tag or digest, with its children; None if absent. What was seen there a moment ago and
        read in this run is not asked for again."""
        wire = self._wire(target, repository)
        document = self._seen(repository, reference)
        if document is None:
            document = self._get(wire, reference)
        if document is None:
            return None
        tags = () if reference.startswith("sha256:") else (reference,)
        return published(self._shared.closure(wire, document), repository, tags)

    def labels(self, target: Target, image: PublishedImage) -> dict[str, str]:
        """Annotations over the labels of the (first scannable child's) config."""
        wire = self._wire(target, image.repository)
        manifests = Manifests(wire)
        document = self._shared.documents.expect(manifests, image.digest)
        child = next((each for each in image.children if each.scannable), None)
        inner = self._shared.documents.expect(manifests, child.digest) if child else document
        labels = labels_of(_json(Blobs(wire).document(inner.config))) if isinstance(inner, Manifest) else {}
        return labels | dict(inner.annotations) | dict(document.annotations)

    def tags(self, target: Target, repository: Repository) -> tuple[str, ...]:
        """All tag names of the repository."""
        return tuple(Manifests(self._wire(target, repository)).tags())

    def push(
        self, layout: InLayout, target: Target, repository: Repository, tags: tuple[str, ...], notify: Notify
    ) -> Pushed:
        """Blobs, manifests by digest, what else the layout holds that points to them, then those of the tags that do
        not name the digest yet, in order."""
        pushing = Pushing(self._shared, self._wire(target, repository), notify)
        read = self._arrivals.push(layout, repository)
        return _pushed(published(read.image, repository, tags), pushing.push(read, layout, tags))

    @contextmanager
    def receiving(
        self, layout: Path, target: Target, repository: Repository, tags: tuple[str, ...], notify: Notify
    ) -> Iterator[Sending]:
        """Blobs of a layout that is being written, sent while the block runs, and gone from there; all have arrived at
        its end. The tags are looked at while the last are on their way."""
        from ecr_publish.oci.ahead import Ahead

        ahead = Ahead(self._shared, self._wire(target, repository), self._presence, layout, notify)
        sending = Sending(ahead)
        try:
            yield sending
            self.look(target, repository, tags)
            sending.sent_bytes, sending.mounted_blobs = ahead.ended()
            self._arrivals.came(layout, repository, Came(ahead.arrived, is_new=ahead.is_new))
        finally:
            ahead.drop()

    def copy(
        self,
        image: PublishedImage,
        source: Target,
        target: Target,
        repository: Repository,
        tags: tuple[str, ...],
        notify: Notify,
    ) -> Pushed:
        """The same digest in another repository with its referrers, or only the tags in the same one."""
        from ecr_publish.oci.copying import Copying

        origin, wire = self._wire(source, image.repository), self._wire(target, repository)
        copying = Copying(self._shared, origin, wire, notify)
        if image.repository == repository and tags:
            copied = copying.retag(image.digest, tags)
        else:
            standing = self._shared.standings.of(wire, image.digest, tags)
            if not tags:
                standing = replace(standing, there=self._shared.standings.there(wire, image.digest, standing))
            begun = self._arrivals.copy(image.digest, repository)
            copied = copying.copy(image.digest, standing, begun) if standing.is_open(tags) else Copied(changed=False)
        return _pushed(replace(image, repository=repository, tags=tags), copied)

    def _expect(self, arriving: Arriving, wire: Wire) -> None:
        """Begin what a push or copy asks. Within one repository there is nothing to ask."""
        match arriving.image:
            case InLayout() as layout:
                self._arrivals.expect_push(layout, wire)
            case PublishedImage() as image if arriving.source and image.repository != wire.repository:
                from ecr_publish.oci.copying import Copying

                origin = self._wire(arriving.source, image.repository)
                copying = Copying(self._shared, origin, wire, lambda progress: None)
                self._arrivals.expect_copy(image.digest, copying, wire.repository)

    def _get(self, wire: Wire, reference: str) -> Document | None:
        question = self._looks.question(wire.repository, reference)
        try:
            found = self._shared.documents.get(Manifests(wire), reference)
        except RepositoryMissing:
            self._looks.keep(question, None)
            raise
        self._looks.keep(question, found.digest if found else None)
        return found

    def _seen(self, repository: Repository, reference: str) -> Document | None:
        """A document that was read in this run, if a fresh look saw it under the reference."""
        if reference.startswith("sha256:"):
            digest = Digest(reference) if self._looks.has(repository, Digest(reference)) else None
        else:
            look = self._looks.fresh(repository, (reference,)).get(reference)
            digest = look.digest if look else None
        return self._shared.documents.known(repository, digest) if digest else None

    def _wire(self, target: Target, repository: Repository) -> Wire:
        return Wire(self._line, self._retry, target, repository)


def _json(config: bytes) -> object:
    """A config's value; None for an artifact's, which may be anything."""
    try:
        return json.loads(config)
    except (ValueError, RecursionError):
        return None


def _pushed(image: PublishedImage, done: Copied) -> Pushed:
    return Pushed(
        image,
        already_there=not done.changed,
        moved_bytes=sum(each.sent for each in done.moved),
        reused_bytes=sum(each.reused for each in done.moved),
        mounted_blobs=sum(each.mounted for each in done.moved),
        warnings=done.warnings,
    )
