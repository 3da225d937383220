"""Repositories: create, describe, delete, and their settings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ecr_publish.local.api.wire import ApiError, Call, invalid, page
from ecr_publish.local.policy import refusal
from ecr_publish.local.records import Registry, Repository


def registry_of(call: Call) -> Registry:
    """The registry a call is about: `registryId`, else the caller's own."""
    return call.store.registry(call.input.get("registryId", call.principal.account), call.region)


def repository_of(call: Call, action: str) -> tuple[Registry, Repository]:
    """The repository a call names, if the caller may do this to it."""
    registry = registry_of(call)
    name = call.input["repositoryName"]
    repository = registry.repositories.get(name)
    allow(call, action, registry, repository or name)
    if repository is None:
        raise missing(name, registry)
    return registry, repository


def allow(call: Call, action: str, registry: Registry, repository: Repository | str | None) -> None:
    """Raise AccessDeniedException unless the caller may."""
    sentence = refusal(call.principal, f"{registry.service}:{action}", registry, repository, call.ecr.denials)
    if sentence is not None:
        raise ApiError("AccessDeniedException", sentence)


def missing(name: str, registry: Registry) -> ApiError:
    """RepositoryNotFoundException."""
    return ApiError(
        "RepositoryNotFoundException",
        f"The repository with name '{name}' does not exist in the registry with id '{registry.account}'",
    )


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
    encryption = dict(call.input.get("encryptionConfiguration", {"encryptionType": "AES256"}))
    if encryption["encryptionType"] != "AES256":
        key = f"arn:{registry.partition}:kms:{registry.region}:{registry.account}:alias/aws/ecr"
        encryption.setdefault("kmsKey", key)
    repository = Repository(
        name=name,
        created_at=call.now,
        mutability=mutability,
        exclusions=exclusions,
        scan_on_push=call.input.get("imageScanningConfiguration", {}).get("scanOnPush", False),
        encryption=encryption,
        resource_tags=_resource_tags(call.input.get("tags", [])),
    )
    registry.repositories[name] = repository
    call.store.save(registry, repository)
    return {"repository": described(registry, repository)}


def _mutability(call: Call) -> tuple[str, list[str]]:
    mutability = call.input.get("imageTagMutability", "MUTABLE")
    filters = call.input.get("imageTagMutabilityExclusionFilters")
    if mutability.endswith("_WITH_EXCLUSION") != bool(filters):
        word = "can't be null" if not filters else "must be null"
        raise invalid(
            "imageTagMutabilityExclusionFilters",
            f"ImageTagMutabilityExclusionFilters {word} when imageTagMutability is set as {mutability}",
        )
    return mutability, [each["filter"] for each in filters or ()]


def _resource_tags(tags: list[dict[str, str]]) -> dict[str, str]:
    if len(tags) > 50:
        raise ApiError("TooManyTagsException", "The list of tags on the repository is over the limit of 50.")
    return {each["Key"]: each.get("Value", "") for each in tags}


def describe_repositories(call: Call) -> Mapping[str, Any]:
    """DescribeRepositories: a missing name fails the whole call."""
    registry, names = registry_of(call), call.input.get("repositoryNames")
    if names:
        if "nextToken" in call.input or "maxResults" in call.input:
            raise invalid("maxResults", "cannot be used with repositoryNames")
        found = []
        for name in names:
            repository = registry.repositories.get(name)
            allow(call, "DescribeRepositories", registry, repository or name)
            if repository is None:
                raise missing(name, registry)
            found.append(repository)
        return {"repositories": [described(registry, each) for each in found]}
    allow(call, "DescribeRepositories", registry, None)
    items, more = page([registry.repositories[name] for name in sorted(registry.repositories)], call)
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


def set_repository_policy(call: Call) -> Mapping[str, Any]:
    """SetRepositoryPolicy."""
    registry, repository = repository_of(call, "SetRepositoryPolicy")
    try:
        json.loads(call.input["policyText"])["Statement"]
    except (ValueError, KeyError, TypeError) as error:
        raise invalid("PolicyText", "Invalid repository policy provided") from error
    repository.policy = call.input["policyText"]
    call.store.save(registry, repository)
    return _policy(registry, repository)


def get_repository_policy(call: Call) -> Mapping[str, Any]:
    """GetRepositoryPolicy."""
    registry, repository = repository_of(call, "GetRepositoryPolicy")
    if repository.policy is None:
        raise _no_policy(registry, repository)
    return _policy(registry, repository)


def delete_repository_policy(call: Call) -> Mapping[str, Any]:
    """DeleteRepositoryPolicy."""
    registry, repository = repository_of(call, "DeleteRepositoryPolicy")
    if repository.policy is None:
        raise _no_policy(registry, repository)
    answer = _policy(registry, repository)
    repository.policy = None
    call.store.save(registry, repository)
    return answer


def _policy(registry: Registry, repository: Repository) -> dict[str, Any]:
    return {"registryId": registry.account, "repositoryName": repository.name, "policyText": repository.policy}


def _no_policy(registry: Registry, repository: Repository) -> ApiError:
    return ApiError(
        "RepositoryPolicyNotFoundException",
        f"Repository policy does not exist for the repository with name '{repository.name}' in the registry with id "
        f"'{registry.account}'",
    )


def _by_arn(call: Call) -> tuple[Registry, Repository]:
    arn = call.input["resourceArn"]
    parts = arn.split(":", 5)
    if len(parts) != 6 or not parts[5].startswith("repository/"):
        raise invalid("resourceArn", "Invalid ARN")
    registry = call.store.registry(parts[4], parts[3] or call.region)
    name = parts[5].removeprefix("repository/")
    if name not in registry.repositories:
        raise missing(name, registry)
    return registry, registry.repositories[name]


def tag_resource(call: Call) -> Mapping[str, Any]:
    """TagResource."""
    registry, repository = _by_arn(call)
    tags = repository.resource_tags | _resource_tags(call.input["tags"])
    if len(tags) > 50:
        raise ApiError("TooManyTagsException", "The list of tags on the repository is over the limit of 50.")
    repository.resource_tags = tags
    call.store.save(registry, repository)
    return {}


def untag_resource(call: Call) -> Mapping[str, Any]:
    """UntagResource."""
    registry, repository = _by_arn(call)
    for key in call.input["tagKeys"]:
        repository.resource_tags.pop(key, None)
    call.store.save(registry, repository)
    return {}


def list_tags_for_resource(call: Call) -> Mapping[str, Any]:
    """ListTagsForResource."""
    _, repository = _by_arn(call)
    return {"tags": [{"Key": key, "Value": value} for key, value in repository.resource_tags.items()]}
