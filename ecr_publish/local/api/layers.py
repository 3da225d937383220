"""Layers by the JSON API: asked for, downloaded, and uploaded in parts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ecr_publish.local.api.named import repository_of
from ecr_publish.local.api.wire import Call
from ecr_publish.local.apierror import ApiError
from ecr_publish.local.records import Repository


def batch_check_layer_availability(call: Call) -> Mapping[str, Any]:
    """BatchCheckLayerAvailability."""
    _, repository = repository_of(call, "BatchCheckLayerAvailability")
    layers, failures = [], []
    for digest in call.input["layerDigests"]:
        if not digest.startswith("sha256:") or len(digest) != 71:
            reason = f"Invalid layer digest '{digest}'"
            failures.append({"layerDigest": digest, "failureCode": "InvalidLayerDigest", "failureReason": reason})
            continue
        size = repository.layers.get(digest)
        layers.append(
            {
                "layerDigest": digest,
                "layerAvailability": _availability(call, repository, digest),
                "layerSize": size,
            }
        )
    return {"layers": layers, "failures": failures}


def _availability(call: Call, repository: Repository, digest: str) -> str:
    if digest not in repository.layers:
        return "UNAVAILABLE"
    return "ARCHIVED" if repository.archives(digest, call.now) else "AVAILABLE"


def get_download_url_for_layer(call: Call) -> Mapping[str, Any]:
    """GetDownloadUrlForLayer: only for layers that an image references."""
    registry, repository = repository_of(call, "GetDownloadUrlForLayer")
    digest = call.input["layerDigest"]
    if digest not in repository.layers:
        raise ApiError(
            "LayersNotFoundException",
            f"The layer with digest {digest} does not exist within the repository with name '{repository.name}' in the "
            f"registry with id '{registry.account}'",
        )
    if not repository.gives(digest, call.now):
        raise ApiError("LayerInaccessibleException", f"The layer with digest {digest} is not referenced by an image")
    return {"downloadUrl": call.ecr.storage_url(registry, digest), "layerDigest": digest}


def initiate_layer_upload(call: Call) -> Mapping[str, Any]:
    """InitiateLayerUpload."""
    registry, repository = repository_of(call, "InitiateLayerUpload")
    return {"uploadId": call.ecr.uploads.start(registry, repository), "partSize": 10 << 20}


def upload_layer_part(call: Call) -> Mapping[str, Any]:
    """UploadLayerPart: parts are contiguous and in order."""
    registry, repository = repository_of(call, "UploadLayerPart")
    upload = call.ecr.uploads.get(registry, repository, call.input["uploadId"])
    first, last, data = call.input["partFirstByte"], call.input["partLastByte"], call.input["layerPartBlob"]
    if first != upload.size or last - first + 1 != len(data):
        raise ApiError(
            "InvalidLayerPartException",
            f"The part from {first} to {last} does not follow byte {upload.size - 1}",
            registryId=registry.account,
            repositoryName=repository.name,
            uploadId=upload.id,
            lastValidByteReceived=upload.size - 1,
        )
    upload.write(data)
    call.ecr.uploads.part(upload, len(data))
    return {
        "registryId": registry.account,
        "repositoryName": repository.name,
        "uploadId": upload.id,
        "lastByteReceived": last,
    }


def complete_layer_upload(call: Call) -> Mapping[str, Any]:
    """CompleteLayerUpload."""
    registry, repository = repository_of(call, "CompleteLayerUpload")
    before = set(repository.layers)
    digest = call.ecr.uploads.complete(registry, repository, call.input["uploadId"], call.input["layerDigests"])
    if str(digest) in before:
        raise ApiError(
            "LayerAlreadyExistsException",
            f"The layer with digest '{digest}' already exists in the repository with name '{repository.name}' in the "
            f"registry with id '{registry.account}'",
        )
    return {
        "registryId": registry.account,
        "repositoryName": repository.name,
        "uploadId": call.input["uploadId"],
        "layerDigest": str(digest),
    }
