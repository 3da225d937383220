"""Preflight: everything that would make a run fail late, asked before its first byte is built. All problems at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ecr_publish.config.model import Config
from ecr_publish.errors import PublishError
from ecr_publish.model.image import InRegistry
from ecr_publish.plan.plan import Plan
from ecr_publish.ports.bundle import Ports
from ecr_publish.preflight.ahead import open_registries, read_again
from ecr_publish.preflight.identities import identities
from ecr_publish.preflight.permissions import may_push, may_read_scans
from ecr_publish.preflight.repositories import mutability, repositories
from ecr_publish.preflight.said import Said, beside, both, side_by_side, together
from ecr_publish.preflight.subjects import Subjects, Write, subjects

if TYPE_CHECKING:
    from ecr_publish.preflight.taken import Taken

# Nothing is built, so there is no build to be saved, and nothing can carry the hash of what itself was made of: their
# push asks by digest, once.
READY_MADE = ("layout", "archive")


@dataclass(frozen=True, slots=True)
class Preflight:
    """What was found: any problem means that nothing is started."""

    problems: tuple[PublishError, ...] = ()
    notes: tuple[str, ...] = ()
    reuse: Mapping[str, InRegistry] = field(default_factory=dict)


def preflight(plan: Plan, ports: Ports, config: Config) -> Preflight:
    """Identity and account; then repositories; then tags and permissions beside each other: what cannot be reached is
    asked no more. Tokens, and what a later job takes up again, are fetched along the way.

    Writes nothing and moves no tag. Raises Interrupted and Terminated only.
    """
    touched = subjects(plan)
    who = identities(touched.targets, ports)
    reached = tuple(spot for spot in touched.spots if spot.target in who.targets)
    found, _ = both(lambda: repositories(reached, touched, ports), lambda: open_registries(reached, ports))
    there = tuple(write for write in touched.writes if write.spot in found.states)
    checks = beside(
        lambda: _taken_tags(touched, there, ports),
        lambda: may_push(touched, found.states, ports),
        lambda: may_read_scans(touched, found.states, ports),
        lambda: read_again(touched, found.states, ports),
    )
    said = together((who.said, found.said, mutability(there, found.states), *checks))
    return Preflight(said.problems, said.notes, dict(said.reuse))


def _taken_tags(touched: Subjects, there: tuple[Write, ...], ports: Ports) -> Said:
    """Look at the tags of every image whose build can still be saved or refused."""
    builds = dict(touched.builds)
    writes = tuple(write for write in there if write.image in builds and builds[write.image].builder not in READY_MADE)
    if not writes:
        return Said()
    from ecr_publish.preflight.taken import judged, taken

    parts: list[Said] = []
    found: dict[str, list[Taken]] = {}
    for write, answer in side_by_side(lambda write: taken(write, ports), writes):
        if isinstance(answer, PublishError):
            parts.append(Said(problems=(answer,)))
        else:
            found.setdefault(write.image, []).extend(answer)
    parts.extend(judged(image, builds[image], tuple(each)) for image, each in found.items())
    return together(parts)
