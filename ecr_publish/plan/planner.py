"""Planner: like make. Wanted intents pull in exactly what they need; nothing else is planned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from ecr_publish.config.model import Config
from ecr_publish.errors import PlanImpossible
from ecr_publish.model.image import PublishedImage
from ecr_publish.model.origin import Origin
from ecr_publish.model.tags import TagSet
from ecr_publish.model.target import Place
from ecr_publish.plan.arrivals import Arrival, Map
from ecr_publish.plan.ask import Ask, Found
from ecr_publish.plan.intent import At, FactKey, Intent, On, Unplanned
from ecr_publish.plan.step import LeaveOut, Plannable, Scene

RESUME = "resume"


class Planner:
    """One planning: file, origin, steps in the order of `pipeline:`, one instant, and what is asked for."""

    def __init__(
        self,
        config: Config,
        origin: Origin,
        *,
        steps: Sequence[Plannable],
        tags: Mapping[str, TagSet],
        now: datetime,
        ask: Ask | None = None,
    ) -> None:
        self._config, self._origin, self._now = config, origin, now
        self._steps, self._tags, self._ask = steps, tags, ask or Ask()
        self._map = Map(config)
        self._providers = _providers(steps, self._map)
        self._planned: dict[tuple[str, Place], Intent | Unplanned] = {}
        self._order: list[Intent] = []

    def intents(self) -> tuple[tuple[Intent, ...], tuple[Unplanned, ...]]:
        """The intents in an order that can be executed, and what was left out. Raises PlanImpossible."""
        check_order(self._steps)
        for step, arrival in self._by_image():
            if self._wants(step, arrival):
                self._visit(step, arrival)
        unplanned = tuple(each for each in self._planned.values() if isinstance(each, Unplanned))
        return tuple(self._order), unplanned

    def _by_image(self) -> Iterator[tuple[Plannable, Arrival]]:
        """Image by image, then in the order of the pipeline: a plan reads as the file does."""
        groups: dict[str | None, list[tuple[Plannable, Arrival]]] = {each.name: [] for each in self._config.images}
        for step in self._steps:
            for arrival in self._map.of(step.on):
                groups.setdefault(arrival.image.name if arrival.image else None, []).append((step, arrival))
        for group in groups.values():
            yield from group

    def _wants(self, step: Plannable, arrival: Arrival) -> bool:
        ask = self._ask
        if ask.images and (arrival.image is None or arrival.image.name not in ask.images):
            return False
        if not self._origin.trusted:  # a build-only plan, for whatever environment it was asked
            return step.on is On.IMAGE and (not ask.steps or step.name in ask.steps or "push" in ask.steps)
        if ask.environments and (arrival.target is None or arrival.target.environment not in ask.environments):
            return False
        if self._excluded(arrival):
            return False
        if ask.steps:
            return step.name in ask.steps
        return step.wanted or self._wanted_always(step, arrival)

    def _wanted_always(self, step: Plannable, arrival: Arrival) -> bool:
        """`scan: always` wants evidence at a target that no edge leaves."""
        if step.on is not On.PUBLISHED or arrival.target is None:
            return False
        environment = self._config.environment(arrival.target.environment)
        return getattr(environment, "scan", "edges") == "always"

    def _is_beyond(self, arrival: Arrival) -> bool:
        """Whether an image comes there only by a promotion that `upto` excludes."""
        if self._ask.upto is None or arrival.image is None or arrival.target is None:
            return False
        environment = arrival.target.environment
        return environment not in self._map.entries and environment not in self._leading_to(self._ask.upto)

    def _not_asked_for(self, step: Plannable, arrival: Arrival) -> str:
        """Why an image must not be taken over an edge, though something needs it at the other end; empty if it may.
        Needs pull in builds and pushes, and never a promotion that the limits of this run exclude."""
        if arrival.edge is None or all(give.kind is not PublishedImage for give in step.gives):
            return ""
        if reason := self._excluded(arrival):
            return reason
        if self._ask.steps and step.name not in self._ask.steps:
            return f"this run is not to {step.name}"
        return ""

    def _excluded(self, arrival: Arrival) -> str:
        """Which limit of this run, on how far or over which edge an image goes, is not kept there; empty if all are."""
        if self._is_beyond(arrival):
            return f"--to {self._ask.upto} goes no further"
        edge = arrival.edge
        if edge and self._ask.edge and self._ask.edge != (edge.source, edge.destination):
            return "only {} → {} is asked for".format(*self._ask.edge)
        return ""

    def _leading_to(self, environment: str) -> frozenset[str]:
        """The environment and all that promotions pass on the way to it."""
        names = {environment}
        for edge in reversed(self._map.edges):
            if edge.destination in names:
                names.add(edge.source)
        return frozenset(names)

    def _visit(self, step: Plannable, arrival: Arrival) -> Intent | Unplanned:
        key = (step.name, arrival.place)
        if key not in self._planned:
            planned = self._plan(step, arrival)
            self._planned[key] = planned
            if isinstance(planned, Intent):
                self._order.append(planned)
        return self._planned[key]

    def _plan(self, step: Plannable, arrival: Arrival) -> Intent | Unplanned:
        if arrival.target is not None and not self._origin.trusted:
            return Unplanned(step.name, arrival.place, "the origin is not trusted: it builds without credentials")
        if reason := self._not_asked_for(step, arrival):
            return Unplanned(step.name, arrival.place, reason)
        details = step.details(self._scene(arrival))
        if isinstance(details, LeaveOut):
            return Unplanned(step.name, arrival.place, details.reason)
        needs: list[FactKey] = []
        for need in step.needs:
            for place in arrival.end(need.at):
                fact = FactKey(need.kind, place)
                provider = self._provide(fact)
                if isinstance(provider, Unplanned):
                    return Unplanned(step.name, arrival.place, f"needs {fact}: {provider.reason}")
                needs.append(fact)
        gives = tuple(FactKey(give.kind, place) for give in step.gives for place in arrival.end(give.at))
        return Intent(step.name, arrival.place, arrival.end(At.SOURCE), tuple(needs), gives, details)

    def _provide(self, fact: FactKey) -> Intent | Unplanned:
        found = self._ask.found.get((fact.kind, fact.place))
        if found is not None:
            return self._resume(fact, found)
        for step, arrival in self._providers.get(fact, ()):
            return self._visit(step, arrival)
        return Unplanned("-", fact.place, "no step of the pipeline gives it there")

    def _resume(self, fact: FactKey, found: Found) -> Intent | Unplanned:
        key = (RESUME, fact.place)
        if key not in self._planned:
            intent = Intent(RESUME, fact.place, (), self._resume_needs(fact), (fact,), found.details)
            for need in intent.needs:
                self._provide(need)
            self._planned[key] = intent
            self._order.append(intent)
        return self._planned[key]

    def _resume_needs(self, fact: FactKey) -> tuple[FactKey, ...]:
        """What is read from a registry needs whatever a target gives (an identity); a layout on disk needs nothing."""
        if fact.place.target is None:
            return ()
        there = Place(target=fact.place.target)
        return tuple(key for key in self._providers if key.place == there)

    def _scene(self, arrival: Arrival) -> Scene:
        image = arrival.image
        return Scene(
            config=self._config,
            origin=self._origin,
            now=self._now,
            place=arrival.place,
            image=image,
            tags=self._tags.get(image.name) if image else None,
            target=arrival.target,
            edge=arrival.edge,
            sources=arrival.sources,
            inputs=self._ask.inputs.get(image.name) if image else None,
            resumed=self._reference(arrival),
            tag=self._ask.tag,
        )

    def _reference(self, arrival: Arrival) -> str | None:
        for (_, place), found in self._ask.found.items():
            if place in arrival.end(At.SOURCE):
                return found.reference
        return None


def _providers(steps: Sequence[Plannable], places: Map) -> dict[FactKey, list[tuple[Plannable, Arrival]]]:
    """Who gives which fact, the earlier step of the pipeline first."""
    providers: dict[FactKey, list[tuple[Plannable, Arrival]]] = {}
    for step in steps:
        for arrival in places.of(step.on):
            for fact in _given(step, arrival):
                providers.setdefault(fact, []).append((step, arrival))
    return providers


def _given(step: Plannable, arrival: Arrival) -> Iterator[FactKey]:
    for give in step.gives:
        for place in arrival.end(give.at):
            yield FactKey(give.kind, place)


def check_order(steps: Sequence[Plannable]) -> None:
    """Raise PlanImpossible if a step needs a kind of fact that no earlier step of the pipeline gives."""
    given: set[type] = set()
    for step in steps:
        for need in step.needs:
            if need.kind not in given:
                later = _giver(steps, need.kind, step)
                raise PlanImpossible(
                    what=f"{step.name} needs {need.kind.__name__}, which no earlier step gives",
                    where="pipeline",
                    hint=f"put {later} before {step.name}" if later else "add the step that gives it to pipeline:",
                )
        given.update(give.kind for give in step.gives)


def _giver(steps: Sequence[Plannable], kind: type, asking: Plannable) -> str | None:
    """The step that gives this kind of fact; one that needs it itself cannot begin with it."""
    return next((each.name for each in steps if each is not asking and any(g.kind is kind for g in each.gives)), None)
