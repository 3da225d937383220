"""Tokens, lifecycle documents, registry policy, replication and account settings: configuration that reads back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ecr_publish.local import tokens
from ecr_publish.local.api.repositories import allow, registry_of, repository_of
from ecr_publish.local.api.wire import ApiError, Call, invalid
from ecr_publish.local.records import Registry, Repository

SETTINGS = {"BASIC_SCAN_TYPE_VERSION": "AWS_NATIVE", "REGISTRY_POLICY_SCOPE": "V2", "BLOB_MOUNTING": "DISABLED"}


def get_authorization_token(call: Call) -> Mapping[str, Any]:
    """GetAuthorizationToken: one element per registry asked for; the token is the caller's, for one region."""
    home = call.store.registry(call.principal.account, call.region)
    allow(call, "GetAuthorizationToken", home, None)
    expires = call.now + tokens.LIFE_SECONDS
    token = tokens.issue(call.store.key, call.principal, call.region, expires, call.ecr.next_serial())
    accounts = call.input.get("registryIds") or [call.principal.account]
    return {
        "authorizationData": [
            {
                "authorizationToken": token,
                "expiresAt": expires,
                "proxyEndpoint": call.ecr.registry_url(account, call.region),
            }
            for account in accounts
        ]
    }


def describe_registry(call: Call) -> Mapping[str, Any]:
    """DescribeRegistry."""
    registry = registry_of(call)
    allow(call, "DescribeRegistry", registry, None)
    return {"registryId": registry.account, "replicationConfiguration": registry.replication}


def put_replication_configuration(call: Call) -> Mapping[str, Any]:
    """PutReplicationConfiguration: kept and read back; nothing is replicated."""
    registry = registry_of(call)
    allow(call, "PutReplicationConfiguration", registry, None)
    registry.replication = call.input["replicationConfiguration"]
    call.store.save(registry)
    return {"replicationConfiguration": registry.replication}


def get_account_setting(call: Call) -> Mapping[str, Any]:
    """GetAccountSetting."""
    registry, name = registry_of(call), call.input["name"]
    allow(call, "GetAccountSetting", registry, None)
    if name not in SETTINGS:
        raise invalid("name", f"Member must satisfy enum value set: [{', '.join(SETTINGS)}]")
    return {"name": name, "value": registry.settings.get(name, SETTINGS[name])}


def put_account_setting(call: Call) -> Mapping[str, Any]:
    """PutAccountSetting."""
    registry, name = registry_of(call), call.input["name"]
    allow(call, "PutAccountSetting", registry, None)
    if name not in SETTINGS:
        raise invalid("name", f"Member must satisfy enum value set: [{', '.join(SETTINGS)}]")
    registry.settings[name] = call.input["value"]
    call.store.save(registry)
    return {"name": name, "value": registry.settings[name]}


def get_registry_policy(call: Call) -> Mapping[str, Any]:
    """GetRegistryPolicy."""
    registry = registry_of(call)
    allow(call, "GetRegistryPolicy", registry, None)
    if registry.policy is None:
        message = f"Registry policy does not exist in the registry with id '{registry.account}'"
        raise ApiError("RegistryPolicyNotFoundException", message)
    return {"registryId": registry.account, "policyText": registry.policy}


def put_registry_policy(call: Call) -> Mapping[str, Any]:
    """PutRegistryPolicy."""
    registry = registry_of(call)
    allow(call, "PutRegistryPolicy", registry, None)
    try:
        json.loads(call.input["policyText"])["Statement"]
    except (ValueError, KeyError, TypeError) as error:
        raise invalid("PolicyText", "Invalid registry policy provided") from error
    registry.policy = call.input["policyText"]
    call.store.save(registry)
    return {"registryId": registry.account, "policyText": registry.policy}


def delete_registry_policy(call: Call) -> Mapping[str, Any]:
    """DeleteRegistryPolicy."""
    answer = get_registry_policy(call)
    registry = registry_of(call)
    registry.policy = None
    call.store.save(registry)
    return answer


def put_lifecycle_policy(call: Call) -> Mapping[str, Any]:
    """PutLifecyclePolicy: kept as a document; nothing is expired by it."""
    registry, repository = repository_of(call, "PutLifecyclePolicy")
    try:
        rules = json.loads(call.input["lifecyclePolicyText"])["rules"]
    except (ValueError, KeyError, TypeError) as error:
        reason = "Lifecycle policy validation failure: Could not map policyString into LifecyclePolicy."
        raise invalid("LifecyclePolicyText", reason) from error
    if not isinstance(rules, list) or not rules:
        reason = "Lifecycle policy validation failure: instance failed to match exactly one schema (matched 0 out of 2)"
        raise invalid("LifecyclePolicyText", reason)
    repository.lifecycle = call.input["lifecyclePolicyText"]
    call.store.save(registry, repository)
    return _lifecycle(registry, repository)


def get_lifecycle_policy(call: Call) -> Mapping[str, Any]:
    """GetLifecyclePolicy: `lastEvaluatedAt` is 1970 until a first evaluation."""
    registry, repository = repository_of(call, "GetLifecyclePolicy")
    return {**_lifecycle(registry, repository), "lastEvaluatedAt": repository.lifecycle_at or 0}


def delete_lifecycle_policy(call: Call) -> Mapping[str, Any]:
    """DeleteLifecyclePolicy."""
    registry, repository = repository_of(call, "DeleteLifecyclePolicy")
    answer = {**_lifecycle(registry, repository), "lastEvaluatedAt": repository.lifecycle_at or 0}
    repository.lifecycle = None
    call.store.save(registry, repository)
    return answer


def _lifecycle(registry: Registry, repository: Repository) -> dict[str, Any]:
    if repository.lifecycle is None:
        raise ApiError(
            "LifecyclePolicyNotFoundException",
            f"Lifecycle policy does not exist for the repository with name '{repository.name}' in the registry with id "
            f"'{registry.account}'",
        )
    return {
        "registryId": registry.account,
        "repositoryName": repository.name,
        "lifecyclePolicyText": repository.lifecycle,
    }
