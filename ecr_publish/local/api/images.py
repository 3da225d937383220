"""Images by the JSON API: put, pulled and deleted, each by its id."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ecr_publish.local.api.named import repository_of
from ecr_publish.local.api.wire import Call
from ecr_publish.local.apierror import ApiError, invalid
from ecr_publish.local.records import Image, Registry, Repository
from ecr_publish.local.translation import translated
from ecr_publish.model.digest import digest_of

_DIGEST = re.compile(r"[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+")
_TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,299}")  # OCI's characters; the length is the model's


def put_image(call: Call) -> Mapping[str, Any]:
    """PutImage."""
    registry, repository = repository_of(call, "PutImage")
    tag, body = call.input.get("imageTag"), call.input["imageManifest"].encode()
    if tag is not None and not _TAG.fullmatch(tag):
        raise invalid("imageTag", f"must satisfy regular expression '{_TAG.pattern}'")
    image, same = call.ecr.images.put(
        registry, repository, body, call.input.get("imageManifestMediaType"), tag, call.input.get("imageDigest")
    )
    if same:
        also = f" and tag '{tag}'" if tag else ""
        raise ApiError(
            "ImageAlreadyExistsException",
            f"Image with digest '{image.digest}'{also} already exists in the repository with name '{repository.name}' "
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
        try:
            image = _pulled(call, repository, wanted)
        except ApiError as error:
            failures.append(_failure(wanted, error.name, error.message))
            continue
        call.ecr.images.pulled(registry, repository, image, call.principal)
        shown = _shown(call, registry, repository, image, wanted.get("imageTag"))
        images.append(shown if _is_accepted(call, image) else {**shown, **_translation(call, image, wanted)})
    return {"images": images, "failures": failures}


def _pulled(call: Call, repository: Repository, wanted: Mapping[str, str]) -> Image:
    """The image that an id names, if it can be pulled. Raises ApiError with the failure's code as its name."""
    tag, digest = _checked_id(wanted)
    if tag and digest and repository.tags.get(tag, digest) != digest:
        raise ApiError("ImageTagDoesNotMatchDigest", "Tag does not match digest")
    image = call.ecr.images.find(repository, digest or tag or "")
    if image is None or image.status_at(call.now) != "ACTIVE" or (tag and tag not in repository.tags):
        raise ApiError("ImageNotFound", "Requested image not found")
    if not _is_accepted(call, image) and not _translation(call, image, wanted):
        raise ApiError("ImageNotFound", "Requested image not found")
    assert isinstance(image, Image)
    return image


def _is_accepted(call: Call, image: Image) -> bool:
    return image.media_type in call.input.get("acceptedMediaTypes", (image.media_type,))


def _translation(call: Call, image: Image, wanted: Mapping[str, str]) -> dict[str, Any]:
    """What is other in the answer for an image in an accepted format; nothing if there is none. By digest an image is
    never translated (containers-roadmap#1075)."""
    body = call.ecr.images.body(image)
    if "imageDigest" in wanted or body is None or not call.ecr.quirks.translated:
        return {}
    made = translated(body, image.media_type, call.input["acceptedMediaTypes"])
    if made is None:
        return {}
    named_by = {"imageDigest": str(digest_of(made[0])), "imageTag": wanted["imageTag"]}
    return {"imageId": named_by, "imageManifest": made[0].decode(), "imageManifestMediaType": made[1]}


def _checked_id(wanted: Mapping[str, str]) -> tuple[str | None, str | None]:
    """Tag and digest of an id. Raises ApiError with the failure's code as its name."""
    tag, digest = wanted.get("imageTag"), wanted.get("imageDigest")
    words = "Invalid request parameters: "
    if tag is None and digest is None:
        raise ApiError("MissingDigestAndTag", f"{words}both tag and digest cannot be null")
    if digest is not None and not _DIGEST.fullmatch(digest):
        raise ApiError("InvalidImageDigest", f"{words}image digest should satisfy the regex '{_DIGEST.pattern}'")
    if tag is not None and not _TAG.fullmatch(tag):
        raise ApiError("InvalidImageTag", f"{words}image tag should satisfy the regex '{_TAG.pattern}'")
    return tag, digest


def _failure(wanted: Mapping[str, Any], code: str, reason: str) -> dict[str, Any]:
    return {"imageId": wanted, "failureCode": code, "failureReason": reason}


def batch_delete_image(call: Call) -> Mapping[str, Any]:
    """BatchDeleteImage."""
    registry, repository = repository_of(call, "BatchDeleteImage")
    gone: list[Any] = []
    failures = []
    for wanted in call.input["imageIds"]:
        try:
            tag, digest = _checked_id(wanted)
            gone += call.ecr.images.delete(registry, repository, tag, digest)
        except ApiError as error:
            failures.append(_failure(wanted, error.name, error.message))
    return {"imageIds": gone, "failures": failures}
