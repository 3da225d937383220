"""Lifecycle policies by the JSON API, and their previews."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from ecr_publish.local.api.named import repository_of
from ecr_publish.local.api.paging import page
from ecr_publish.local.api.wire import Call
from ecr_publish.local.apierror import ApiError, invalid
from ecr_publish.local.lifecycle import grammar
from ecr_publish.local.lifecycle.evaluation import Candidate, decisions
from ecr_publish.local.lifecycle.rules import DAY, Rule, StorageClass
from ecr_publish.local.lifecycle.schedule import candidates
from ecr_publish.local.records import Registry, Repository


def rules_of(text: str) -> tuple[Rule, ...]:
    """The rules of a policy's text. Raises InvalidParameterException."""
    try:
        return grammar.parsed(text)
    except grammar.BadPolicy as error:
        raise invalid("LifecyclePolicyText", f"Lifecycle policy validation failure: {error}") from error


def put_lifecycle_policy(call: Call) -> Mapping[str, Any]:
    """PutLifecyclePolicy: from now on it acts once a day."""
    registry, repository = repository_of(call, "PutLifecyclePolicy")
    rules_of(call.input["lifecyclePolicyText"])
    repository.lifecycle = call.input["lifecyclePolicyText"]
    call.ecr.lifecycle.start(repository, call.now)
    call.store.save(registry, repository)
    return _shown(registry, repository)


def get_lifecycle_policy(call: Call) -> Mapping[str, Any]:
    """GetLifecyclePolicy: `lastEvaluatedAt` is 1970 until a first evaluation."""
    registry, repository = repository_of(call, "GetLifecyclePolicy")
    return {**_shown(registry, repository), "lastEvaluatedAt": repository.lifecycle_at or 0}


def delete_lifecycle_policy(call: Call) -> Mapping[str, Any]:
    """DeleteLifecyclePolicy."""
    registry, repository = repository_of(call, "DeleteLifecyclePolicy")
    answer = {**_shown(registry, repository), "lastEvaluatedAt": repository.lifecycle_at or 0}
    call.ecr.lifecycle.stop(repository)
    call.store.save(registry, repository)
    return answer


def start_lifecycle_policy_preview(call: Call) -> Mapping[str, Any]:
    """StartLifecyclePolicyPreview: of the text, else of the repository's own policy; it replaces an earlier one."""
    registry, repository = repository_of(call, "StartLifecyclePolicyPreview")
    text = call.input.get("lifecyclePolicyText") or _shown(registry, repository)["lifecyclePolicyText"]
    rules = rules_of(text)
    if repository.preview is not None and _status(call, repository.preview) == "IN_PROGRESS":
        raise ApiError(
            "LifecyclePolicyPreviewInProgressException",
            f"Lifecycle policy preview is in progress for the repository with name '{repository.name}' in the registry "
            f"with id '{registry.account}'",
        )
    images = candidates(repository, call.now)
    found = decisions(rules, images, call.now, referrers_follow=call.ecr.quirks.referrers_follow_subject)
    by_digest = {image.digest: image for image in images}
    repository.preview = {
        "text": text,
        "started": call.now,
        "results": [_result(by_digest[each.digest], each.priority, each.action) for each in found],
    }
    call.store.save(registry, repository)
    return {**_about(registry, repository, text), "status": "IN_PROGRESS"}


def _result(image: Candidate, priority: int, action: str) -> dict[str, Any]:
    moved = {"targetStorageClass": "ARCHIVE"} if action == "TRANSITION" else {}
    return {
        "imageTags": list(image.tags),
        "imageDigest": image.digest,
        "imagePushedAt": image.pushed_at,
        "action": {"type": str(action), **moved},
        "appliedRulePriority": priority,
        "storageClass": (StorageClass.ARCHIVE if image.archived else StorageClass.STANDARD).upper(),
    }


def get_lifecycle_policy_preview(call: Call) -> Mapping[str, Any]:
    """GetLifecyclePolicyPreview: only images that a rule acts on."""
    registry, repository = repository_of(call, "GetLifecyclePolicyPreview")
    preview, wanted = repository.preview, call.input.get("imageIds")
    if wanted and ("nextToken" in call.input or "maxResults" in call.input):
        raise invalid("maxResults", "cannot be used with imageIds")
    if preview is None:
        raise ApiError(
            "LifecyclePolicyPreviewNotFoundException",
            f"Lifecycle policy preview does not exist for the repository with name '{repository.name}' in the registry "
            f"with id '{registry.account}'",
        )
    status = _status(call, preview)
    answer = {**_about(registry, repository, preview["text"]), "status": status}
    if status != "COMPLETE":
        return {**answer, "previewResults": []}
    tagged = call.input.get("filter", {}).get("tagStatus", "ANY")
    shown = [
        each
        for each in preview["results"]
        if tagged in ("ANY", "TAGGED" if each["imageTags"] else "UNTAGGED")
        and (not wanted or any(_is_meant(each, image_id) for image_id in wanted))
    ]
    found, more = page(shown, call, most=100)
    return {**answer, "previewResults": found, "summary": _summary(preview["results"]), "nextToken": more}


def _is_meant(result: Mapping[str, Any], wanted: Mapping[str, str]) -> bool:
    digest, tag = wanted.get("imageDigest"), wanted.get("imageTag")
    return digest in (None, result["imageDigest"]) and (tag is None or tag in result["imageTags"])


def _summary(results: list[dict[str, Any]]) -> dict[str, Any]:
    counted = Counter(each["action"]["type"] for each in results)
    moved = [{"targetStorageClass": "ARCHIVE", "imageTotalCount": counted["TRANSITION"]}]
    return {
        "expiringImageTotalCount": counted["EXPIRE"],
        "transitioningImageTotalCounts": moved if counted["TRANSITION"] else [],
    }


def _status(call: Call, preview: Mapping[str, Any]) -> str:
    age = call.now - preview["started"]
    if age < call.ecr.settings.preview_takes.total_seconds():
        return "IN_PROGRESS"
    return "EXPIRED" if age >= DAY and call.ecr.quirks.previews_expire else "COMPLETE"


def _shown(registry: Registry, repository: Repository) -> dict[str, Any]:
    if repository.lifecycle is None:
        raise ApiError(
            "LifecyclePolicyNotFoundException",
            f"Lifecycle policy does not exist for the repository with name '{repository.name}' in the registry with id "
            f"'{registry.account}'",
        )
    return _about(registry, repository, repository.lifecycle)


def _about(registry: Registry, repository: Repository, text: str) -> dict[str, Any]:
    return {"registryId": registry.account, "repositoryName": repository.name, "lifecyclePolicyText": text}
