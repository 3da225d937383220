"""The signing configuration: it reads back. Nothing is signed, for there is no AWS Signer here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ecr_publish.local.api.named import allow, image_named, registry_of, repository_of
from ecr_publish.local.api.wire import Call
from ecr_publish.local.apierror import ApiError
from ecr_publish.local.records import Registry


def put_signing_configuration(call: Call) -> Mapping[str, Any]:
    """PutSigningConfiguration: the whole configuration is replaced."""
    registry = registry_of(call)
    allow(call, "PutSigningConfiguration", registry, None)
    registry.signing = call.input["signingConfiguration"]
    call.store.save(registry)
    return {"signingConfiguration": registry.signing}


def get_signing_configuration(call: Call) -> Mapping[str, Any]:
    """GetSigningConfiguration."""
    registry = registry_of(call)
    allow(call, "GetSigningConfiguration", registry, None)
    return _shown(registry)


def delete_signing_configuration(call: Call) -> Mapping[str, Any]:
    """DeleteSigningConfiguration."""
    registry = registry_of(call)
    allow(call, "DeleteSigningConfiguration", registry, None)
    answer = _shown(registry)
    registry.signing = None
    call.store.save(registry)
    return answer


def _shown(registry: Registry) -> dict[str, Any]:
    if registry.signing is None:
        message = f"Signing configuration does not exist in the registry with id '{registry.account}'"
        raise ApiError("SigningConfigurationNotFoundException", message)
    return {"registryId": registry.account, "signingConfiguration": registry.signing}


def describe_image_signing_status(call: Call) -> Mapping[str, Any]:
    """DescribeImageSigningStatus: no image was ever signed here."""
    registry, repository = repository_of(call, "DescribeImageSigningStatus")
    image = image_named(call, registry, repository, call.input["imageId"])
    return {
        "registryId": registry.account,
        "repositoryName": repository.name,
        "imageId": {**call.input["imageId"], "imageDigest": image.digest},
        "signingStatuses": [],
    }
