"""What a call names: its registry, a repository of it, an image of that, each if the caller may do this to it."""

from __future__ import annotations

from collections.abc import Mapping

from ecr_publish.local.api.wire import Call
from ecr_publish.local.apierror import ApiError, invalid, no_repository
from ecr_publish.local.policy import refusal
from ecr_publish.local.records import Image, Registry, Repository


def registry_of(call: Call) -> Registry:
    """The registry a call is about: `registryId`, else the caller's own."""
    return call.store.registry(call.input.get("registryId", call.principal.account), call.region)


def repository_of(call: Call, action: str) -> tuple[Registry, Repository]:
    """The repository a call names, if the caller may do this to it."""
    registry = registry_of(call)
    return registry, repository_named(call, action, registry, call.input["repositoryName"])


def repository_named(call: Call, action: str, registry: Registry, name: str) -> Repository:
    """That repository, if the caller may do this to it: whoever may not does not learn whether it is there."""
    repository = registry.repositories.get(name)
    allow(call, action, registry, repository or name)
    if repository is None:
        raise no_repository(name, registry.account)
    return repository


def allow(call: Call, action: str, registry: Registry, repository: Repository | str | None) -> None:
    """Raise AccessDeniedException unless the caller may."""
    sentence = refusal(call.principal, f"{registry.service}:{action}", registry, repository, call.ecr.denials)
    if sentence is not None:
        raise ApiError("AccessDeniedException", sentence)


def image_named(call: Call, registry: Registry, repository: Repository, wanted: Mapping[str, str]) -> Image:
    """The image that an id names, in the archive or not. Raises ApiError."""
    tag, digest = wanted.get("imageTag"), wanted.get("imageDigest")
    if tag is None and digest is None:
        raise invalid("imageId", "Invalid request parameters: both tag and digest cannot be null")
    image = call.ecr.images.find(repository, digest or tag)
    if image is None or (tag and digest and repository.tags.get(tag) != digest):
        raise image_missing(registry, repository, wanted)
    assert isinstance(image, Image)
    return image


def image_missing(registry: Registry, repository: Repository, wanted: Mapping[str, str]) -> ApiError:
    """ImageNotFoundException."""
    digest, tag = wanted.get("imageDigest", "null"), wanted.get("imageTag", "null")
    return ApiError(
        "ImageNotFoundException",
        f"The image with imageId {{imageDigest:'{digest}', imageTag:'{tag}'}} does not exist within the repository "
        f"with name '{repository.name}' in the registry with id '{registry.account}'",
    )
