"""promote: the same digest in the next environment, if every gate allows."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from ecr_publish.config.model import Edge
from ecr_publish.errors import PromotionRefused
from ecr_publish.gate.verdict import decide
from ecr_publish.model.image import Identity, PublishedImage
from ecr_publish.model.promotion import GateMode, Promotion, PromotionRecord, Topology
from ecr_publish.model.registry import EcrRegistry, Repository
from ecr_publish.model.scan import ScanEvidence
from ecr_publish.model.tags import Tag
from ecr_publish.model.target import Target
from ecr_publish.model.traffic import Traffic
from ecr_publish.model.verdict import GateAnswer
from ecr_publish.plan.intent import At, Give, Intent, Need, On
from ecr_publish.plan.step import LeaveOut, Scene
from ecr_publish.plan.targets import pointer, repository, topology
from ecr_publish.ports import Ports
from ecr_publish.run.ledger import Facts
from ecr_publish.run.outcome import AlreadyDone, Done, Outcome
from ecr_publish.steps.push import all_tags, ensure_repository
from ecr_publish.steps.tagging import carried, tagging
from ecr_publish.tags import Naming, remembered


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


class Promote:
    """Runs once per image, edge and target of the edge's destination."""

    name = "promote"
    on = On.EDGE
    wanted = True
    needs = (Need(PublishedImage, At.SOURCE), Need(ScanEvidence, At.SOURCE), Need(Identity, At.TARGET))
    gives = (Give(PublishedImage, At.HERE), Give(PromotionRecord, At.HERE))

    def details(self, scene: Scene) -> PromoteDetails | LeaveOut:
        """Left out where the edge's `when` does not hold for the git tag (or for --tag)."""
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
        planned = tuple(tag for tag in scene.tags.tags if _carried_over(tag.name, edge.tags)) if scene.tags else ()
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

    def run(self, intent: Intent, facts: Facts, ports: Ports) -> Outcome:
        """Ask every gate on the evidence of every source, then write the digest and its tags, the pointer last."""
        details: PromoteDetails = intent.details
        images = tuple(facts.get(PublishedImage, place) for place in intent.source)
        evidence = tuple(facts.get(ScanEvidence, place) for place in intent.source)
        image = _one_digest(images, details)
        tags = _tags(image, details)
        promotion = _promotion(str(intent.place.image), image, tags, details)
        answers: tuple[GateAnswer, ...] = ()
        for each in evidence:
            answers += ports.gates.judge(promotion, each, details.required)
        advisory = decide(answers, details.gate, where=f"{intent.id} ({image.digest})")
        ensure_repository(details.target, details.repository, ports)
        tagged = tagging(ports.images, details.target, details.repository, image.digest, tags)
        nearest = next(each for each in images if each.repository == details.sources[0].repository)
        moved = ports.images.copy(
            nearest, details.sources[0].target, details.target, details.repository, tagged.write, ports.notify
        )
        record = PromotionRecord(promotion, answers, details.gate, advisory, details.topology, ports.clock.now())
        warnings = (*advisory, *tagged.held, *moved.warnings)
        given = (_with_tags(moved.image, tagged.names), record)
        text = f"{details.repository}@{image.digest}"
        traffic = Traffic(moved.moved_bytes, moved.reused_bytes, moved.mounted_blobs)
        if moved.already_there and not tagged.write:
            return AlreadyDone(text, given, warnings, traffic)
        return Done(text, given, warnings, traffic)


def _unmet(edge: Edge, scene: Scene) -> str | None:
    """Why the edge's `when.tag` does not hold, or None. Case-sensitive."""
    pattern, asked = edge.when.tag, scene.tag or scene.origin.tag
    assert pattern is not None
    if asked is None:
        return f"when: tag {pattern!r}, and this run is not for a git tag"
    if not any(fnmatchcase(each, pattern) for each in (asked, f"v{asked}" if scene.tag else asked)):
        return f"when: tag {pattern!r} does not match {asked!r}"
    return None


def _carried_over(name: str, filters: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in filters)


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


def _one_digest(images: tuple[PublishedImage, ...], details: PromoteDetails) -> PublishedImage:
    """All source targets must hold the same digest: a promotion never chooses between two."""
    digests = {image.digest for image in images}
    if len(digests) > 1:
        held = "; ".join(f"{image.repository} has {image.digest}" for image in images)
        raise PromotionRefused(
            what=f"the targets of {details.from_environment} hold different digests: {held}",
            where=f"promote {details.from_environment} -> {details.to_environment}",
            hint="publish the same digest to all of them first (run for that environment again)",
        )
    return images[0]


def _tags(image: PublishedImage, details: PromoteDetails) -> tuple[Tag, ...]:
    """The planned tags, or what the source has on that digest; pointers of environments are never carried."""
    if details.when is not None and not any(
        fnmatchcase(name, details.when) or fnmatchcase(f"v{name}", details.when) for name in image.tags
    ):
        raise PromotionRefused(
            what=f"when: tag {details.when!r} matches none of {', '.join(image.tags) or 'no tags'}",
            where=f"{image.repository}@{image.digest}",
            hint="promote a digest that carries a matching tag",
        )
    if details.tags is not None:
        # what an earlier edge's filter held back, or what a floating tag kept, the source does not have
        tags = tuple(tag for tag in details.tags if tag.name in image.tags)
    else:
        names = tuple(name for name in image.tags if name not in details.pointers)
        known = remembered(details.naming, names) if details.naming else {}
        tags = tuple(carried(name, names, known) for name in names if _carried_over(name, details.filters))
    return all_tags(tags, details.pointer)


def _promotion(name: str, image: PublishedImage, tags: tuple[Tag, ...], details: PromoteDetails) -> Promotion:
    return Promotion(
        image=name,
        from_environment=details.from_environment,
        to_environment=details.to_environment,
        source=image.repository,
        destination=details.repository,
        digest=image.digest,
        tags=tuple(tag.name for tag in tags),
        fail_on=details.fail_on,
        unscannable=details.unscannable,
    )


def _with_tags(image: PublishedImage, tags: tuple[str, ...]) -> PublishedImage:
    return PublishedImage(image.repository, image.digest, tags, image.children, image.media_type, image.size_bytes)
