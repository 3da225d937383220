"""What a rehearsal sets up: the repositories that the file declares."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ecr_publish.config.model import Config
from ecr_publish.local.records import PUBLIC, Registry, Repository
from ecr_publish.local.server import Server
from ecr_publish.local.told import ACCOUNT, planted
from ecr_publish.model.registry import EcrPublicRegistry, EcrRegistry
from ecr_publish.model.target import Target
from ecr_publish.plan.targets import repository, targets


def declare(server: Server, config: Config, seed_path: str | None, root: Path) -> tuple[str, ...]:
    """Plant the seed, then create what the file declares and the seed does not have: scanned on push, mutable.

    The names of what was created.
    """
    created = []
    ecr: Any = server.ecr
    planted(seed_path, ecr, root)
    for target in targets(config):
        registry = _registry(ecr, target)
        if registry is None:
            continue
        for image in config.images:
            name = repository(image, target).name
            if name not in registry.repositories:
                registry.repositories[name] = Repository(
                    name, ecr.clock.now().timestamp(), scan_on_push=not registry.is_public
                )
                ecr.store.save(registry, registry.repositories[name])
                created.append(f"{target.registry}/{name}")
    return tuple(created)


def _registry(ecr: Any, target: Target) -> Registry | None:
    """The embedded registry that a target leads to; None for a plain one.

    An alias belongs to its environment's account: that of the role, else the one that stands for the caller's.
    """
    match target.registry:
        case EcrRegistry(account=account, region=region):
            found = ecr.store.registry(account or ACCOUNT, region)
        case EcrPublicRegistry(alias=alias):
            account = target.role.split(":")[4] if target.role else ACCOUNT
            ecr.aliases.give(alias, account)
            found = ecr.store.registry(account, PUBLIC)
        case _:
            return None
    assert isinstance(found, Registry)
    return found


def connections(server: Server) -> tuple[tuple[str, str], ...]:
    """Canonical host -> the loopback address that stood in for it."""
    return tuple(
        dict.fromkeys(
            (registry.host, server.ecr.registry_url(registry.account, registry.region).removeprefix("http://"))
            for registry in server.ecr.store.registries
        )
    )
