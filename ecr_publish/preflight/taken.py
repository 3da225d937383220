"""Taken tags: a fixed tag that names an image already is a re-run of the same commit, or a refusal before the build."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ecr_publish.errors import ImageMissing, NotAuthorised, RepositoryMissing, TagTaken, TokenExpired
from ecr_publish.model.digest import Digest
from ecr_publish.model.image import InRegistry
from ecr_publish.model.tags import Fixed
from ecr_publish.ports.bundle import Ports
from ecr_publish.preflight.said import Said
from ecr_publish.preflight.subjects import Spot, Write
from ecr_publish.steps.build import INPUTS_LABEL, REVISION_LABEL, BuildDetails

# These make the same bytes of the same input in a moment: they are never refused by labels, for the push compares
# digests, which says more. What is there already is taken all the same, so that a re-run does nothing in any step.
CHEAP_BUILDERS = ("layout", "archive", "files")


@dataclass(frozen=True, slots=True)
class Taken:
    """A planned fixed tag that is there already, and what the image under it says of itself; None where we may not
    read that."""

    tag: str
    spot: Spot
    digest: Digest
    is_entry: bool
    labels: Mapping[str, str] | None


def taken(write: Write, ports: Ports) -> tuple[Taken, ...]:
    """The write's fixed tags that name something. The first is read, the others are looked at beside it; labels are
    read once per digest. Where a tag is taken, the step will look at the floating ones within a moment: so they are
    looked at beside the labels, for nothing is asked twice then."""
    names = tuple(tag.name for tag in write.tags if isinstance(tag.movement, Fixed))
    if not names:
        return ()
    target, repository = write.spot.target, write.spot.repository
    others = ports.images.look(target, repository, names[1:])
    digests = {names[0]: _first(write.spot, names[0], ports), **{name: others.digest(name) for name in names[1:]}}
    if write.is_entry and any(digests.values()):
        ports.images.look(target, repository, tuple(tag.name for tag in write.tags if tag.name not in digests))
    labels = {digest: _labels(write.spot, digest, ports) for digest in dict.fromkeys(digests.values()) if digest}
    return tuple(
        Taken(name, write.spot, digest, write.is_entry, labels[digest]) for name, digest in digests.items() if digest
    )


def _first(spot: Spot, tag: str, ports: Ports) -> Digest | None:
    try:
        image = ports.images.find(spot.target, spot.repository, tag)
    except RepositoryMissing:  # a plain registry's comes with the first push; of others the permissions' check tells
        return None
    except ImageMissing:  # a part of it: what the tag names was seen all the same
        return ports.images.look(spot.target, spot.repository, (tag,)).digest(tag)
    return image.digest if image else None


def _labels(spot: Spot, digest: Digest, ports: Ports) -> Mapping[str, str] | None:
    """What the image says of itself; nothing, if it cannot be read (an archived one, one that goes meanwhile); None,
    if it may not: they are in a blob, and who pushes need not be allowed to read one."""
    try:
        image = ports.images.find(spot.target, spot.repository, str(digest))
        return {} if image is None else ports.images.labels(spot.target, image)
    except ImageMissing:
        return {}
    except TokenExpired:
        raise
    except NotAuthorised:
        return None


def judged(image: str, build: BuildDetails, found: tuple[Taken, ...]) -> Said:
    """What the taken tags of one image mean for its build (the file's rules on re-runs: docs/aws.md).

    Reused if the image under a tag at an entry is of this commit, of a clean tree and of these inputs. Every fixed
    tag that names anything else is refused; one further along the promotions only if its commit is another, for
    then no build of this commit can be it.
    """
    same = next((each for each in found if each.is_entry and is_same(build, each.labels)), None)
    wrong = [each for each in found if _is_wrong(each, build, same)]
    if wrong and build.builder in CHEAP_BUILDERS:
        return Said()
    if wrong:
        return Said(problems=tuple(_refusal(image, each, build, same) for each in wrong))
    if same is None:
        unread = () if build.builder in CHEAP_BUILDERS else tuple(each for each in found if each.labels is None)
        return Said(notes=tuple(_unread(image, each) for each in unread))
    return Said(reuse=((image, InRegistry(same.spot.target, same.spot.repository, same.digest)),))


def _unread(image: str, each: Taken) -> str:
    return (
        f"{image} is built though {each.spot.repository} has the tag {each.tag}: whether that is of this commit cannot "
        "be read (ecr:GetDownloadUrlForLayer), so the push compares digests"
    )


def is_same(build: BuildDetails, labels: Mapping[str, str] | None) -> bool:
    """Whether the image with these labels is what this build would make: commit known and equal, tree clean, inputs
    equal (or known on neither side)."""
    revision = _revision(build)
    return (
        build.clean
        and revision is not None
        and labels is not None
        and labels.get(REVISION_LABEL) == revision
        and labels.get(INPUTS_LABEL) == build.inputs
    )


def _is_wrong(each: Taken, build: BuildDetails, same: Taken | None) -> bool:
    if same is not None:
        return each.digest != same.digest
    if each.labels is None:
        return False
    return each.is_entry or each.labels.get(REVISION_LABEL) != _revision(build)


def _revision(build: BuildDetails) -> str | None:
    """What the label will say: the file may set it itself."""
    return dict(build.labels).get(REVISION_LABEL, build.revision)


def _refusal(image: str, each: Taken, build: BuildDetails, same: Taken | None) -> TagTaken:
    found = (each.labels or {}).get(REVISION_LABEL)
    words = f"the tag {each.tag} already names {each.digest}, built from " + (
        f"commit {found}" if found else "a commit that it does not name"
    )
    return TagTaken(
        what=f"{words}; {_why(found, build, same)}",
        where=f"{image} -> {each.spot.repository}:{each.tag}",
        hint=_hint(build),
    )


def _hint(build: BuildDetails) -> str:
    if build.clean and _revision(build) is not None:
        return "a fixed tag never moves: release under a new version, or list the tag under floating: if it is meant to"
    return (
        "only a build of a commit, without other changes, is known again: commit, then release under a new version; "
        "to go on with the image that is there, `ecr-publish promote --from ENV --to ENV --tag TAG`"
    )


def _why(found: str | None, build: BuildDetails, same: Taken | None) -> str:
    revision = _revision(build)
    if same is not None:
        return f"{same.spot.repository}:{same.tag} has this commit as {same.digest}"
    if revision is None:
        return "this run has no commit to compare it with"
    if found != revision:
        return f"this run is commit {revision}"
    if not build.clean:
        return "this run has uncommitted changes"
    return "this run builds the same commit from other inputs"
