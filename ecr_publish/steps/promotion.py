"""Promotion: what is planned of one image over one edge, to one target."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase

from ecr_publish.config.model import Edge
from ecr_publish.model.promotion import GateMode, Topology
from ecr_publish.model.registry import EcrRegistry, Repository
from ecr_publish.model.tags import Tag
from ecr_publish.model.target import Target
from ecr_publish.plan.step import LeaveOut, Scene
from ecr_publish.plan.targets import pointer, repository, topology
from ecr_publish.tags.remembered import Naming

_VERSION = re.compile(r"[0-9]+\.[0-9]")


@dataclass(frozen=True, slots=True)
class Source:
    """One target the image is promoted from."""

    target: Target
    repository: Repository


@dataclass(frozen=True, slots=True)
class PromoteDetails:
    """One promotion. `tags` is None where a later job carries what the source has, filtered by `filters`."""

    sources: tuple[Source, ...]
    target: Target
    repository: Repository
    topology: Topology
    tags: tuple[Tag, ...] | None
    filters: tuple[str, ...]
    pointers: tuple[str, ...]  # of all environments: never carried
    pointer: str | None
    when: str | None  # still to be checked against the source's tags (a promotion by digest)
    gate: GateMode
    required: tuple[str, ...]
    fail_on: tuple[tuple[str, int], ...]
    unscannable: str | None
    from_environment: str
    to_environment: str
    naming: Naming | None = None  # how tags may move that are carried later

    @property
    def summary(self) -> str:
        """`from dev by copy: 1.4.0, latest`."""
        if self.tags is None:
            names = f"the source's tags that match {', '.join(self.filters)}"
        else:
            names = ", ".join(tag.name for tag in self.tags) or "by digest only"
        names += f", {self.pointer}" if self.pointer else ""
        gate = "" if self.gate is GateMode.ENFORCE else ", gate advisory"
        return f"from {self.from_environment} by {self.topology}: {names}{gate}"


def promotion(scene: Scene) -> PromoteDetails | LeaveOut:
    """The promotion of the scene's image over its edge; left out where the edge's `when` does not hold."""
    assert scene.image is not None
    assert scene.target is not None
    assert scene.edge is not None
    edge, image, target = scene.edge, scene.image, scene.target
    by_digest = scene.resumed is not None and scene.resumed.startswith("sha256:")
    if edge.when.tag is not None and not by_digest and (reason := _unmet(edge, scene)):
        return LeaveOut(reason)
    sources = tuple(Source(each, repository(image, each)) for each in scene.sources)
    destination = repository(image, target)
    nearest = min(sources, key=lambda source: _distance(source, destination))
    planned = tuple(tag for tag in scene.tags.tags if carried_over(tag.name, edge.tags)) if scene.tags else ()
    return PromoteDetails(
        sources=(nearest, *(source for source in sources if source != nearest)),
        target=target,
        repository=destination,
        topology=topology(nearest.repository, destination),
        tags=None if scene.resumed is not None else planned,
        filters=edge.tags,
        pointers=_pointers(scene),
        pointer=pointer(image, target),
        when=edge.when.tag if by_digest else None,
        gate=edge.gate,
        required=edge.require.gates,
        fail_on=edge.fail_on if edge.fail_on is not None else scene.config.scan.fail_on,
        unscannable=edge.unscannable,
        from_environment=edge.source,
        to_environment=edge.destination,
        naming=_naming(scene) if scene.resumed is not None else None,
    )


def _unmet(edge: Edge, scene: Scene) -> str | None:
    """Why the edge's `when.tag` does not hold, or None. Case-sensitive."""
    pattern, asked = edge.when.tag, scene.tag or scene.origin.tag
    assert pattern is not None
    if asked is None:
        return f"when: tag {pattern!r}, and this run is not for a git tag"
    if not (is_of(asked, pattern) if scene.tag else fnmatchcase(asked, pattern)):
        return f"when: tag {pattern!r} does not match {asked!r}"
    return None


def is_of(tag: str, pattern: str) -> bool:
    """Whether an image's tag is of a git tag that matches the pattern: versions lose the git tag's `v` on their way.
    Nothing else does: with a `v` in front, `main` would match `v*` too."""
    return fnmatchcase(tag, pattern) or (_VERSION.match(tag) is not None and fnmatchcase(f"v{tag}", pattern))


def carried_over(name: str, filters: tuple[str, ...]) -> bool:
    """Whether the edge lets the tag over."""
    return any(fnmatchcase(name, pattern) for pattern in filters)


def looked_at(details: PromoteDetails, reference: str) -> tuple[str, ...]:
    """Tags that a promotion of what an earlier job published under this reference will look at, as far as they are
    known before the image is read."""
    if details.tags is not None:
        return ()
    by_tag = not reference.startswith("sha256:") and reference not in details.pointers
    carried = (reference,) if by_tag and carried_over(reference, details.filters) else ()
    return (*carried, *((details.pointer,) if details.pointer else ()))


def _distance(source: Source, destination: Repository) -> tuple[bool, bool, bool]:
    """The nearest source is the same repository, then the same registry, then the same region."""
    here, there = source.repository.registry, destination.registry
    same_region = isinstance(here, EcrRegistry) and isinstance(there, EcrRegistry) and here.region == there.region
    return (source.repository != destination, here != there, not same_region)


def _naming(scene: Scene) -> Naming:
    assert scene.image is not None
    image, branch = scene.image, scene.origin.default_branch or scene.config.default_branch
    return Naming(image.tags, image.flavor, image.floating, branch)


def _pointers(scene: Scene) -> tuple[str, ...]:
    assert scene.image is not None
    own = [override.pointer for override in scene.image.environments]
    return tuple(sorted({name for name in (*own, *(each.pointer for each in scene.config.environments)) if name}))
