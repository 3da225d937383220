"""Copying: one image from repository to repository, with everything that points to it, tags last."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from ecr_publish.model.digest import Digest
from ecr_publish.model.events import Notify
from ecr_publish.oci.allowance import Allowance
from ecr_publish.oci.attached import Attached, Family, blobs_of
from ecr_publish.oci.blobs import Blobs
from ecr_publish.oci.closure import Closure
from ecr_publish.oci.families import lacking
from ecr_publish.oci.lanes import Moved
from ecr_publish.oci.manifest import Document
from ecr_publish.oci.manifests import Manifests
from ecr_publish.oci.perform import Performer
from ecr_publish.oci.plan import TransferPlan, copy_plan, manifest_plan, mount_plan, nearer, puts, tag_plan
from ecr_publish.oci.shared import Copied, Shared
from ecr_publish.oci.standing import Asked, Standing
from ecr_publish.oci.wire import Wire

if TYPE_CHECKING:
    from ecr_publish.oci.referrers import Asked as Pointing
    from ecr_publish.oci.referrers import Referrers


@dataclass(frozen=True, slots=True)
class Begun:
    """Questions of a copy that are under way: whether the goal has the digest (where blobs are mounted) or the blobs
    (where they are not), and what points to the image."""

    image: Closure
    there: Future[bool] | None
    presence: Asked | None
    referrers: Pointing
    moment: int


class Copying:
    """Copies images from `origin` to `goal`, two repositories or one."""

    def __init__(self, shared: Shared, origin: Wire, goal: Wire, notify: Notify) -> None:
        self._shared, self._origin, self._goal = shared, origin, goal
        self._performer = Performer(shared.lanes, goal, Blobs(origin), notify)

    def retag(self, digest: Digest, tags: tuple[str, ...]) -> Copied:
        """Tags in the repository that has the digest: one read, and one write per tag."""
        root = self._shared.documents.expect(Manifests(self._origin), digest)
        seen = self._shared.standings.looks.take(self._goal.repository, tags)
        plan = tag_plan(puts(root, self._goal.repository, tags, seen))
        return Copied(True, self._performer.perform(plan, self._shared.lanes.moment()))

    def begin(self, digest: Digest) -> Begun | None:
        """Begin to ask what a copy of the image has to know, if it seems to be new in the goal. None where its
        manifests were not read yet: they have to be read first."""
        image = self._shared.known(self._origin.repository, digest)
        if image is None:
            return None
        moment, mounts = self._shared.lanes.moment(), self._mounts()
        return Begun(
            image,
            self._begin_asking(digest, Standing(())),
            None if mounts else self._shared.standings.ask(self._goal, digest, image.blobs),
            self._referrers().ask(image.documents),
            moment,
        )

    def copy(self, digest: Digest, standing: Standing, begun: Begun | None = None) -> Copied:
        """The image, its referrers, and the tags that are missing. What the repository has is left as it is."""
        is_there = begun.there if begun else self._begin_asking(digest, standing)  # under way while manifests are read
        image = begun.image if begun else self._read(digest)
        if is_there is not None and standing.there is None:
            standing = replace(standing, there=is_there.result())
        referrers = self._referrers()
        asked = begun.referrers if begun else referrers.ask(image.documents)  # under way while blobs move
        moment = begun.moment if begun else self._shared.lanes.moment()
        plan = self._blob_plan(image, digest, standing, begun)
        plan = nearer(plan, self._shared.capabilities.home) if plan else None
        moved = self._perform(plan, moment) if plan else ()
        found = self._families(digest, referrers, asked)
        lack = lacking(found, self._goal, self._shared.lanes)
        moved += self._bring(lack.families)
        tags = puts(image.root, self._goal.repository, standing.missing, standing.seen)
        last = manifest_plan(image if plan else None, self._goal.repository, lack, tags)
        moved += self._performer.perform(last, self._shared.lanes.moment())
        self._shared.capabilities.settle(self._goal.repository, (blob.digest for blob in image.blobs))
        warnings = (*self._shared.capabilities.odd_referrers(self._origin.repository), *lack.warnings)
        return Copied(bool(plan and plan.operations) or bool(last.operations), moved, warnings)

    def _read(self, digest: Digest) -> Closure:
        return self._shared.closure(self._origin, self._shared.documents.expect(Manifests(self._origin), digest))

    def _referrers(self) -> Referrers:
        from ecr_publish.oci.referrers import Referrers

        return Referrers(self._origin, self._shared.lanes, self._shared.capabilities)

    def _mounts(self) -> bool:
        return self._shared.capabilities.mounts(self._origin.repository, self._goal.repository)

    def _begin_asking(self, digest: Digest, standing: Standing) -> Future[bool] | None:
        """Whether the goal has the digest, where a mount is to be tried; elsewhere this is asked with the blobs."""
        if standing.there is not None or not self._mounts():
            return None
        return self._shared.lanes.begin(partial(self._shared.standings.there, self._goal, digest, standing))

    def _blob_plan(
        self, image: Closure, digest: Digest, standing: Standing, begun: Begun | None
    ) -> TransferPlan | None:
        """Mounts within a registry, unless it has shown that it does not mount from there; else what is missing. None
        if the repository has the whole image."""
        source, goal = self._origin.repository, self._goal.repository
        if standing.there:
            return None
        if self._mounts():
            return mount_plan(image.blobs, source, goal)
        if begun and begun.presence:
            present = begun.presence.present()
        else:
            present = self._shared.standings.blobs(self._goal, digest, standing, image.blobs)
        return None if present is None else copy_plan(image.blobs, source, goal, present)

    def _bring(self, families: tuple[Family, ...]) -> tuple[Moved, ...]:
        """The blobs of referrers: few and small, so they are asked for and streamed."""
        if not (blobs := blobs_of(families)):
            return ()
        moment = self._shared.lanes.moment()
        present = self._shared.standings.beside(self._goal, blobs)
        return self._perform(copy_plan(blobs, self._origin.repository, self._goal.repository, present), moment)

    def _perform(self, plan: TransferPlan, moment: int) -> tuple[Moved, ...]:
        moved = self._performer.perform(plan, moment)
        if self._performer.closed:
            self._shared.capabilities.saw_closed(self._goal.repository.registry)
        if self._performer.unmountable:
            self._shared.capabilities.saw_no_mount(self._origin.repository, self._goal.repository)
        return moved

    def _families(self, digest: Digest, referrers: Referrers, asked: Pointing) -> tuple[Family, ...]:
        """All that points to the image, with what it is made of: together no more than one allowance."""
        where = f"{self._origin.repository} referrers of {digest.short}"
        allowance = Allowance(where, "delete what points to it and is not needed")
        return tuple(self._family(each, allowance) for each in referrers.found(asked, allowance))

    def _family(self, attached: Iterable[Attached], allowance: Allowance) -> Family:
        return Family(tuple((each, self._made_of(each.document, allowance)) for each in attached))

    def _made_of(self, root: Document, allowance: Allowance) -> Closure:
        allowance.give_back(len(root.body))  # it was taken when it was read, and a closure takes its root too
        return self._shared.closure(self._origin, root, allowance)
