"""Policies of repositories and registries: documents that are checked, kept, and decide who may do what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ecr_publish.local import iam
from ecr_publish.local.api.named import allow, registry_of, repository_of
from ecr_publish.local.api.wire import Call
from ecr_publish.local.apierror import ApiError, invalid
from ecr_publish.local.policy import REGISTRY_ACTIONS
from ecr_publish.local.records import Registry, Repository


def checked_policy(text: str, *, of_registry: bool = False) -> str:
    """The text, if it is a policy for that. Raises InvalidParameterException."""
    try:
        iam.checked(text, resources=of_registry)
    except iam.BadDocument as error:
        kind = "registry" if of_registry else "repository"
        raise invalid("PolicyText", f"Invalid {kind} policy provided") from error
    return text


def set_repository_policy(call: Call) -> Mapping[str, Any]:
    """SetRepositoryPolicy: without `force` not one that keeps the caller from setting the next one."""
    registry, repository = repository_of(call, "SetRepositoryPolicy")
    text = checked_policy(call.input["policyText"])
    request = iam.Request(call.principal, "ecr:SetRepositoryPolicy", registry.arn(repository.name))
    if "Deny" in iam.effects(text, request) and not call.input.get("force", False):
        reason = "The policy would prevent the caller from setting a policy in the future; use force to set it"
        raise invalid("PolicyText", reason)
    repository.policy = text
    call.store.save(registry, repository)
    return _shown(registry, repository)


def get_repository_policy(call: Call) -> Mapping[str, Any]:
    """GetRepositoryPolicy."""
    return _shown(*repository_of(call, "GetRepositoryPolicy"))


def delete_repository_policy(call: Call) -> Mapping[str, Any]:
    """DeleteRepositoryPolicy."""
    registry, repository = repository_of(call, "DeleteRepositoryPolicy")
    answer = _shown(registry, repository)
    repository.policy = None
    call.store.save(registry, repository)
    return answer


def _shown(registry: Registry, repository: Repository) -> dict[str, Any]:
    if repository.policy is None:
        raise ApiError(
            "RepositoryPolicyNotFoundException",
            f"Repository policy does not exist for the repository with name '{repository.name}' in the registry with "
            f"id '{registry.account}'",
        )
    return {"registryId": registry.account, "repositoryName": repository.name, "policyText": repository.policy}


def put_registry_policy(call: Call) -> Mapping[str, Any]:
    """PutRegistryPolicy: in scope V1 only of three actions (User Guide, "Registry permissions")."""
    registry = registry_of(call)
    allow(call, "PutRegistryPolicy", registry, None)
    text = checked_policy(call.input["policyText"], of_registry=True)
    if registry.settings.get("REGISTRY_POLICY_SCOPE") == "V1":
        foreign = iam.actions(text) - {each.lower() for each in REGISTRY_ACTIONS}
        if foreign:
            raise invalid("PolicyText", "Invalid registry policy provided")
    registry.policy = text
    call.store.save(registry)
    return {"registryId": registry.account, "policyText": registry.policy}


def get_registry_policy(call: Call) -> Mapping[str, Any]:
    """GetRegistryPolicy."""
    return _registry_policy(call, "GetRegistryPolicy")


def delete_registry_policy(call: Call) -> Mapping[str, Any]:
    """DeleteRegistryPolicy."""
    answer = _registry_policy(call, "DeleteRegistryPolicy")
    registry = registry_of(call)
    registry.policy = None
    call.store.save(registry)
    return answer


def _registry_policy(call: Call, action: str) -> dict[str, Any]:
    registry = registry_of(call)
    allow(call, action, registry, None)
    if registry.policy is None:
        message = f"Registry policy does not exist in the registry with id '{registry.account}'"
        raise ApiError("RegistryPolicyNotFoundException", message)
    return {"registryId": registry.account, "policyText": registry.policy}
