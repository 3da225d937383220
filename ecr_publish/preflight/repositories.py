"""Repositories: whether each is there or may be created, and whether it can hold the tags that are meant to move."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import NamedTuple

from ecr_publish.errors import NotAuthorised, PublishError, RegistryRefused, RepositoryMissing
from ecr_publish.model.registry import EcrRegistry, Repository
from ecr_publish.model.tags import Floating, Tag
from ecr_publish.model.target import Create, Target
from ecr_publish.ports.bundle import Ports
from ecr_publish.ports.repositories import RepositoryState
from ecr_publish.preflight.said import Said, side_by_side
from ecr_publish.preflight.subjects import Spot, Subjects, Write

MOST_DESCRIBED = 100  # ECR API Reference, DescribeRepositories
MOST_FILTERS = 5  # ECR API Reference, ImageTagMutabilityExclusionFilter


class Found(NamedTuple):
    """The repositories that are there, with their settings, and what is to be said of the others."""

    states: Mapping[Spot, RepositoryState]
    said: Said


def repositories(spots: tuple[Spot, ...], touched: Subjects, ports: Ports) -> Found:
    """Describe every repository. One that is only read must be there; one that is written may be created."""
    written = {write.spot for write in touched.writes}
    states: dict[Spot, RepositoryState] = {}
    problems: list[PublishError] = []
    notes: list[str] = []
    for spot, answer in _described(spots, ports):
        creatable = spot in written and spot.target.create is Create.IF_MISSING
        match answer:
            case RepositoryState():
                states[spot] = answer
            case None if creatable:
                notes.append(f"{spot.repository} does not exist and will be created: mutable, scanned on push")
            case None:
                problems.append(missing(spot))
            case NotAuthorised() if not creatable:
                # pushing needs no ecr:DescribeRepositories; whether the repository is there, the next check sees
                states[spot] = RepositoryState(spot.repository)
                notes.append(f"{spot.repository}: its settings cannot be read before the push ({answer.what})")
            case PublishError():
                problems.append(answer)
    return Found(states, Said(tuple(problems), tuple(notes)))


def _described(spots: tuple[Spot, ...], ports: Ports) -> tuple[tuple[Spot, RepositoryState | PublishError | None], ...]:
    """What each repository is: a hundred of a target in one call, and each by itself where one of them is refused. One
    that several environments share is asked for once by each principal."""
    found: dict[Spot, RepositoryState | PublishError | None] = {}
    for group, answer in side_by_side(lambda group: _together(group, ports), _groups(spots)):
        match answer:
            case NotAuthorised() | RepositoryMissing():
                pass  # of one of them, perhaps: each is asked for by itself
            case PublishError():
                found.update(dict.fromkeys(group, answer))
            case _:
                found.update({spot: answer[spot.repository] for spot in group})
    alone: dict[tuple[Repository, str | None, str | None], list[Spot]] = {}
    for spot in (spot for spot in spots if spot not in found):
        alone.setdefault((spot.repository, spot.target.role, spot.target.profile), []).append(spot)
    shared = tuple(map(tuple, alone.values()))
    for group, state in side_by_side(lambda group: _alone(group[0], ports), shared):
        found.update(dict.fromkeys(group, state))
    return tuple((spot, found[spot]) for spot in spots)


def _alone(spot: Spot, ports: Ports) -> RepositoryState | None:
    return ports.repositories.describe(spot.target, spot.repository)


def _together(group: tuple[Spot, ...], ports: Ports) -> Mapping[Repository, RepositoryState]:
    names = tuple(spot.repository for spot in group)
    answer = ports.repositories.described(group[0].target, names)
    if len(answer) < len(names):
        raise missing(group[0])  # it tells less than it was asked: then each has to tell by itself
    return answer


def _groups(spots: tuple[Spot, ...]) -> tuple[tuple[Spot, ...], ...]:
    """Several repositories of one target, at most as many as one call describes."""
    of_target: dict[Target, list[Spot]] = {}
    for spot in spots:
        of_target.setdefault(spot.target, []).append(spot)
    return tuple(
        tuple(each[start : start + MOST_DESCRIBED])
        for each in of_target.values()
        for start in range(0, len(each), MOST_DESCRIBED)
        if len(each) - start > 1
    )


def missing(spot: Spot) -> RepositoryMissing:
    """The error that names the command and the setting which create the repository."""
    registry = spot.repository.registry
    region = f" --region {registry.region}" if isinstance(registry, EcrRegistry) else ""
    service = "ecr" if isinstance(registry, EcrRegistry) else "ecr-public"
    return RepositoryMissing(
        what=f"the repository {spot.repository.name} does not exist in {registry}",
        where=f"environment {spot.target.environment}",
        hint=f"`aws {service} create-repository --repository-name {spot.repository.name}{region}`, "
        "or create: if-missing on the environment",
    )


def mutability(writes: tuple[Write, ...], states: Mapping[Spot, RepositoryState]) -> Said:
    """Tags that are meant to move need a repository that lets them: one problem per image and repository."""
    problems = []
    for write in writes:
        state = states.get(write.spot)
        stuck = tuple(tag.name for tag in write.tags if state is not None and _is_stuck(tag, state))
        if stuck:
            problems.append(_stuck(write, stuck))
    return Said(tuple(problems))


def is_immutable(name: str, state: RepositoryState) -> bool:
    """Whether the repository's setting holds this tag for good. Nothing known: it does not."""
    if state.immutable is None:
        return False
    excepted = any(fnmatchcase(name, pattern) for pattern in state.except_tags)
    return state.immutable != excepted


def _is_stuck(tag: Tag, state: RepositoryState) -> bool:
    return isinstance(tag.movement, Floating) and is_immutable(tag.name, state)


def _stuck(write: Write, names: tuple[str, ...]) -> RegistryRefused:
    repository = write.spot.repository
    filters = " ".join(f"filterType=WILDCARD,filter={name}" for name in names[:MOST_FILTERS])
    return RegistryRefused(
        what=f"{', '.join(names)} is meant to move, and the repository's tags are immutable",
        where=f"{write.image} -> {repository}",
        hint=f"`aws ecr put-image-tag-mutability --repository-name {repository.name} --image-tag-mutability "
        f"IMMUTABLE_WITH_EXCLUSION --image-tag-mutability-exclusion-filters {filters}` (keep the filters it has, "
        f"at most {MOST_FILTERS}), or leave the tag out of tags:",
    )
