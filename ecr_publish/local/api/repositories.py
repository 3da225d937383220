"""Repositories: create, describe, delete, and their settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ecr_publish.local.api.named import allow, registry_of, repository_named, repository_of
from ecr_publish.local.api.paging import page
from ecr_publish.local.api.wire import Call
from ecr_publish.local.apierror import ApiError, invalid
from ecr_publish.local.creation import encrypted
from ecr_publish.local.records import Registry, Repository


def described(registry: Registry, repository: Repository) -> dict[str, Any]:
    """A repository as the API shows it (ECR API Reference, Repository)."""
    return {
        "repositoryArn": registry.arn(repository.name),
        "registryId": registry.account,
        "repositoryName": repository.name,
        "repositoryUri": f"{registry.host}/{repository.name}",
        "createdAt": repository.created_at,
        "imageTagMutability": repository.mutability,
        "imageTagMutabilityExclusionFilters": [
            {"filterType": "WILDCARD", "filter": each} for each in repository.exclusions
        ]
        or None,
        "imageScanningConfiguration": {"scanOnPush": repository.scan_on_push},
        "encryptionConfiguration": repository.encryption,
    }


def create_repository(call: Call) -> Mapping[str, Any]:
    """CreateRepository."""
    registry, name = registry_of(call), call.input["repositoryName"]
    allow(call, "CreateRepository", registry, name)
    if name in registry.repositories:
        raise ApiError(
            "RepositoryAlreadyExistsException",
            f"The repository with name '{name}' already exists in the registry with id '{registry.account}'",
        )
    mutability, exclusions = _mutability(call)
    wanted = call.input.get("encryptionConfiguration", {"encryptionType": "AES256"})
    repository = Repository(
        name=name,
        created_at=call.now,
        mutability=mutability,
        exclusions=exclusions,
        scan_on_push=call.input.get("imageScanningConfiguration", {}).get("scanOnPush", False),
        encryption=encrypted(registry, wanted["encryptionType"], wanted.get("kmsKey")),
        resource_tags=checked_tags(call.input.get("tags", [])),
    )
    registry.repositories[name] = repository
    call.store.save(registry, repository)
    return {"repository": described(registry, repository)}


def _mutability(call: Call) -> tuple[str, list[str]]:
    mutability = call.input.get("imageTagMutability", "MUTABLE")
    filters = call.input.get("imageTagMutabilityExclusionFilters")
    check_exclusions(call, mutability, filters)
    return mutability, [each["filter"] for each in filters or ()]


def check_exclusions(call: Call, mutability: str, filters: list[dict[str, str]] | None) -> None:
    """Raise InvalidParameterException unless the filters go with the mutability."""
    if mutability.endswith("_WITH_EXCLUSION") != bool(filters):
        word = "can't be null" if not filters else "must be null"
        raise invalid(
            "imageTagMutabilityExclusionFilters",
            f"ImageTagMutabilityExclusionFilters {word} when imageTagMutability is set as {mutability}",
        )
    if call.ecr.quirks.two_wildcards and any(each["filter"].count("*") > 2 for each in filters or ()):
        raise invalid("imageTagMutabilityExclusionFilters", "A filter can have at most 2 wildcards")


def checked_tags(tags: list[dict[str, str]]) -> dict[str, str]:
    """Resource tags by key. Raises TooManyTagsException and InvalidTagParameterException (API Reference, Tag)."""
    found = {each.get("Key", ""): each.get("Value", "") for each in tags}
    if len(found) > 50:
        raise ApiError("TooManyTagsException", "The list of tags on the repository is over the limit of 50.")
    if len(found) < len(tags):
        raise ApiError("InvalidTagParameterException", "A tag key was given twice.")
    for key, value in found.items():
        if not 1 <= len(key) <= 128 or len(value) > 256 or key.lower().startswith("aws:"):
            raise ApiError(
                "InvalidTagParameterException",
                "An invalid parameter has been specified. Tag keys can have a maximum character length of 128 "
                "characters, and tag values can have a maximum length of 256 characters.",
            )
    return found


def describe_repositories(call: Call) -> Mapping[str, Any]:
    """DescribeRepositories: a missing name fails the whole call."""
    registry, names = registry_of(call), call.input.get("repositoryNames")
    if names:
        if "nextToken" in call.input or "maxResults" in call.input:
            raise invalid("maxResults", "cannot be used with repositoryNames")
        found = [repository_named(call, "DescribeRepositories", registry, name) for name in names]
        return {"repositories": [described(registry, each) for each in found]}
    allow(call, "DescribeRepositories", registry, None)
    items, more = page(registry.repositories.values(), call, key=lambda each: [each.name])
    return {"repositories": [described(registry, each) for each in items], "nextToken": more}


def delete_repository(call: Call) -> Mapping[str, Any]:
    """DeleteRepository."""
    registry, repository = repository_of(call, "DeleteRepository")
    if repository.images and not call.input.get("force", False):
        raise ApiError(
            "RepositoryNotEmptyException",
            f"The repository with name '{repository.name}' in registry with id '{registry.account}' cannot be deleted "
            "because it still contains images",
        )
    del registry.repositories[repository.name]
    call.ecr.uploads.drop(registry, repository)
    call.store.save(registry, repository)
    return {"repository": described(registry, repository)}


def put_image_tag_mutability(call: Call) -> Mapping[str, Any]:
    """PutImageTagMutability."""
    registry, repository = repository_of(call, "PutImageTagMutability")
    repository.mutability, repository.exclusions = _mutability(call)
    call.store.save(registry, repository)
    shown = described(registry, repository)
    names = ("registryId", "repositoryName", "imageTagMutability", "imageTagMutabilityExclusionFilters")
    return {name: shown[name] for name in names}


def put_image_scanning_configuration(call: Call) -> Mapping[str, Any]:
    """PutImageScanningConfiguration."""
    registry, repository = repository_of(call, "PutImageScanningConfiguration")
    repository.scan_on_push = call.input["imageScanningConfiguration"].get("scanOnPush", False)
    call.store.save(registry, repository)
    shown = described(registry, repository)
    return {name: shown[name] for name in ("registryId", "repositoryName", "imageScanningConfiguration")}
