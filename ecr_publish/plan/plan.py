"""Plan: the frozen list of intents, comparable and serialisable."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ecr_publish.model.origin import Origin
from ecr_publish.model.promotion import Topology
from ecr_publish.model.tags import TagSet
from ecr_publish.model.target import Target
from ecr_publish.plan.intent import Intent, Unplanned


@dataclass(frozen=True, slots=True)
class PlannedEdge:
    """An edge as planned: which topology its promotion has, per destination target."""

    source: str
    destination: str
    topologies: tuple[tuple[str, Topology], ...]  # (target name, topology)


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be done, in an order that can be executed. Equal inputs give equal plans."""

    intents: tuple[Intent, ...]
    unplanned: tuple[Unplanned, ...]
    targets: tuple[Target, ...]
    tags: tuple[tuple[str, TagSet], ...]  # per image
    edges: tuple[PlannedEdge, ...]
    origin: Origin
    now: datetime  # one instant for the whole plan, aware UTC
    config_hash: str
    versions: tuple[tuple[str, str], ...]  # tool and plugins
    context_hashes: tuple[tuple[str, str], ...] = ()  # only with `plan -o`
    warnings: tuple[str, ...] = ()
