"""Which of an image's tags are to be written: the same digest is success, another one a refusal, floating tags only
go forward. The one place that decides this, for push and promote alike."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ecr_publish.errors import RepositoryMissing, TagTaken
from ecr_publish.model.digest import Digest
from ecr_publish.model.image import InLayout, PublishedImage
from ecr_publish.model.registry import Repository
from ecr_publish.model.tags import Fixed, Floating, Movement, Tag
from ecr_publish.model.target import Target
from ecr_publish.ports.images import Arriving, Images, Looked


@dataclass(frozen=True, slots=True)
class Tagging:
    """`write` in order; `there` already name the digest; `held` are floating tags that would have gone back."""

    write: tuple[str, ...]
    there: tuple[str, ...]
    held: tuple[str, ...]  # sentences

    @property
    def names(self) -> tuple[str, ...]:
        """The tags that name the digest afterwards."""
        return (*self.there, *self.write)


def tagging(
    images: Images,
    target: Target,
    repository: Repository,
    tags: tuple[Tag, ...],
    image: InLayout | PublishedImage,
    source: Target | None = None,
) -> Tagging:
    """Look at each tag in the repository and decide, in their order, where the image is about to be pushed or copied
    to. Raises TagTaken naming both digests."""
    write, there, held = [], [], []
    existing: tuple[str, ...] | None = None
    digest = image.digest
    listed = any(isinstance(tag.movement, Floating) and tag.movement.version is not None for tag in tags)
    looked = images.look(target, repository, tuple(tag.name for tag in tags), Arriving(image, source, listed))
    for tag in tags:
        present = looked.digest(tag.name)
        if present == digest:
            there.append(tag.name)
            continue
        if isinstance(tag.movement, Fixed) and present is not None:
            raise taken(tag.name, repository, present, digest)
        if isinstance(tag.movement, Floating) and tag.movement.version is not None:
            from ecr_publish.tags.forward import moves

            existing = _existing(looked) if existing is None else existing
            if (blocker := moves(tag, existing)) is not None:
                held.append(f"{tag.name} stays where it is: {blocker.reason}")
                continue
        write.append(tag.name)
    return Tagging(tuple(write), tuple(there), tuple(held))


def _existing(looked: Looked) -> tuple[str, ...]:
    """All tags of the repository. One that is not there has none: a plain registry makes it of the first push, and
    elsewhere the push itself says that it is missing."""
    try:
        return looked.listed()
    except RepositoryMissing:
        return ()


def taken(name: str, repository: Repository, present: Digest, wanted: Digest) -> TagTaken:
    """The refusal of a fixed tag that names another digest."""
    return TagTaken(
        what=f"the tag {name} already names {present}, this image is {wanted}",
        where=f"{repository}:{name}",
        hint="a fixed tag never moves: release under a new version, or list the tag under floating: if it is meant to",
    )


_PARTIAL = r"v?(\d+)(?:\.(\d+))?"
_FULL = r"v?(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?)"


def carried(name: str, beside: tuple[str, ...], known: Mapping[str, Movement]) -> Tag:
    """How a tag may move that a later promotion finds on the source's digest, where the run that gave it is gone.

    `known` is what the file's rules tell. Else `latest`, `1` and `1.4` float within the release that stands beside them
    on the same digest; all others are fixed.
    """
    if (movement := known.get(name)) is not None:
        return Tag(name, movement, "carried")
    releases = [match[1] for each in beside if (match := re.fullmatch(_FULL, each))]
    version = releases[0] if releases else None
    if name == "latest":
        return Tag(name, Floating(version, ""), "carried")
    if (partial := re.fullmatch(_PARTIAL, name)) is not None:
        return Tag(name, Floating(version, ".".join(part for part in partial.groups() if part)), "carried")
    return Tag(name, Fixed(), "carried")
