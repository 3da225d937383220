"""resume: a fact that an earlier job gave, taken up again. A request, never evidence: everything is read anew."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from ecr_publish.errors import ImageMissing, PublishError, ResultUnusable
from ecr_publish.model.digest import Digest, digest_of
from ecr_publish.model.image import BuiltImage, InEngine, InLayout
from ecr_publish.model.registry import Repository
from ecr_publish.model.target import Target
from ecr_publish.plan.intent import Give, Intent, Need, On
from ecr_publish.plan.planner import RESUME
from ecr_publish.plan.step import LeaveOut, Scene
from ecr_publish.ports.bundle import Ports
from ecr_publish.run.ledger import Facts
from ecr_publish.run.outcome import Done, Outcome


@dataclass(frozen=True, slots=True)
class PublishedDetails:
    """An image in a repository by tag or digest. `tags` must then name that digest (they were planned); None where
    the reference was given by name (--tag, --digest) and no result file says anything. `said` are the tags that the
    result file names, for registries that cannot list those of a digest; each is looked at."""

    target: Target
    repository: Repository
    reference: str
    origin: str  # where the request comes from: a result file's path, or --tag / --digest
    tags: tuple[str, ...] | None = None
    said: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """`A.dkr.ecr.…/web:1.4.0 (--tag)`."""
        mark = "@" if self.reference.startswith("sha256:") else ":"
        return f"{self.repository}{mark}{self.reference} ({self.origin})"


@dataclass(frozen=True, slots=True)
class BuiltDetails:
    """What an earlier `build` left: a layout (relative to the file's directory) with its digest, or an engine image."""

    layout: str | None
    digest: str | None
    engine: str | None
    origin: str

    @property
    def summary(self) -> str:
        """`layout .ecr-publish/layouts/web (…)`."""
        return f"{f'layout {self.layout}' if self.layout else f'engine image {self.engine}'} ({self.origin})"


class Resume:
    """Never named in `pipeline:`; the planner puts it where a command takes up what an earlier one gave."""

    name = RESUME
    on = On.IMAGE
    wanted = False
    needs: tuple[Need, ...] = ()
    gives: tuple[Give, ...] = ()

    def details(self, scene: Scene) -> LeaveOut:
        """It is planned by what is found, not by arrivals."""
        return LeaveOut("nothing to take up")

    def run(self, intent: Intent, facts: Facts, ports: Ports) -> Outcome:
        """Read what was asked for. Raises ImageMissing or ResultUnusable if it is not there as said."""
        match intent.details:
            case PublishedDetails():
                return _published(intent.details, ports)
            case BuiltDetails():
                assert intent.place.image is not None
                ports.layouts.keep(intent.place.image)
                return _built(intent.details, ports)
            case other:
                raise TypeError(f"resume cannot take up {other!r}")


def _published(details: PublishedDetails, ports: Ports) -> Outcome:
    image = ports.images.find(details.target, details.repository, details.reference)
    if image is None:
        raise _absent(details)
    listed = ports.repositories.tags_of(details.target, details.repository, image.digest) or image.tags
    asked = tuple(name for name in dict.fromkeys((*(details.tags or ()), *details.said)) if name not in listed)
    looked = ports.images.look(details.target, details.repository, asked)
    more = tuple(name for name in asked if looked.digest(name) == image.digest)
    tags = (*listed, *more)
    for name in details.tags or ():
        if name not in tags:
            raise ResultUnusable(
                what=f"it names {image.digest}, which does not have the planned tag {name} in {details.repository}",
                where=details.origin,
                hint="run the step before this one again for this commit, or promote by --tag or --digest",
            )
    return Done(f"{image.repository}@{image.digest}", (replace(image, tags=tags),))


def _absent(details: PublishedDetails) -> PublishError:
    """A result file that names what is not there is of no use; a tag that a user names is the registry's to refuse."""
    if details.tags is not None:
        return ResultUnusable(
            what=f"it names {details.reference}, which is not in {details.repository}",
            where=details.origin,
            hint="run the step before this one again; a lifecycle policy may have removed the image",
        )
    return ImageMissing(
        what=f"{details.reference} is not in the repository",
        where=f"{details.repository} ({details.origin})",
        hint="push or promote it there first, or see which tags are there: a lifecycle policy may have removed it",
    )


def _built(details: BuiltDetails, ports: Ports) -> Outcome:
    if details.layout is None:
        assert details.engine is not None
        return Done(details.engine, (BuiltImage(InEngine(details.engine), "docker", details.origin),))
    assert details.digest is not None
    path, digest = ports.root / details.layout, Digest(details.digest)
    if not _holds(path, digest):
        raise ResultUnusable(
            what=f"the layout {details.layout} does not hold {digest} as the result file says",
            where=details.origin,
            hint="run `ecr-publish build` again; carry .ecr-publish between jobs whole",
        )
    return Done(f"{digest} ({details.layout})", (BuiltImage(InLayout(str(path), digest), "layout", details.origin),))


def _holds(layout: Path, digest: Digest) -> bool:
    blob = layout / "blobs" / "sha256" / digest.hex
    try:
        return digest_of(blob.read_bytes()) == digest
    except OSError:
        return False
