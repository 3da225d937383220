"""Resource tags of repositories."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ecr_publish.local.api.named import repository_named
from ecr_publish.local.api.repositories import checked_tags
from ecr_publish.local.api.wire import Call
from ecr_publish.local.apierror import ApiError, invalid
from ecr_publish.local.records import Registry, Repository


def _by_arn(call: Call, action: str) -> tuple[Registry, Repository]:
    arn = call.input["resourceArn"]
    parts = arn.split(":", 5)
    if len(parts) != 6 or not parts[5].startswith("repository/"):
        raise invalid("resourceArn", "Invalid ARN")
    registry, name = call.store.registry(parts[4], call.region), parts[5].removeprefix("repository/")
    if arn != registry.arn(name) or not re.fullmatch(r"\d{12}", parts[4]):
        raise invalid("resourceArn", "Invalid ARN")
    return registry, repository_named(call, action, registry, name)


def tag_resource(call: Call) -> Mapping[str, Any]:
    """TagResource."""
    registry, repository = _by_arn(call, "TagResource")
    tags = repository.resource_tags | checked_tags(call.input["tags"])
    if len(tags) > 50:
        raise ApiError("TooManyTagsException", "The list of tags on the repository is over the limit of 50.")
    repository.resource_tags = tags
    call.store.save(registry, repository)
    return {}


def untag_resource(call: Call) -> Mapping[str, Any]:
    """UntagResource."""
    registry, repository = _by_arn(call, "UntagResource")
    for key in call.input["tagKeys"]:
        repository.resource_tags.pop(key, None)
    call.store.save(registry, repository)
    return {}


def list_tags_for_resource(call: Call) -> Mapping[str, Any]:
    """ListTagsForResource."""
    _, repository = _by_arn(call, "ListTagsForResource")
    return {"tags": [{"Key": key, "Value": value} for key, value in repository.resource_tags.items()]}
