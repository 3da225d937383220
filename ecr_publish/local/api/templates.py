"""Repository creation templates: what repositories are like that a push makes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ecr_publish.local.api.lifecycle import rules_of
from ecr_publish.local.api.named import allow, registry_of
from ecr_publish.local.api.paging import page
from ecr_publish.local.api.policies import checked_policy
from ecr_publish.local.api.repositories import check_exclusions, checked_tags
from ecr_publish.local.api.wire import Call
from ecr_publish.local.apierror import ApiError, invalid
from ecr_publish.local.records import Registry

DEFAULTS = {"imageTagMutability": "MUTABLE", "encryptionConfiguration": {"encryptionType": "AES256"}}


def create_repository_creation_template(call: Call) -> Mapping[str, Any]:
    """CreateRepositoryCreationTemplate."""
    registry, prefix = registry_of(call), call.input["prefix"]
    allow(call, "CreateRepositoryCreationTemplate", registry, None)
    if _key(prefix) in registry.templates:
        raise ApiError(
            "TemplateAlreadyExistsException",
            f"The repository creation template with prefix '{prefix}' already exists in the registry with id "
            f"'{registry.account}'",
        )
    template = {**DEFAULTS, **_given(call), "prefix": prefix, "createdAt": call.now, "updatedAt": call.now}
    return _kept(call, registry, template)


def update_repository_creation_template(call: Call) -> Mapping[str, Any]:
    """UpdateRepositoryCreationTemplate: what is not given stays; a policy is taken away by an empty text."""
    registry, prefix = registry_of(call), call.input["prefix"]
    allow(call, "UpdateRepositoryCreationTemplate", registry, None)
    template = {**_template(registry, prefix), **_given(call), "updatedAt": call.now}
    if "imageTagMutability" in call.input and "imageTagMutabilityExclusionFilters" not in call.input:
        template.pop("imageTagMutabilityExclusionFilters", None)
    return _kept(call, registry, template)


def delete_repository_creation_template(call: Call) -> Mapping[str, Any]:
    """DeleteRepositoryCreationTemplate."""
    registry, prefix = registry_of(call), call.input["prefix"]
    allow(call, "DeleteRepositoryCreationTemplate", registry, None)
    template = _template(registry, prefix)
    del registry.templates[_key(prefix)]
    call.store.save(registry)
    return {"registryId": registry.account, "repositoryCreationTemplate": template}


def describe_repository_creation_templates(call: Call) -> Mapping[str, Any]:
    """DescribeRepositoryCreationTemplates: prefixes that have none are left out (the model has no error for them)."""
    registry, prefixes = registry_of(call), call.input.get("prefixes")
    allow(call, "DescribeRepositoryCreationTemplates", registry, None)
    if prefixes and ("nextToken" in call.input or "maxResults" in call.input):
        raise invalid("maxResults", "cannot be used with prefixes")
    wanted = {_key(each) for each in prefixes or registry.templates}
    found, more = page(
        [template for key, template in registry.templates.items() if key in wanted],
        call,
        key=lambda template: [template["prefix"]],
    )
    return {"registryId": registry.account, "repositoryCreationTemplates": found, "nextToken": more}


def _given(call: Call) -> dict[str, Any]:
    given = {name: value for name, value in call.input.items() if name != "prefix"}
    if given.get("repositoryPolicy"):
        checked_policy(given["repositoryPolicy"])
    if given.get("lifecyclePolicy"):
        rules_of(given["lifecyclePolicy"])
    checked_tags(given.get("resourceTags", []))
    if "appliedFor" in given and not given["appliedFor"]:
        raise invalid("appliedFor", "Member must have length greater than or equal to 1")
    return given


def _kept(call: Call, registry: Registry, template: dict[str, Any]) -> dict[str, Any]:
    """Keep it if it is whole. A key or tags need the role that sets them (User Guide, creation templates)."""
    filters = template.get("imageTagMutabilityExclusionFilters")
    check_exclusions(call, template["imageTagMutability"], filters)
    encrypted = template["encryptionConfiguration"]["encryptionType"] != "AES256"
    if (encrypted or template.get("resourceTags")) and not template.get("customRoleArn"):
        raise invalid("customRoleArn", "Member must not be null")
    registry.templates[_key(template["prefix"])] = template
    call.store.save(registry)
    return {"registryId": registry.account, "repositoryCreationTemplate": template}


def _template(registry: Registry, prefix: str) -> dict[str, Any]:
    template = registry.templates.get(_key(prefix))
    if template is None:
        raise ApiError(
            "TemplateNotFoundException",
            f"The repository creation template with prefix '{prefix}' does not exist in the registry with id "
            f"'{registry.account}'",
        )
    return template


def _key(prefix: str) -> str:
    """A prefix ends in a slash, written or not (ECR API Reference, CreateRepositoryCreationTemplate)."""
    return prefix.rstrip("/")
