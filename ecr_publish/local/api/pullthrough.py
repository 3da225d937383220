"""Pull-through cache rules: configuration that reads back. Nothing is pulled: no upstream registry is ever reached."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ecr_publish.local.api.named import allow, registry_of
from ecr_publish.local.api.paging import page
from ecr_publish.local.api.wire import Call
from ecr_publish.local.apierror import ApiError, invalid
from ecr_publish.local.records import Registry

MOST = 50  # rules of a registry (User Guide, service-quotas)
# upstream registry -> its URL, and whether it wants a secret (User Guide, "Sync an upstream registry")
UPSTREAMS = {
    "ecr": (r"\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?", False),
    "ecr-public": (r"public\.ecr\.aws", False),
    "quay": (r"quay\.io", False),
    "k8s": (r"registry\.k8s\.io", False),
    "docker-hub": (r"registry-1\.docker\.io", True),
    "github-container-registry": (r"ghcr\.io", True),
    "azure-container-registry": (r"[a-z0-9]+\.azurecr\.(io|us|cn)", True),
    "gitlab-container-registry": (r"registry\.gitlab\.com", True),
    "chainguard": (r"cgr\.dev", True),
}
_SHOWN = ("credentialArn", "customRoleArn", "ecrRepositoryPrefix", "upstreamRegistryUrl", "upstreamRepositoryPrefix")


def create_pull_through_cache_rule(call: Call) -> Mapping[str, Any]:
    """CreatePullThroughCacheRule."""
    registry, prefix = registry_of(call), call.input["ecrRepositoryPrefix"]
    allow(call, "CreatePullThroughCacheRule", registry, None)
    upstream, url = _upstream(call)
    if _key(prefix) in registry.pull_through:
        raise ApiError(
            "PullThroughCacheRuleAlreadyExistsException",
            f"The pull through cache rule with ecrRepositoryPrefix '{prefix}' already exists in the registry with id "
            f"'{registry.account}'",
        )
    if len(registry.pull_through) >= MOST:
        raise ApiError("LimitExceededException", f"The registry has the most pull through cache rules: {MOST}")
    _check_secret(call, registry)
    rule = {
        **{name: call.input[name] for name in _SHOWN if name in call.input},
        "upstreamRegistryUrl": url,
        "upstreamRegistry": upstream,
        "createdAt": call.now,
        "updatedAt": call.now,
    }
    registry.pull_through[_key(prefix)] = rule
    call.store.save(registry)
    return _shown(registry, rule, "createdAt", "upstreamRegistry")


def _upstream(call: Call) -> tuple[str, str]:
    """The upstream's name and its URL without scheme. Raises UnsupportedUpstreamRegistryException."""
    url = call.input["upstreamRegistryUrl"].removeprefix("https://").rstrip("/")
    found = next((name for name, (form, _) in UPSTREAMS.items() if re.fullmatch(form, url)), None)
    if found is None or call.input.get("upstreamRegistry", found) != found:
        message = f"The specified upstream registry '{call.input['upstreamRegistryUrl'][:200]}' is not supported."
        raise ApiError("UnsupportedUpstreamRegistryException", message)
    if UPSTREAMS[found][1] and "credentialArn" not in call.input:
        raise invalid("credentialArn", "Member must not be null")
    return found, url


def _check_secret(call: Call, registry: Registry) -> None:
    """A secret is of the rule's own region (User Guide, "Storing your upstream repository credentials")."""
    arn = call.input.get("credentialArn")
    if arn is not None and arn.split(":")[3] != registry.region:
        raise ApiError("SecretNotFoundException", f"The secret with ARN '{arn}' was not found.")


def describe_pull_through_cache_rules(call: Call) -> Mapping[str, Any]:
    """DescribePullThroughCacheRules: a missing prefix fails the whole call."""
    registry, prefixes = registry_of(call), call.input.get("ecrRepositoryPrefixes")
    allow(call, "DescribePullThroughCacheRules", registry, None)
    if prefixes and ("nextToken" in call.input or "maxResults" in call.input):
        raise invalid("maxResults", "cannot be used with ecrRepositoryPrefixes")
    rules = [_rule(registry, each) for each in prefixes] if prefixes else list(registry.pull_through.values())
    more = None
    if not prefixes:
        rules, more = page(rules, call, key=lambda rule: [rule["ecrRepositoryPrefix"]])
    shown = [_shown(registry, rule, "createdAt", "upstreamRegistry", "updatedAt") for rule in rules]
    return {"pullThroughCacheRules": shown, "nextToken": more}


def update_pull_through_cache_rule(call: Call) -> Mapping[str, Any]:
    """UpdatePullThroughCacheRule: its credentials and its role."""
    registry = registry_of(call)
    allow(call, "UpdatePullThroughCacheRule", registry, None)
    rule = _rule(registry, call.input["ecrRepositoryPrefix"])
    _check_secret(call, registry)
    rule.update({name: call.input[name] for name in ("credentialArn", "customRoleArn") if name in call.input})
    rule["updatedAt"] = call.now
    call.store.save(registry)
    shown = _shown(registry, rule, "updatedAt")
    del shown["upstreamRegistryUrl"]
    return shown


def delete_pull_through_cache_rule(call: Call) -> Mapping[str, Any]:
    """DeletePullThroughCacheRule."""
    registry, prefix = registry_of(call), call.input["ecrRepositoryPrefix"]
    allow(call, "DeletePullThroughCacheRule", registry, None)
    rule = _rule(registry, prefix)
    del registry.pull_through[_key(prefix)]
    call.store.save(registry)
    return _shown(registry, rule, "createdAt")


def validate_pull_through_cache_rule(call: Call) -> Mapping[str, Any]:
    """ValidatePullThroughCacheRule: never valid here, for nothing that is embedded calls out."""
    registry = registry_of(call)
    allow(call, "ValidatePullThroughCacheRule", registry, None)
    rule = _rule(registry, call.input["ecrRepositoryPrefix"])
    return {**_shown(registry, rule), "isValid": False, "failure": "The embedded ECR reaches no upstream registry"}


def _rule(registry: Registry, prefix: str) -> dict[str, Any]:
    rule = registry.pull_through.get(_key(prefix))
    if rule is None:
        raise ApiError(
            "PullThroughCacheRuleNotFoundException",
            f"The pull through cache rule with ecrRepositoryPrefix '{prefix}' does not exist in the registry with id "
            f"'{registry.account}'",
        )
    return rule


def _shown(registry: Registry, rule: Mapping[str, Any], *more: str) -> dict[str, Any]:
    return {"registryId": registry.account, **{name: rule[name] for name in (*_SHOWN, *more) if name in rule}}


def _key(prefix: str) -> str:
    return prefix.rstrip("/")
