"""Arrivals: where a step can run, from the file alone, and the places at both ends of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from ecr_publish.config.model import Config, Edge, Image
from ecr_publish.errors import PlanImpossible
from ecr_publish.model.target import Place, Target
from ecr_publish.plan.intent import At, On
from ecr_publish.plan.targets import entries, targets


@dataclass(frozen=True, slots=True)
class Arrival:
    """One place a step can run at. `sources` are all targets of the edge's source environment."""

    place: Place
    image: Image | None = None
    target: Target | None = None
    edge: Edge | None = None
    sources: tuple[Target, ...] = ()

    def end(self, at: At) -> tuple[Place, ...]:
        """The places meant by `at`; empty where the arrival has no such end."""
        image = self.image.name if self.image else None
        match at:
            case At.IMAGE:
                return (Place(image=image),) if image else ()
            case At.TARGET:
                return (Place(target=self.target.name),) if self.target else ()
            case At.HERE:
                return (self.place,)
            case At.SOURCE:
                return tuple(Place(image, source.name) for source in self.sources)


class Map:
    """All arrivals of a file. Edges are walked from the entries on, so that a promotion follows what it needs."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.targets = targets(config)
        self.entries = entries(config)
        self.edges = _in_order(config)

    def of(self, on: On) -> Iterator[Arrival]:
        """The arrivals of that kind, image by image, in the order of the file."""
        if on is On.TARGET:
            yield from (Arrival(Place(target=target.name), target=target) for target in self.targets)
            return
        for image in self.config.images:
            yield from self._of_image(on, image)

    def _of_image(self, on: On, image: Image) -> Iterator[Arrival]:
        if on is On.IMAGE:
            yield Arrival(Place(image=image.name), image)
        elif on is On.EDGE:
            for edge in self.edges:
                if any(fnmatchcase(image.name, pattern) for pattern in edge.images):
                    yield from self._over(edge, image)
        else:
            for target in self.targets:
                if on is On.PUBLISHED or target.environment in self.entries:
                    yield Arrival(Place(image.name, target.name), image, target)

    def _over(self, edge: Edge, image: Image) -> Iterator[Arrival]:
        sources = tuple(target for target in self.targets if target.environment == edge.source)
        for target in self.targets:
            if target.environment == edge.destination:
                yield Arrival(Place(image.name, target.name), image, target, edge, sources)


def _in_order(config: Config) -> tuple[Edge, ...]:
    """Edges sorted so that each comes after those that lead to its source. Raises PlanImpossible on a cycle."""
    left, ordered = list(config.promote), []
    while left:
        waiting_for = {edge.destination for edge in left}
        ready = [edge for edge in left if edge.source not in waiting_for]
        if not ready:
            names = " -> ".join(dict.fromkeys(name for edge in left for name in (edge.source, edge.destination)))
            raise PlanImpossible(
                what=f"the promotion edges form a cycle: {names}", where="promote", hint="remove one of these edges"
            )
        ordered += ready
        left = [edge for edge in left if edge not in ready]
    return tuple(ordered)
