"""Amazon Inspector, as far as a promotion asks it: whether an image's enhanced scan is over (ListCoverage).

Source: Inspector API Reference, ListCoverage; botocore's service model `inspector2/2020-06-08` (REST, JSON).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from ecr_publish.local.api.named import registry_of
from ecr_publish.local.api.paging import page
from ecr_publish.local.api.wire import Call, model
from ecr_publish.local.apierror import ApiError
from ecr_publish.local.policy import refusal
from ecr_publish.local.records import Image, Registry, Repository
from ecr_publish.local.scanner import ENHANCED, Phase

SERVICE = "inspector2"
RESOURCE = "AWS_ECR_CONTAINER_IMAGE"
# Filters that are understood; each takes EQUALS only. Another one is refused: ignored, it would show too much.
_FILTERS = ("resourceType", "resourceId", "ecrRepositoryName")
_REASONS = {
    Phase.QUEUED: "PENDING_INITIAL_SCAN",
    Phase.RUNNING: "PENDING_INITIAL_SCAN",
    Phase.UNSUPPORTED: "UNSUPPORTED_OS",
    Phase.FINISHED: "SUCCESSFUL",
}


@cache
def _paths() -> Mapping[tuple[str, str], str]:
    operations = (model(SERVICE).operation_model(name) for name in model(SERVICE).operation_names)
    return {(each.http["method"], each.http["requestUri"]): each.name for each in operations}


def operation(method: str, path: str) -> str:
    """The operation's name in the SDK's model; the request line itself for what is none."""
    return _paths().get((method, path), f"{method} {path[:100]}")


def list_coverage(call: Call) -> Mapping[str, Any]:
    """ListCoverage: the images of the caller's own registry that enhanced scanning covers."""
    registry = registry_of(call)
    sentence = refusal(call.principal, f"{SERVICE}:ListCoverage", registry, None, call.ecr.denials)
    if sentence is not None:
        raise ApiError("AccessDeniedException", sentence, 403)
    wanted = {name: _equal(name, given) for name, given in (call.input.get("filterCriteria") or {}).items()}
    found = [each for each in _covered(call, registry) if _matches(each, wanted)]
    items, more = page(found, call)
    return {"coveredResources": items, "nextToken": more}


def _equal(name: str, given: list[dict[str, str]]) -> frozenset[str]:
    if name not in _FILTERS or any(each["comparison"] != "EQUALS" for each in given):
        raise ApiError("ValidationException", f"The embedded Inspector serves {', '.join(_FILTERS)} with EQUALS only")
    return frozenset(each["value"] for each in given)


def _matches(resource: Mapping[str, Any], wanted: Mapping[str, frozenset[str]]) -> bool:
    names = {
        "resourceType": resource["resourceType"],
        "resourceId": resource["resourceId"],
        "ecrRepositoryName": resource["resourceMetadata"]["ecrRepository"]["name"],
    }
    return all(names[name] in values for name, values in wanted.items())


def _covered(call: Call, registry: Registry) -> Iterator[dict[str, Any]]:
    if registry.scanning.get("scanType") != ENHANCED:
        return
    with call.store.lock:  # this runs beside the server's loop, which changes all three
        found = [
            (repository, image, repository.tags_of(image.digest))
            for repository in registry.repositories.values()
            for image in repository.images.values()
            if image.scan_at is not None
        ]
    for repository, image, tags in found:
        yield _resource(call, registry, repository, image, tags)


def _resource(call: Call, registry: Registry, repository: Repository, image: Image, tags: list[str]) -> dict[str, Any]:
    phase = call.ecr.scanner.phase(image)
    active = phase is not Phase.UNSUPPORTED
    return {
        "resourceType": RESOURCE,
        "resourceId": f"{registry.arn(repository.name)}/{image.digest}",
        "accountId": registry.account,
        "scanType": "PACKAGE",
        "scanStatus": {"statusCode": "ACTIVE" if active else "INACTIVE", "reason": _REASONS[phase]},
        "resourceMetadata": {
            "ecrRepository": {
                "name": repository.name,
                "scanFrequency": call.ecr.scanner.frequency(registry, repository),
            },
            "ecrImage": {"tags": tags, "imagePulledAt": image.pulled_at},
        },
        "lastScannedAt": call.ecr.scanner.finished_at(image) if phase is Phase.FINISHED else None,
    }


OPERATIONS = {"ListCoverage": list_coverage}
