"""Images and layers by the JSON API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ecr_publish.local.api.repositories import repository_of
from ecr_publish.local.api.wire import ApiError, Call, invalid, page
from ecr_publish.local.records import Image, Registry, Repository
from ecr_publish.model.digest import Digest
from ecr_publish.oci.manifest import DOCKER_INDEX, OCI_INDEX


def put_image(call: Call) -> Mapping[str, Any]:
    """PutImage."""
    registry, repository = repository_of(call, "PutImage")
    tag, body = call.input.get("imageTag"), call.input["imageManifest"].encode()
    image, same = call.ecr.images.put(
        registry, repository, body, call.input.get("imageManifestMediaType"), tag, call.input.get("imageDigest")
    )
    if same:
        named = f" and tag '{tag}'" if tag else ""
        raise ApiError(
            "ImageAlreadyExistsException",
            f"Image with digest '{image.digest}'{named} already exists in the repository with name '{repository.name}' "
            f"in registry with id '{registry.account}'",
        )
    return {"image": _shown(call, registry, repository, image, tag)}


def _shown(call: Call, registry: Registry, repository: Repository, image: Image, tag: str | None) -> dict[str, Any]:
    body = call.ecr.images.body(image)
    return {
        "registryId": registry.account,
        "repositoryName": repository.name,
        "imageId": {"imageDigest": image.digest, "imageTag": tag},
        "imageManifest": body.decode() if body is not None else None,
        "imageManifestMediaType": image.media_type,
    }


def batch_get_image(call: Call) -> Mapping[str, Any]:
    """BatchGetImage: what is missing is a failure in a successful answer."""
    registry, repository = repository_of(call, "BatchGetImage")
    images, failures = [], []
    for wanted in call.input["imageIds"]:
        tag, digest = wanted.get("imageTag"), wanted.get("imageDigest")
        image = call.ecr.images.find(repository, digest or tag or "")
        if image is None or (tag and digest and repository.tags.get(tag) != digest):
            failures.append(_failure(wanted, "ImageNotFound", "Requested image not found"))
        else:
            images.append(_shown(call, registry, repository, image, tag))
    return {"images": images, "failures": failures}


def _failure(wanted: Mapping[str, Any], code: str, reason: str) -> dict[str, Any]:
    return {"imageId": wanted, "failureCode": code, "failureReason": reason}


def batch_delete_image(call: Call) -> Mapping[str, Any]:
    """BatchDeleteImage."""
    registry, repository = repository_of(call, "BatchDeleteImage")
    gone: list[Any] = []
    failures = []
    for wanted in call.input["imageIds"]:
        tag, digest = wanted.get("imageTag"), wanted.get("imageDigest")
        try:
            if tag is None and digest is None:
                reason = "Invalid request parameters: both tag and digest cannot be null"
                raise ApiError("MissingDigestAndTag", reason)
            gone += call.ecr.images.delete(registry, repository, tag, digest)
        except ApiError as error:
            failures.append(_failure(wanted, error.name, error.message))
    return {"imageIds": gone, "failures": failures}


def list_images(call: Call) -> Mapping[str, Any]:
    """ListImages: one element per digest and tag."""
    _, repository = repository_of(call, "ListImages")
    status = call.input.get("filter", {}).get("tagStatus", "ANY")
    items: list[dict[str, str]] = []
    for digest in repository.images:
        tags = repository.tags_of(digest)
        if tags and status != "UNTAGGED":
            items += [{"imageDigest": digest, "imageTag": tag} for tag in tags]
        elif not tags and status != "TAGGED":
            items.append({"imageDigest": digest})
    found, more = page(items, call)
    return {"imageIds": found, "nextToken": more}


def describe_images(call: Call) -> Mapping[str, Any]:
    """DescribeImages: a missing id fails the whole call."""
    registry, repository = repository_of(call, "DescribeImages")
    wanted = call.input.get("imageIds")
    if wanted:
        if "nextToken" in call.input or "maxResults" in call.input:
            raise invalid("maxResults", "cannot be used with imageIds")
        images = {image.digest: image for image in (_named(call, registry, repository, each) for each in wanted)}
        return {"imageDetails": [_detail(call, registry, repository, each) for each in images.values()]}
    status = call.input.get("filter", {}).get("tagStatus", "ANY")
    found = [
        image
        for digest, image in repository.images.items()
        if status == "ANY" or (status == "TAGGED") == bool(repository.tags_of(digest))
    ]
    items, more = page(found, call)
    return {"imageDetails": [_detail(call, registry, repository, each) for each in items], "nextToken": more}


def _named(call: Call, registry: Registry, repository: Repository, wanted: Mapping[str, Any]) -> Image:
    image = call.ecr.images.find(repository, wanted.get("imageDigest") or wanted.get("imageTag") or "")
    if image is None:
        digest, tag = wanted.get("imageDigest", "null"), wanted.get("imageTag", "null")
        raise ApiError(
            "ImageNotFoundException",
            f"The image with imageId {{imageDigest:'{digest}', imageTag:'{tag}'}} does not exist within the repository "
            f"with name '{repository.name}' in the registry with id '{registry.account}'",
        )
    assert isinstance(image, Image)
    return image


def _detail(call: Call, registry: Registry, repository: Repository, image: Image) -> dict[str, Any]:
    is_index = image.media_type in (OCI_INDEX, DOCKER_INDEX)
    return {
        "registryId": registry.account,
        "repositoryName": repository.name,
        "imageDigest": image.digest,
        "imageTags": repository.tags_of(image.digest) or None,
        "imageSizeInBytes": image.size,
        "imagePushedAt": image.pushed_at,
        "imageManifestMediaType": image.media_type,
        "artifactMediaType": None if is_index else image.artifact_type,
        "subjectManifestDigest": image.subject,
        "lastRecordedPullTime": image.pulled_at,
        "imageStatus": "ACTIVE",
    }


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
                "layerAvailability": "UNAVAILABLE" if size is None else "AVAILABLE",
                "layerSize": size,
            }
        )
    return {"layers": layers, "failures": failures}


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
    if not repository.references(digest):
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
    return {
        "registryId": registry.account,
        "repositoryName": repository.name,
        "uploadId": upload.id,
        "lastByteReceived": last,
    }


def complete_layer_upload(call: Call) -> Mapping[str, Any]:
    """CompleteLayerUpload."""
    registry, repository = repository_of(call, "CompleteLayerUpload")
    digest = call.ecr.uploads.complete(registry, repository, call.input["uploadId"], call.input["layerDigests"])
    return {
        "registryId": registry.account,
        "repositoryName": repository.name,
        "uploadId": call.input["uploadId"],
        "layerDigest": str(digest),
    }


def list_image_referrers(call: Call) -> Mapping[str, Any]:
    """ListImageReferrers (IAM checks ecr:BatchGetImage)."""
    _, repository = repository_of(call, "BatchGetImage")
    subject = call.input["subjectId"]["imageDigest"]
    types = call.input.get("filter", {}).get("artifactTypes")
    found = [
        {
            "digest": image.digest,
            "mediaType": image.media_type,
            "artifactType": image.artifact_type,
            "size": call.store.contents.size(Digest(image.digest)),
            "annotations": image.annotations or None,
            "artifactStatus": "ACTIVE",
        }
        for image in repository.images.values()
        if image.subject == subject and (not types or image.artifact_type in types)
    ]
    items, more = page(found, call, default=20, most=50)
    return {"referrers": items, "nextToken": more}
