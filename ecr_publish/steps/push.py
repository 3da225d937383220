"""push: blobs, manifests by digest, tags last; to the environments that no promotion edge leads to."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from ecr_publish.config.builds import ArchiveBuild, Build, DockerBuild
from ecr_publish.errors import BlobsGone, ImageMissing
from ecr_publish.model.compression import GZIP, Compression, compression
from ecr_publish.model.image import BuiltImage, Identity, InArchive, InEngine, InLayout, InRegistry, PublishedImage
from ecr_publish.model.registry import Repository
from ecr_publish.model.tags import Floating, Tag, TagSet
from ecr_publish.model.target import Create, Place, Target
from ecr_publish.model.traffic import Traffic
from ecr_publish.plan.intent import At, Give, Intent, Need, On
from ecr_publish.plan.step import Scene
from ecr_publish.plan.targets import pointer, repository
from ecr_publish.ports.bundle import Ports
from ecr_publish.ports.images import Pushed
from ecr_publish.run.ledger import Facts
from ecr_publish.run.outcome import AlreadyDone, Done, Outcome
from ecr_publish.steps.tagging import tagging

if TYPE_CHECKING:
    from ecr_publish.ports.blobs import Sending


@dataclass(frozen=True, slots=True)
class PushDetails:
    """Where the image goes and under which tags; `pointer` is moved last of all."""

    target: Target
    repository: Repository
    tags: tuple[Tag, ...]
    pointer: str | None
    compression: Compression = GZIP  # of an engine's or archive's layers; others are as they are

    @property
    def summary(self) -> str:
        """`A.dkr.ecr.…/web: 1.4.0, latest`."""
        names = [tag.name for tag in self.tags] + ([self.pointer] if self.pointer else [])
        return f"{self.repository}: {', '.join(names) or 'untagged'}"


class Push:
    """Runs once per image and entry target."""

    name = "push"
    on = On.ENTRY
    wanted = True
    needs = (Need(BuiltImage, At.IMAGE), Need(TagSet, At.IMAGE), Need(Identity, At.TARGET))
    gives = (Give(PublishedImage, At.HERE),)

    def details(self, scene: Scene) -> PushDetails:
        """The repository at this target and the planned tags."""
        assert scene.image is not None
        assert scene.target is not None
        return PushDetails(
            target=scene.target,
            repository=repository(scene.image, scene.target),
            tags=scene.tags.tags if scene.tags else (),
            pointer=pointer(scene.image, scene.target),
            compression=_compression(scene.image.build),
        )

    def run(self, intent: Intent, facts: Facts, ports: Ports) -> Outcome:
        """Write what is missing. Raises TagTaken if a fixed tag names another digest: before the first byte
        where the digest is known, before any manifest where an engine's image has none yet."""
        details: PushDetails = intent.details
        ensure_repository(details.target, details.repository, ports)
        built = facts.get(BuiltImage, replace(intent.place, target=None))
        match built.where:
            case InRegistry():
                return _reuse(built.where, details, ports)
            case InLayout():
                return _push(built.where, details, ports)
            case InEngine():
                return _push_unread(partial(ports.engine.layout, built.where), intent.place, details, ports)
            case InArchive():
                return _push_archive(built.where, intent.place, details, ports)


def _compression(build: Build) -> Compression:
    """What the file asks for; only an engine's image and an archive's are not compressed before they come here."""
    if isinstance(build, DockerBuild | ArchiveBuild):
        return compression(build.compression, build.compression_level)
    return GZIP


def all_tags(tags: tuple[Tag, ...], last: str | None) -> tuple[Tag, ...]:
    """The tags with the environment's pointer behind them: it is the last write."""
    pointed = (Tag(last, Floating(), "pointer"),) if last else ()
    return (*(tag for tag in tags if tag.name != last), *pointed)


def _all_tags(details: PushDetails) -> tuple[Tag, ...]:
    return all_tags(details.tags, details.pointer)


