"""Replication: configuration that reads back, and backfills that end. Nothing is replicated."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from ecr_publish.local.api.named import allow, image_named, registry_of, repository_of
from ecr_publish.local.api.paging import page
from ecr_publish.local.api.wire import Call
from ecr_publish.local.apierror import ApiError, invalid
from ecr_publish.local.lifecycle.rules import DAY
from ecr_publish.local.records import Registry
from ecr_publish.model.registry import partition_suffix

MOST_DESTINATIONS, MOST_BACKFILLS = 25, 10  # User Guide, service-quotas; API Reference, StartReplicationBackfill
KEPT, TAKES = 90 * DAY, 1.0  # seconds: how long an ended backfill is listed, and how long one takes
FAILURE = "ReplicationNotServed"


def describe_registry(call: Call) -> Mapping[str, Any]:
    """DescribeRegistry."""
    registry = registry_of(call)
    allow(call, "DescribeRegistry", registry, None)
    return {"registryId": registry.account, "replicationConfiguration": registry.replication}


def put_replication_configuration(call: Call) -> Mapping[str, Any]:
    """PutReplicationConfiguration: all rules are replaced."""
    registry, wanted = registry_of(call), call.input["replicationConfiguration"]
    allow(call, "PutReplicationConfiguration", registry, None)
    places = {(each["region"], each["registryId"]) for rule in wanted["rules"] for each in rule["destinations"]}
    field = "replicationConfiguration"
    if (registry.region, registry.account) in places:
        raise invalid(field, "Replication destination cannot be the same as the source registry")
    if any(partition_suffix(region) != partition_suffix(registry.region) for region, _ in places):
        raise invalid(field, "Replication destination cannot be in another partition")
    if len(places) > MOST_DESTINATIONS:
        raise invalid(field, f"Member must have at most {MOST_DESTINATIONS} unique destinations")
    registry.replication = wanted
    call.store.save(registry)
    return {"replicationConfiguration": registry.replication}


def describe_image_replication_status(call: Call) -> Mapping[str, Any]:
    """DescribeImageReplicationStatus: no image was ever replicated."""
    registry, repository = repository_of(call, "DescribeImageReplicationStatus")
    image = image_named(call, registry, repository, call.input["imageId"])
    image_id = {**call.input["imageId"], "imageDigest": image.digest}
    return {"repositoryName": repository.name, "imageId": image_id, "replicationStatuses": []}


def start_replication_backfill(call: Call) -> Mapping[str, Any]:
    """StartReplicationBackfill: to a destination of the configuration, one at a time for each region."""
    registry, destination = registry_of(call), call.input["destination"]
    allow(call, "StartReplicationBackfill", registry, None)
    rules = [rule for rule in registry.replication["rules"] if destination in rule["destinations"]]
    if not rules:
        raise invalid("destination", "The destination is not configured in the registry's replication configuration")
    going = [each for each in registry.backfills.values() if _status(call, each) in ("PREPARING", "IN_PROGRESS")]
    if any(each["destination"]["region"] == destination["region"] for each in going):
        message = f"A replication backfill is already in progress for the region '{destination['region']}'"
        raise ApiError("ReplicationBackfillInProgressException", message)
    if len(going) >= MOST_BACKFILLS:
        raise ApiError("LimitExceededException", f"At most {MOST_BACKFILLS} replication backfills are in progress")
    backfill = {
        "replicationBackfillId": str(uuid.uuid4()),
        "destination": destination,
        "startedAt": call.now,
        "stoppedAt": None,
        "images": _matching(registry, rules),
    }
    registry.backfills[backfill["replicationBackfillId"]] = backfill
    call.store.save(registry)
    return _shown(call, registry, backfill)


def _matching(registry: Registry, rules: list[Any]) -> list[list[str]]:
    """Repository, digest and tag (empty: none) of everything that the rules are about."""
    prefixes = [[each["filter"] for each in rule.get("repositoryFilters", [])] or [""] for rule in rules]
    return [
        [name, digest, tag]
        for name, repository in sorted(registry.repositories.items())
        if any(name.startswith(prefix) for each in prefixes for prefix in each)
        for digest in repository.images
        for tag in repository.tags_of(digest) or ("",)
    ]


def stop_replication_backfill(call: Call) -> Mapping[str, Any]:
    """StopReplicationBackfill."""
    registry, backfill = _backfill(call, "StopReplicationBackfill")
    status = _status(call, backfill)
    if status not in ("PREPARING", "IN_PROGRESS"):
        message = f"The replication backfill is in the status {status} and cannot be stopped"
        raise ApiError("ReplicationBackfillInvalidStatusException", message)
    backfill["stoppedAt"] = call.now
    call.store.save(registry)
    return _shown(call, registry, backfill)


def list_replication_backfills(call: Call) -> Mapping[str, Any]:
    """ListReplicationBackfills: those that ended are listed for 90 days."""
    registry = registry_of(call)
    allow(call, "ListReplicationBackfills", registry, None)
    kept = [each for each in registry.backfills.values() if call.now - each["startedAt"] < KEPT]
    found, more = page(
        kept, call, key=lambda each: [each["startedAt"], each["replicationBackfillId"]], default=25, most=50
    )
    return {
        "registryId": registry.account,
        "backfills": [_element(call, each) for each in found],
        "nextToken": more,
    }


def describe_replication_backfill_results(call: Call) -> Mapping[str, Any]:
    """DescribeReplicationBackfillResults: of each image once the backfill has ended."""
    registry, backfill = _backfill(call, "DescribeReplicationBackfillResults")
    wanted = call.input.get("resultStatusFilter", "FAILED")
    ended = _status(call, backfill) == "FAILED" and wanted == "FAILED"
    results, more = page([_result(each) for each in backfill["images"]] if ended else [], call)
    return {"registryId": registry.account, **_element(call, backfill), "results": results, "nextToken": more}


def _result(image: list[str]) -> dict[str, Any]:
    name, digest, tag = image
    image_id = {"imageDigest": digest, "imageTag": tag or None}
    return {"repositoryName": name, "imageId": image_id, "status": "FAILED", "failureCode": FAILURE}


def _backfill(call: Call, action: str) -> tuple[Registry, dict[str, Any]]:
    registry, wanted = registry_of(call), call.input["replicationBackfillId"]
    allow(call, action, registry, None)
    backfill = registry.backfills.get(wanted)
    if backfill is None or call.now - backfill["startedAt"] >= KEPT:
        raise ApiError(
            "ReplicationBackfillNotFoundException",
            f"The replication backfill with id '{wanted}' does not exist in the registry with id '{registry.account}'",
        )
    return registry, backfill


def _status(call: Call, backfill: Mapping[str, Any]) -> str:
    if backfill["stoppedAt"] is not None:
        return "STOPPED"
    if call.now - backfill["startedAt"] < TAKES:
        return "PREPARING"
    return "FAILED" if backfill["images"] else "COMPLETE"


def _shown(call: Call, registry: Registry, backfill: Mapping[str, Any]) -> dict[str, Any]:
    names = ("replicationBackfillId", "destination", "startedAt")
    return {
        "registryId": registry.account,
        "status": _status(call, backfill),
        **{name: backfill[name] for name in names},
    }


def _element(call: Call, backfill: Mapping[str, Any]) -> dict[str, Any]:
    status, count = _status(call, backfill), len(backfill["images"])
    names = ("replicationBackfillId", "destination", "startedAt")
    answer = {"status": status, **{name: backfill[name] for name in names}}
    if status == "STOPPED":
        return {**answer, "endedAt": backfill["stoppedAt"]}
    if status == "PREPARING":
        return answer
    progress = {
        "totalReplicationCount": count,
        "completedReplicationCount": 0,
        "failedReplicationCount": count,
        "failureCodes": [FAILURE] if count else [],
    }
    failed = {"failureCode": FAILURE} if count else {}
    return {**answer, **failed, "progress": progress, "endedAt": backfill["startedAt"] + TAKES}
