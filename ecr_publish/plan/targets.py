"""Targets of a file: environments unrolled over their regions; which are entries; which topology an edge has."""

from __future__ import annotations

from fnmatch import fnmatchcase

from ecr_publish.config.environments import EcrEnvironment, Environment, PlainEnvironment, PublicEnvironment
from ecr_publish.config.model import Config, Image
from ecr_publish.model.promotion import Topology
from ecr_publish.model.registry import EcrPublicRegistry, EcrRegistry, PlainRegistry, Repository
from ecr_publish.model.target import Target


def targets(config: Config) -> tuple[Target, ...]:
    """All targets, in the order of the file."""
    return tuple(target for environment in config.environments for target in _unrolled(environment))


def _unrolled(environment: Environment) -> tuple[Target, ...]:
    match environment:
        case EcrEnvironment():
            several = len(environment.regions) > 1
            return tuple(
                Target(
                    name=f"{environment.name}/{region}" if several else environment.name,
                    environment=environment.name,
                    registry=EcrRegistry(environment.known_account, region),
                    role=environment.role,
                    profile=environment.profile,
                    prefix=environment.prefix,
                    pointer=environment.pointer,
                    create=environment.create,
                )
                for region in environment.regions
            )
        case PublicEnvironment():
            return (
                Target(
                    name=environment.name,
                    environment=environment.name,
                    registry=EcrPublicRegistry(environment.alias),
                    role=environment.role,
                    profile=environment.profile,
                    prefix=environment.prefix,
                    pointer=environment.pointer,
                    create=environment.create,
                ),
            )
        case PlainEnvironment():
            return (
                Target(
                    name=environment.name,
                    environment=environment.name,
                    registry=PlainRegistry(environment.registry),
                    prefix=environment.prefix,
                    pointer=environment.pointer,
                ),
            )


def entries(config: Config) -> frozenset[str]:
    """The environments that no promotion edge leads to: `push` goes there, and nowhere else."""
    return frozenset(each.name for each in config.environments) - {edge.destination for edge in config.promote}


def expected_tags(config: Config, image: str, environment: str, names: tuple[str, ...]) -> tuple[str, ...] | None:
    """Of an image's planned tags, those that it has in the environment once it has come there over the edges; None
    where nothing brings it."""
    if environment in entries(config):
        return names
    ways = [
        tuple(name for name in before if _matches(name, edge.tags))
        for edge in config.promote
        if edge.destination == environment and _matches(image, edge.images)
        if (before := expected_tags(config, image, edge.source, names)) is not None
    ]
    return tuple(name for name in names if any(name in way for way in ways)) if ways else None


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def repository(image: Image, target: Target) -> Repository:
    """Where the image lives at the target: its own override there, else prefix and repository."""
    for override in image.environments:
        if override.environment == target.environment and override.repository is not None:
            return Repository(target.registry, override.repository)
    return target.repository(image.repository)


def pointer(image: Image, target: Target) -> str | None:
    """The environment's moving tag for this image, if it has one."""
    for override in image.environments:
        if override.environment == target.environment and override.pointer is not None:
            return str(override.pointer)
    return target.pointer


def topology(source: Repository, destination: Repository) -> Topology:
    """What a promotion between these two does."""
    if source == destination:
        return Topology.RETAG
    return Topology.MOUNT if source.registry == destination.registry else Topology.COPY
