"""Promoted: a planned promotion, performed: every gate asked, then the digest and its tags written."""

from __future__ import annotations

from ecr_publish.errors import PromotionRefused
from ecr_publish.gate.verdict import decide
from ecr_publish.model.evidence import ScanEvidence
from ecr_publish.model.image import PublishedImage
from ecr_publish.model.promotion import PromotionRecord
from ecr_publish.model.tags import Tag
from ecr_publish.model.traffic import Traffic
from ecr_publish.model.verdict import GateAnswer, Promotion
from ecr_publish.plan.intent import Intent
from ecr_publish.ports.bundle import Ports
from ecr_publish.run.ledger import Facts
from ecr_publish.run.outcome import AlreadyDone, Done, Outcome
from ecr_publish.steps.promotion import PromoteDetails, carried_over, is_of
from ecr_publish.steps.push import all_tags, ensure_repository
from ecr_publish.steps.tagging import carried, tagging
from ecr_publish.tags.remembered import remembered


def promoted(intent: Intent, facts: Facts, ports: Ports) -> Outcome:
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
    nearest = next(each for each in images if each.repository == details.sources[0].repository)
    source = details.sources[0].target
    tagged = tagging(ports.images, details.target, details.repository, tags, nearest, source)
    moved = ports.images.copy(nearest, source, details.target, details.repository, tagged.write, ports.notify)
    record = PromotionRecord(promotion, answers, details.gate, advisory, details.topology, ports.clock.now())
    warnings = (*advisory, *tagged.held, *moved.warnings)
    given = (_with_tags(moved.image, tagged.names), record)
    text = f"{details.repository}@{image.digest}"
    traffic = Traffic(moved.moved_bytes, moved.reused_bytes, moved.mounted_blobs)
    if moved.already_there and not tagged.write:
        return AlreadyDone(text, given, warnings, traffic)
    return Done(text, given, warnings, traffic)


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
    if details.when is not None and not any(is_of(name, details.when) for name in image.tags):
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
        tags = tuple(carried(name, names, known) for name in names if carried_over(name, details.filters))
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
