"""Subjects: what a plan will read and write, taken from its intents' details. Pure.

Each built-in step has details of one type, so the step's name tells it: what no step of the plan brings is not loaded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ecr_publish.model.image import PublishedImage
from ecr_publish.model.promotion import Topology
from ecr_publish.model.registry import Repository
from ecr_publish.model.tags import Tag
from ecr_publish.model.target import Target
from ecr_publish.plan.plan import Plan
from ecr_publish.steps.push import PushDetails, all_tags

if TYPE_CHECKING:
    from ecr_publish.steps.build import BuildDetails
    from ecr_publish.steps.promotion import PromoteDetails
    from ecr_publish.steps.resume import PublishedDetails
    from ecr_publish.steps.watched import ScanDetails


@dataclass(frozen=True, slots=True)
class Spot:
    """A repository at a target."""

    target: Target
    repository: Repository


@dataclass(frozen=True, slots=True)
class Write:
    """One image that will be written to one repository; `tags` with the pointer as the last."""

    image: str
    spot: Spot
    tags: tuple[Tag, ...]
    is_entry: bool  # pushed there; else promoted
    sends_bytes: bool  # False where only tags are set in a repository that holds the image


@dataclass(frozen=True, slots=True)
class Subjects:
    """Everything a plan touches, each once, in the order of the plan."""

    targets: tuple[Target, ...]
    writes: tuple[Write, ...]
    reads: tuple[Spot, ...]  # must be there already: nothing in this plan writes them
    scans: tuple[Spot, ...]
    builds: tuple[tuple[str, BuildDetails], ...]
    resumed: tuple[PublishedDetails, ...]  # images that an earlier job published
    soon: tuple[tuple[Spot, tuple[str, ...]], ...]  # tags that are looked at as soon as those images are read

    @property
    def spots(self) -> tuple[Spot, ...]:
        """All repositories, each once."""
        return tuple(dict.fromkeys((*(write.spot for write in self.writes), *self.reads)))


def subjects(plan: Plan) -> Subjects:
    """What the plan's built-in intents touch. A plugin's intents are its own to check."""
    targets: list[Target] = []
    writes: list[Write] = []
    reads: list[Spot] = []
    scans: list[Spot] = []
    builds: list[tuple[str, BuildDetails]] = []
    resumed: list[PublishedDetails] = []
    promotions: list[PromoteDetails] = []
    for intent in plan.intents:
        image = intent.place.image or ""
        match intent.step:
            case "login":
                targets.append(intent.details.target)
            case "build":
                builds.append((image, intent.details))
            case "push":
                writes.append(_pushed(image, intent.details))
            case "promote":
                promotions.append(intent.details)
                writes.append(_promoted(image, intent.details))
                reads.extend(Spot(each.target, each.repository) for each in intent.details.sources)
            case "resume" if intent.gives[0].kind is PublishedImage:
                reads.append(_spot(intent.details))
                resumed.append(intent.details)
            case "scan-wait":
                scans.append(_spot(intent.details))
    written = {write.spot for write in writes}
    touched = (*(write.spot for write in writes), *reads, *scans)
    return Subjects(
        targets=tuple(dict.fromkeys((*targets, *(spot.target for spot in touched)))),
        writes=tuple(writes),
        reads=tuple(dict.fromkeys(spot for spot in reads if spot not in written)),
        scans=tuple(dict.fromkeys(scans)),
        builds=tuple(builds),
        resumed=tuple(resumed),
        soon=tuple(_soon(promotions, resumed)),
    )


def _pushed(image: str, push: PushDetails) -> Write:
    return Write(image, _spot(push), all_tags(push.tags, push.pointer), is_entry=True, sends_bytes=True)


def _promoted(image: str, promotion: PromoteDetails) -> Write:
    tags = all_tags(promotion.tags or (), promotion.pointer)
    sends = promotion.topology is not Topology.RETAG
    return Write(image, _spot(promotion), tags, is_entry=False, sends_bytes=sends)


def _spot(details: PushDetails | PromoteDetails | PublishedDetails | ScanDetails) -> Spot:
    return Spot(details.target, details.repository)


def _soon(promotions: list[PromoteDetails], resumed: list[PublishedDetails]) -> Iterator[tuple[Spot, tuple[str, ...]]]:
    """Where a scan is waited for, nothing is looked at within a moment. What is read itself needs no look."""
    if not promotions or not resumed:
        return
    from ecr_publish.steps.promotion import looked_at

    for published in resumed:
        for each in promotions:
            source, goal = each.sources[0], Spot(each.target, each.repository)
            if source.repository == published.repository and not source.target.scannable:
                tags = looked_at(each, published.reference)
                is_read = goal.repository == published.repository
                yield goal, tuple(tag for tag in tags if not (is_read and tag == published.reference))
