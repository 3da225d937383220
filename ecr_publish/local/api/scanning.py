"""Scanning by the JSON API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ecr_publish.local.api.named import allow, image_named, registry_of, repository_of
from ecr_publish.local.api.paging import page
from ecr_publish.local.api.wire import Call
from ecr_publish.local.apierror import ApiError, invalid
from ecr_publish.local.records import Image, Registry, Repository
from ecr_publish.local.scanner import ENHANCED, Phase
from ecr_publish.oci.manifest import DOCKER_INDEX, OCI_INDEX

DAY = 24 * 3600


def describe_image_scan_findings(call: Call) -> Mapping[str, Any]:
    """DescribeImageScanFindings."""
    registry, repository = repository_of(call, "DescribeImageScanFindings")
    image = image_named(call, registry, repository, call.input["imageId"])
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
    if image.status_at(call.now) == "ARCHIVED":
        return {**answer, "imageScanStatus": {"status": "IMAGE_ARCHIVED", "description": "The image is archived."}}
    if registry.scanning.get("scanType") == ENHANCED:
        return {**answer, **_enhanced(call, registry, repository, image)}
    status, description = call.ecr.scanner.state(image)
    answer["imageScanStatus"] = {"status": status, "description": description}
    if status == "COMPLETE":
        findings = [_basic(each) for each in call.ecr.scanner.found(repository, image)]
        items, more = page(findings, call)
        completed = call.ecr.scanner.finished_at(image)
        answer["imageScanFindings"] = {
            "imageScanCompletedAt": completed,
            "vulnerabilitySourceUpdatedAt": completed,
            "findingSeverityCounts": call.ecr.scanner.counts(findings),
            "findings": items,
        }
        answer["nextToken"] = more
    return answer


def _basic(finding: Mapping[str, Any]) -> dict[str, Any]:
    """A finding in basic scanning's form, which has no UNTRIAGED (ECR API Reference, ImageScanFinding)."""
    severity = finding["severity"]
    return {**finding, "severity": "UNDEFINED" if severity == "UNTRIAGED" else severity}


def _enhanced(call: Call, registry: Registry, repository: Repository, image: Image) -> dict[str, Any]:
    """Status and findings under enhanced scanning, where the initial scan's end is Inspector's to tell."""
    scanner = call.ecr.scanner
    status, description = scanner.enrolled(image, scanner.frequency(registry, repository))
    answer: dict[str, Any] = {"imageScanStatus": {"status": status, "description": description}}
    if status not in ("ACTIVE", "COMPLETE"):
        return answer
    finished = scanner.phase(image) is Phase.FINISHED
    findings = scanner.found(repository, image) if finished else []
    items, more = page(findings, call)
    body: dict[str, Any] = {
        "findingSeverityCounts": scanner.counts(findings),
        "enhancedFindings": [
            _inspected(registry, repository, image, each, scanner.finished_at(image)) for each in items
        ],
    }
    if finished:
        body["imageScanCompletedAt"] = body["vulnerabilitySourceUpdatedAt"] = scanner.finished_at(image)
    return {**answer, "imageScanFindings": body, "nextToken": more}


def _inspected(
    registry: Registry, repository: Repository, image: Image, finding: Mapping[str, Any], at: float
) -> dict[str, Any]:
    """A scripted finding in Inspector's form (ECR API Reference, EnhancedImageScanFinding)."""
    of = {each["key"]: each["value"] for each in finding["attributes"]}
    arn = f"arn:{registry.partition}:inspector2:{registry.region}:{registry.account}:finding/{finding['name']}"
    package = {"name": of["package_name"], "version": of["package_version"], "packageManager": "OS"}
    return {
        "awsAccountId": registry.account,
        "findingArn": arn,
        "firstObservedAt": at,
        "lastObservedAt": at,
        "updatedAt": at,
        "severity": finding["severity"],
        "status": "ACTIVE",
        "title": f"{finding['name']} - {package['name']}",
        "type": "PACKAGE_VULNERABILITY",
        "packageVulnerabilityDetails": {
            "vulnerabilityId": finding["name"],
            "sourceUrl": finding["uri"],
            "vulnerablePackages": [{**package, "fixedInVersion": of.get("fixed_in_versions", "NotAvailable")}],
        },
        "resources": [{"type": "AWS_ECR_CONTAINER_IMAGE", "id": f"{registry.arn(repository.name)}/{image.digest}"}],
    }


def start_image_scan(call: Call) -> Mapping[str, Any]:
    """StartImageScan: basic only, once a day per image."""
    registry, repository = repository_of(call, "StartImageScan")
    image = image_named(call, registry, repository, call.input["imageId"])
    if registry.scanning.get("scanType") == ENHANCED:
        raise ApiError("ValidationException", "This feature is disabled")
    if image.media_type in (OCI_INDEX, DOCKER_INDEX):
        raise ApiError(
            "UnsupportedImageTypeException", f"An artifact with media type '{image.media_type}' cannot be scanned"
        )
    if image.status_at(call.now) != "ACTIVE":
        raise ApiError("ImageArchivedException", "The specified image is archived and cannot be scanned.")
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
    wanted: dict[str, Any] = {"scanType": "BASIC", "rules": []}
    wanted |= {key: call.input[key] for key in ("scanType", "rules") if key in call.input}
    _check_frequencies(wanted)
    registry.scanning = wanted
    call.ecr.scanner.configured(registry)
    call.store.save(registry)
    for repository in registry.repositories.values():
        call.store.save(registry, repository)  # when each image's scan was asked for
    return {"registryScanningConfiguration": registry.scanning}


def _check_frequencies(wanted: Mapping[str, Any]) -> None:
    """Basic scanning is on push or by hand, enhanced is on push or goes on (User Guide, "Scan images")."""
    frequencies = [rule["scanFrequency"] for rule in wanted["rules"]]
    possible = ("SCAN_ON_PUSH", "MANUAL") if wanted["scanType"] == "BASIC" else ("SCAN_ON_PUSH", "CONTINUOUS_SCAN")
    for each in frequencies:
        if each not in possible:
            raise invalid("rules.scanFrequency", f"{each} is not supported for the scan type {wanted['scanType']}")
    if len(set(frequencies)) < len(frequencies):
        raise invalid("rules.scanFrequency", "Each scan frequency can have one rule only")


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
                "appliedScanFilters": [
                    {"filter": pattern, "filterType": "WILDCARD"}
                    for applied, pattern in call.ecr.scanner.applied(registry, repository)
                    if applied == frequency
                ],
            }
        )
    return {"scanningConfigurations": found, "failures": failures}
