"""Catalog data of ECR Public: what its gallery shows of a registry and of a repository."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from ecr_publish.local.api.named import allow, registry_of, repository_of
from ecr_publish.local.api.wire import Call
from ecr_publish.local.apierror import ApiError
from ecr_publish.local.records import Registry, Repository

DISPLAY_NAME = "DISPLAY_NAME"  # of the registry's settings
LISTS = ("architectures", "operatingSystems")


def get_registry_catalog_data(call: Call) -> Mapping[str, Any]:
    """GetRegistryCatalogData."""
    registry = registry_of(call)
    allow(call, "GetRegistryCatalogData", registry, None)
    return {"registryCatalogData": {"displayName": registry.settings.get(DISPLAY_NAME)}}


def put_registry_catalog_data(call: Call) -> Mapping[str, Any]:
    """PutRegistryCatalogData."""
    registry = registry_of(call)
    allow(call, "PutRegistryCatalogData", registry, None)
    registry.settings[DISPLAY_NAME] = call.input.get("displayName", "")
    call.store.save(registry)
    return {"registryCatalogData": {"displayName": registry.settings[DISPLAY_NAME]}}


def get_repository_catalog_data(call: Call) -> Mapping[str, Any]:
    """GetRepositoryCatalogData."""
    registry, repository = repository_of(call, "GetRepositoryCatalogData")
    if not repository.catalog:
        raise ApiError(
            "RepositoryCatalogDataNotFoundException",
            f"Catalog data does not exist for the repository with name '{repository.name}' in the registry with id "
            f"'{registry.account}'",
        )
    return {"catalogData": shown(repository)}


def put_repository_catalog_data(call: Call) -> Mapping[str, Any]:
    """PutRepositoryCatalogData: replaces what was there."""
    registry, repository = repository_of(call, "PutRepositoryCatalogData")
    describe(call, registry, repository)
    return {"catalogData": shown(repository)}


def describe(call: Call, registry: Registry, repository: Repository) -> None:
    """Keep what the call gives of a repository."""
    given = call.input["catalogData"]
    logo = base64.b64encode(given["logoImageBlob"]).decode() if "logoImageBlob" in given else None
    repository.catalog = {**{key: value for key, value in given.items() if key != "logoImageBlob"}, "logo": logo}
    call.store.save(registry, repository)


def shown(repository: Repository) -> dict[str, Any]:
    """The data as it is answered: a logo is a URL there, and lists are never absent."""
    given = {key: value for key, value in repository.catalog.items() if key != "logo"}
    logo = repository.catalog.get("logo")
    url = f"data:image/png;base64,{logo}" if logo else None
    return {**{key: [] for key in LISTS}, **given, "logoUrl": url, "marketplaceCertified": False}
