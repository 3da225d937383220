"""Pushing: the image of a layout into a repository, with what lies beside it and points to it, tags last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_publish.errors import BlobsGone
from ecr_publish.model.digest import Digest
from ecr_publish.model.image import InLayout
from ecr_publish.model.registry import Repository
from ecr_publish.oci.arrivals import Read
from ecr_publish.oci.closure import Closure
from ecr_publish.oci.companions import companions
from ecr_publish.oci.layout import Layout
from ecr_publish.oci.shared import Copied, Shared
from ecr_publish.oci.wire import Wire

if TYPE_CHECKING:
    from ecr_publish.model.events import Notify
    from ecr_publish.oci.attached import Lacking
    from ecr_publish.oci.lanes import Moved
    from ecr_publish.oci.plan import TransferPlan


class Pushing:
    """Pushes layouts to `goal`."""

    def __init__(self, shared: Shared, goal: Wire, notify: Notify) -> None:
        self._shared, self._goal, self._notify = shared, goal, notify

    def push(self, read: Read, layout: InLayout, tags: tuple[str, ...]) -> Copied:
        """What the repository lacks of it, then those of the tags that do not name it yet, in order. Raises BlobsGone
        where blobs that the layout need not have, for they were there, are there no longer."""
        image, standings, repository = read.image, self._shared.standings, self._goal.repository
        standing = standings.of(self._goal, layout.digest, tags)
        moment, present = self._shared.lanes.moment(), None
        if standing.is_open(tags) and not standing.there:
            known = False if read.came.is_new else standing.there
            asked = read.asked or standings.ask(self._goal, layout.digest, read.unsure, there=known)
            moment, present = asked.moment, asked.present(read.came.blobs)
        if present is not None and (gone := layout.absent - present):
            raise _gone(gone, repository)
        lack = self._beside(read.layout, image)
        done = Copied(changed=False, warnings=lack.warnings if lack else ())
        if present is not None or standing.missing or (lack and lack.is_open):
            from ecr_publish.oci.attached import Lacking, blobs_of
            from ecr_publish.oci.plan import puts, upload_plan

            lack = lack or Lacking()
            there = (present or frozenset()) | standings.beside(self._goal, blobs_of(lack.families))
            writes = puts(image.root, repository, standing.missing, standing.seen)
            plan = upload_plan(None if present is None else image, lack, repository, writes, there)
            done = Copied(bool(plan.operations), self._perform(plan, read.layout, moment), lack.warnings)
        self._shared.capabilities.settle(repository, (blob.digest for blob in image.blobs))
        return done

    def _beside(self, layout: Layout, image: Closure) -> Lacking | None:
        """What points to the image, as far as the repository lacks it; None where nothing does."""
        if not (families := companions(layout, image)):
            return None
        from ecr_publish.oci.families import lacking

        return lacking(families, self._goal, self._shared.lanes)

    def _perform(self, plan: TransferPlan, source: Layout, moment: int) -> tuple[Moved, ...]:
        from ecr_publish.oci.perform import Performer
        from ecr_publish.oci.plan import nearer

        performer = Performer(self._shared.lanes, self._goal, source, self._notify)
        moved = performer.perform(nearer(plan, self._shared.capabilities.home), moment)
        if performer.closed:
            self._shared.capabilities.saw_closed(self._goal.repository.registry)
        return moved


def _gone(digests: frozenset[Digest], repository: Repository) -> BlobsGone:
    return BlobsGone(
        what=f"{len(digests)} blobs that were there a moment ago are gone ({min(each.short for each in digests)}, …)",
        where=str(repository),
        hint="run again: they are read anew; look for a lifecycle policy or a clean-up job that deletes them",
    )
