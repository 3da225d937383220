"""Principals whose pulls are not noted as an image's last pull."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ecr_publish.local.api.named import allow, registry_of
from ecr_publish.local.api.paging import page
from ecr_publish.local.api.wire import Call
from ecr_publish.local.apierror import ApiError

MOST = 100  # ECR API Reference, PullTimeUpdateExclusionList


def register_pull_time_update_exclusion(call: Call) -> Mapping[str, Any]:
    """RegisterPullTimeUpdateExclusion."""
    registry, arn = registry_of(call), call.input["principalArn"]
    allow(call, "RegisterPullTimeUpdateExclusion", registry, None)
    if arn in registry.pull_time_exclusions:
        raise ApiError("ExclusionAlreadyExistsException", f"The exclusion for '{arn}' already exists")
    if len(registry.pull_time_exclusions) >= MOST:
        raise ApiError("LimitExceededException", f"The registry has the most pull time update exclusions: {MOST}")
    registry.pull_time_exclusions[arn] = call.now
    call.store.save(registry)
    return {"principalArn": arn, "createdAt": call.now}


def deregister_pull_time_update_exclusion(call: Call) -> Mapping[str, Any]:
    """DeregisterPullTimeUpdateExclusion."""
    registry, arn = registry_of(call), call.input["principalArn"]
    allow(call, "DeregisterPullTimeUpdateExclusion", registry, None)
    if arn not in registry.pull_time_exclusions:
        raise ApiError("ExclusionNotFoundException", f"The exclusion for '{arn}' does not exist")
    del registry.pull_time_exclusions[arn]
    call.store.save(registry)
    return {"principalArn": arn}


def list_pull_time_update_exclusions(call: Call) -> Mapping[str, Any]:
    """ListPullTimeUpdateExclusions."""
    registry = registry_of(call)
    allow(call, "ListPullTimeUpdateExclusions", registry, None)
    found, more = page(registry.pull_time_exclusions, call, key=lambda arn: [arn])
    return {"pullTimeUpdateExclusions": found, "nextToken": more}
