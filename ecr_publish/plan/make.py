"""A plan from a file and an origin: the tags of each image, the intents, and what the plan was made from."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from ecr_publish import __version__
from ecr_publish.config.model import Config, Image
from ecr_publish.errors import PlanImpossible
from ecr_publish.model.origin import Origin
from ecr_publish.model.promotion import Topology
from ecr_publish.model.tags import Explanation, TagSet
from ecr_publish.plan.arrivals import Map
from ecr_publish.plan.ask import Ask
from ecr_publish.plan.plan import Plan, PlannedEdge
from ecr_publish.plan.planner import Planner
from ecr_publish.plan.step import Plannable
from ecr_publish.plan.targets import repository, topology
from ecr_publish.tags import Style, explanation


def make_plan(
    config: Config,
    origin: Origin,
    *,
    steps: Sequence[Plannable],
    now: datetime,
    ask: Ask | None = None,
    versions: tuple[tuple[str, str], ...] = (),
    warnings: tuple[str, ...] = (),
) -> Plan:
    """Pure: equal arguments give equal plans. `steps` are all known ones; `pipeline:` picks and orders them.

    Raises PlanImpossible (a step that is not known, an impossible order, a cycle) and ConfigError (a tag rule).
    """
    ask = ask or Ask()
    check_asked(config, ask)
    _known("step", ask.steps, list(config.pipeline))
    tags = {
        image.name: tags_of(config, image, origin, now)
        for image in config.images
        if not ask.images or image.name in ask.images
    }
    chosen = chosen_steps(config, steps)
    intents, unplanned = Planner(config, origin, steps=chosen, tags=tags, now=now, ask=ask).intents()
    if not intents and not unplanned:
        raise PlanImpossible(
            what="nothing of the file is what was asked for",
            where="command line",
            hint="the options leave nothing over together; `ecr-publish plan` without them shows everything",
        )
    return Plan(
        intents=intents,
        unplanned=unplanned,
        targets=Map(config).targets,
        tags=tuple(tags.items()),
        edges=planned_edges(config),
        origin=origin,
        now=now,
        config_hash=hashlib.sha256(config.model_dump_json().encode()).hexdigest(),
        versions=(("ecr-publish", __version__), *versions),
        context_hashes=tuple(sorted(ask.inputs.items())),
        warnings=(*origin.warnings, *untrusted(origin), *warnings),
    )


def untrusted(origin: Origin) -> tuple[str, ...]:
    """What is to be said of a build-only plan."""
    if origin.trusted:
        return ()
    return ("this run's code is not trusted: it only builds, without credentials (`ecr-publish origin` shows why)",)


def tags_of(config: Config, image: Image, origin: Origin, now: datetime) -> TagSet:
    """The tags that the image's rules give for this origin. An origin that may not publish gets them all the same:
    they are names only."""
    return explanation_of(config, image, origin, now).tags


def explanation_of(config: Config, image: Image, origin: Origin, now: datetime) -> Explanation:
    """The same with what came of each rule. Raises ConfigError."""
    return explanation(
        image.tags,
        Style(image.flavor, image.floating),
        origin,
        now,
        default_branch=origin.default_branch or config.default_branch,
        pr_sha=config.pr_sha,
        short_sha=config.short_sha,
    )


def chosen_steps(config: Config, steps: Sequence[Plannable]) -> tuple[Plannable, ...]:
    """The steps that `pipeline:` names, in its order. Raises PlanImpossible for a name that nobody contributes."""
    known = {step.name: step for step in steps}
    for name in config.pipeline:
        if name not in known:
            raise PlanImpossible(
                what=f"pipeline: names the step {name!r}, which neither ecr-publish nor a loaded plugin contributes",
                where="pipeline",
                hint=f"known steps: {', '.join(known)}; a plugin's steps need its distribution listed in plugins:",
            )
    return tuple(known[name] for name in config.pipeline)


def planned_edges(config: Config) -> tuple[PlannedEdge, ...]:
    """Each edge with the topologies of its promotions, per destination target."""
    places = Map(config)
    planned = []
    for edge in places.edges:
        kinds: dict[tuple[str, Topology], None] = {}  # a set that keeps the order of the file
        for source in (each for each in places.targets if each.environment == edge.source):
            for target in (each for each in places.targets if each.environment == edge.destination):
                for image in config.images:
                    kinds[target.name, topology(repository(image, source), repository(image, target))] = None
        planned.append(PlannedEdge(edge.source, edge.destination, tuple(kinds)))
    return tuple(planned)


def check_asked(config: Config, ask: Ask) -> None:
    """Raise PlanImpossible for an image, environment or edge that the file does not have."""
    _known("image", ask.images, [image.name for image in config.images])
    environments = [each.name for each in config.environments]
    _known("environment", (*ask.environments, *(ask.edge or ()), *((ask.upto,) if ask.upto else ())), environments)
    if ask.edge and ask.edge not in [(edge.source, edge.destination) for edge in config.promote]:
        edges = ", ".join(f"{edge.source} -> {edge.destination}" for edge in config.promote) or "none"
        raise PlanImpossible(
            what=f"the file has no promotion from {ask.edge[0]} to {ask.edge[1]}",
            where="promote",
            hint=f"a promotion never skips an environment; the edges are: {edges}",
        )


def _known(kind: str, asked: tuple[str, ...], names: list[str]) -> None:
    for name in asked:
        if name not in names:
            raise PlanImpossible(
                what=f"the file has no {kind} {name!r}", where="command line", hint=f"it has: {', '.join(names)}"
            )
