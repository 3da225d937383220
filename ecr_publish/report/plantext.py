"""A plan for people: per image its tags and what is done with it where; the edges; what was left out and why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ecr_publish.model.origin import Origin
from ecr_publish.model.promotion import GateMode, Topology
from ecr_publish.model.tags import Fixed, Floating, TagSet
from ecr_publish.plan.plan import Plan
from ecr_publish.report.columns import aligned
from ecr_publish.report.text import clean

if TYPE_CHECKING:
    from ecr_publish.config.model import Config, Edge

_TOPOLOGIES = {
    Topology.RETAG: "retag (same repository, no bytes move)",
    Topology.MOUNT: "mount (same registry, another repository)",
    Topology.COPY: "copy (another account or region)",
}


def plan_text(plan: Plan, config: Config) -> str:
    """The whole text, ending in a newline."""
    return "\n".join(_lines(plan, config)) + "\n"


def _lines(plan: Plan, config: Config) -> Iterator[str]:
    yield _counts(plan)
    yield f"origin: {origin_line(plan.origin)}"
    if shared := [each for each in plan.intents if each.place.image is None]:
        yield ""
        yield from aligned([(f"  {each.step}", f"@{each.place.target}", each.details.summary) for each in shared])
    for image in _images(plan):
        yield ""
        yield from _image(plan, image)
    if plan.edges:
        yield ""
        yield "promotions:"
        yield from _edges(plan, config)
    if plan.warnings:
        yield ""
        yield from (f"warning: {clean(each)}" for each in plan.warnings)


def _counts(plan: Plan) -> str:
    images = len(_images(plan))
    return f"plan: {len(plan.intents)} intents for {images} image{'' if images == 1 else 's'}"


def _images(plan: Plan) -> list[str]:
    named = [image for image, _ in plan.tags]
    places = [*(each.place for each in plan.intents), *(each.place for each in plan.unplanned)]
    return list(dict.fromkeys([*named, *(place.image for place in places if place.image)]))


def origin_line(origin: Origin) -> str:
    """Where this run is from and whether its code is trusted, in one clean line."""
    commit = f"commit {origin.sha[:12]}" if origin.sha else "no commit known"
    dirty = ", with changes that are not committed" if origin.dirty else ""
    untrusted = "" if origin.trusted else "; NOT TRUSTED, so it only builds"
    return clean(f"{origin.ci}, {origin.ref or 'no ref known'}, {commit}{dirty}{untrusted}")


def _image(plan: Plan, image: str) -> Iterator[str]:
    yield f"{clean(image)}:"
    yield from aligned(_tags(dict(plan.tags).get(image, TagSet())))
    mine = [
        (f"  {clean(each.step)}", f"@{each.place.target}" if each.place.target else "", clean(each.details.summary))
        for each in plan.intents
        if each.place.image == image and each.step != "tag"
    ]
    left_out = [
        (f"  {clean(each.step)}", f"@{each.place.target}" if each.place.target else "", f"left out: {each.reason}")
        for each in plan.unplanned
        if each.place.image == image
    ]
    yield from aligned([*mine, *left_out])


def _tags(tags: TagSet) -> list[tuple[str, ...]]:
    """Each tag with how it moves and the rule that gave it; each rule that gave none with its reason."""
    lines = [(f"  tag {tag.name}", _movement(tag.movement), f"from {tag.rule}") for tag in tags.tags]
    return [*lines, *(("  no tag", "", f"from {each.rule}: {each.reason}") for each in tags.without)]


def _movement(movement: Fixed | Floating) -> str:
    match movement:
        case Fixed():
            return "fixed"
        case Floating(version=None):
            return "floating"
        case Floating(version=version):
            return f"floating, forward only from {version}"


def _edges(plan: Plan, config: Config) -> Iterator[str]:
    asked = {(edge.source, edge.destination): edge for edge in config.promote}
    lines = []
    for edge in plan.edges:
        conditions = _conditions(asked.get((edge.source, edge.destination)))
        for target, topology in edge.topologies:
            lines.append((f"  {edge.source} -> {target}", f"{_TOPOLOGIES[topology]}{conditions}"))
    yield from aligned(lines)


def _conditions(edge: Edge | None) -> str:
    if edge is None:
        return ""
    told = [f"when: tag {edge.when.tag}"] if edge.when.tag else []
    told += [f"tags: {', '.join(edge.tags)}"] if edge.tags != ("*",) else []
    told += ["gate: advisory"] if edge.gate is GateMode.ADVISORY else []
    told += [f"required gates: {', '.join(edge.require.gates)}"] if edge.require.gates else []
    told += [f"unscannable allowed: {edge.unscannable}"] if edge.unscannable else []
    return "".join(f"; {each}" for each in told)
