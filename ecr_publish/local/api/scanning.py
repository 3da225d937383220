"""Scanning by the JSON API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ecr_publish.local.api.repositories import allow, named_image, registry_of, repository_of
from ecr_publish.local.api.wire import ApiError, Call, page
from ecr_publish.oci.manifest import DOCKER_INDEX, OCI_INDEX

DAY = 24 * 3600


def describe_image_scan_findings(call: Call) -> Mapping[str, Any]:
    """DescribeImageScanFindings."""
    registry, repository = repository_of(call, "DescribeImageScanFindings")
    image = named_image(call, registry, repository, call.input["imageId"])
    answer: dict[str, Any] = {
        "registryId": registry.account,
        "repositoryName": repository.name,
        "imageId": {"imageDigest": image.digest, "imageTag": call.input["imageId"].get("imageTag")},
    }
    if image.scan_at is None:
        raise ApiError(
            "ScanNotFoundException",
            f"Image scan does not exist for the image with '{image.digest}' in the repository with name "
            f"'{repository.name}' in the registry with id '{registry.account}'",
        )
    status, description = call.ecr.scanner.state(image)
    answer["imageScanStatus"] = {"status": status, "description": description}
    if status == "COMPLETE":
        findings = call.ecr.scanner.found(repository, image)
        items, more = page(findings, call)
        completed = image.scan_at + call.ecr.scanner.takes.total_seconds()
        answer["imageScanFindings"] = {
            "imageScanCompletedAt": completed,
            "vulnerabilitySourceUpdatedAt": completed,
            "findingSeverityCounts": call.ecr.scanner.counts(findings),
            "findings": items,
        }
        answer["nextToken"] = more
    return answer


def start_image_scan(call: Call) -> Mapping[str, Any]:
    """StartImageScan: basic only, once a day per image."""
    registry, repository = repository_of(call, "StartImageScan")
    image = named_image(call, registry, repository, call.input["imageId"])
    if registry.scanning.get("scanType") == "ENHANCED":
        raise ApiError("ValidationException", "This feature is disabled")
    if image.media_type in (OCI_INDEX, DOCKER_INDEX):
        raise ApiError(
            "UnsupportedImageTypeException", f"An artifact with media type '{image.media_type}' cannot be scanned"
        )
    if image.scan_at is not None and call.now - image.scan_at < DAY:
        raise ApiError("LimitExceededException", "The scan quota per image has been exceeded. Wait and try again.")
    image.scan_at = call.now
    call.store.save(registry, repository)
    return {
        "registryId": registry.account,
        "repositoryName": repository.name,
        "imageId": {"imageDigest": image.digest},
        "imageScanStatus": {"status": "IN_PROGRESS"},
    }


def get_registry_scanning_configuration(call: Call) -> Mapping[str, Any]:
    """GetRegistryScanningConfiguration."""
    registry = registry_of(call)
    allow(call, "GetRegistryScanningConfiguration", registry, None)
    return {"registryId": registry.account, "scanningConfiguration": registry.scanning}


def put_registry_scanning_configuration(call: Call) -> Mapping[str, Any]:
    """PutRegistryScanningConfiguration: the whole configuration is replaced."""
    registry = registry_of(call)
    allow(call, "PutRegistryScanningConfiguration", registry, None)
    current = {"scanType": "BASIC", "rules": []}
    registry.scanning = {**current, **{key: call.input[key] for key in ("scanType", "rules") if key in call.input}}
    call.store.save(registry)
    return {"registryScanningConfiguration": registry.scanning}


def batch_get_repository_scanning_configuration(call: Call) -> Mapping[str, Any]:
    """BatchGetRepositoryScanningConfiguration."""
    registry = registry_of(call)
    found, failures = [], []
    for name in call.input["repositoryNames"]:
        repository = registry.repositories.get(name)
        allow(call, "BatchGetRepositoryScanningConfiguration", registry, repository or name)
        if repository is None:
            reason = f"The repository with name '{name}' does not exist"
            failures.append({"repositoryName": name, "failureCode": "REPOSITORY_NOT_FOUND", "failureReason": reason})
            continue
        frequency = call.ecr.scanner.frequency(registry, repository)
        found.append(
            {
                "repositoryArn": registry.arn(name),
                "repositoryName": name,
                "scanOnPush": frequency == "SCAN_ON_PUSH",
                "scanFrequency": frequency,
                "appliedScanFilters": [],
            }
        )
    return {"scanningConfigurations": found, "failures": failures}