def ensure_repository(target: Target, name: Repository, ports: Ports) -> None:
    """Create a missing repository where `create: if-missing` allows; elsewhere the push itself says so."""
    if target.create is Create.IF_MISSING:
        ports.repositories.ensure(target, name)


def _push(layout: InLayout, details: PushDetails, ports: Ports, ahead: Sending | None = None) -> Outcome:
    tags = tagging(ports.images, details.target, details.repository, _all_tags(details), layout)
    pushed = ports.images.push(layout, details.target, details.repository, tags.write, ports.notify)
    if ahead and (ahead.sent_bytes or ahead.mounted_blobs):
        pushed = _together(pushed, ahead)
    return published(
        pushed, tags.names, already=pushed.already_there and not tags.write, warnings=(*tags.held, *pushed.warnings)
    )


def _together(pushed: Pushed, ahead: Sending) -> Pushed:
    """With what went ahead: the push itself found it there."""
    return replace(
        pushed,
        already_there=False,
        moved_bytes=pushed.moved_bytes + ahead.sent_bytes,
        reused_bytes=max(0, pushed.reused_bytes - ahead.sent_bytes),
        mounted_blobs=pushed.mounted_blobs + ahead.mounted_blobs,
    )


def _push_archive(image: InArchive, place: Place, details: PushDetails, ports: Ports) -> Outcome:
    """Where all of its layers are known, the digest is too: then tags are looked at first, and where the repository has
    the layers, none is read."""
    with ports.spool(str(place.image)) as directory:
        foretold = ports.archives.foretold(image, directory, details.compression)
        if foretold is not None:
            with suppress(BlobsGone):  # pushed elsewhere, or cleaned up since
                return _push(foretold, details, ports)
    return _push_unread(partial(ports.archives.layout, image), place, details, ports)


def _push_unread(read: Callable[..., InLayout], place: Place, details: PushDetails, ports: Ports) -> Outcome:
    """Blobs are sent while the image is read; its digest is known when all of it is, and only then tags are looked at.
    What a refused tag leaves behind is blobs without a name."""
    with ports.spool(str(place.image)) as directory:
        names = tuple(tag.name for tag in _all_tags(details))
        with ports.images.receiving(directory, details.target, details.repository, names, ports.notify) as sending:
            layout = read(directory, ports.notify, sending.receiver, details.compression)
        return _push(layout, details, ports, sending)


def _reuse(there: InRegistry, details: PushDetails, ports: Ports) -> Outcome:
    """The image is published already: complete its tags (another entry target gets a copy)."""
    image = ports.images.find(there.target, there.repository, str(there.digest))
    if image is None:
        raise ImageMissing(
            what=f"{there.digest} was there a moment ago and is gone",
            where=str(there.repository),
            hint="run again; if it happens again, look for a lifecycle policy or a clean-up job that deletes it",
        )
    tags = tagging(ports.images, details.target, details.repository, _all_tags(details), image, there.target)
    if not tags.write and there.repository == details.repository:
        return published(Pushed(image, already_there=True), tags.names, already=True, warnings=tags.held)
    pushed = ports.images.copy(image, there.target, details.target, details.repository, tags.write, ports.notify)
    return published(pushed, tags.names, already=False, warnings=(*tags.held, *pushed.warnings))


def published(pushed: Pushed, tags: tuple[str, ...], *, already: bool, warnings: tuple[str, ...]) -> Outcome:
    """The outcome of a push: Done or AlreadyDone, with the image under all its tags as the fact."""
    image = replace(pushed.image, tags=tags)
    text = f"{image.repository}@{image.digest}"
    traffic = Traffic(pushed.moved_bytes, pushed.reused_bytes, pushed.mounted_blobs)
    if already:
        return AlreadyDone(text, (image,), warnings, traffic)
    return Done(text, (image,), warnings, traffic)
