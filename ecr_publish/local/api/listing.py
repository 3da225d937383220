"""Lists of images by the JSON API: their ids, what is known of each, and the referrers of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ecr_publish.local.api.named import image_missing, image_named, repository_of
from ecr_publish.local.api.paging import page
from ecr_publish.local.api.wire import Call
from ecr_publish.local.apierror import invalid
from ecr_publish.local.digests import named
from ecr_publish.local.records import Image, Registry, Repository
from ecr_publish.oci.manifest import DOCKER_INDEX, OCI_INDEX


def list_images(call: Call) -> Mapping[str, Any]:
    """ListImages: one element per digest and tag."""
    _, repository = repository_of(call, "ListImages")
    items: list[tuple[list[Any], dict[str, str]]] = []
    for image, tags in _filtered(call, repository):
        key = [image.pushed_at, image.digest]
        items += [([*key, tag], {"imageDigest": image.digest, "imageTag": tag}) for tag in tags]
        if not tags:
            items.append(([*key, ""], {"imageDigest": image.digest}))
    found, more = page(items, call, key=lambda pair: pair[0])
    return {"imageIds": [each for _, each in found], "nextToken": more}


def _filtered(call: Call, repository: Repository) -> list[tuple[Image, list[str]]]:
    """The images that the filter lets through, with their tags: without a filter those that can be pulled."""
    wanted = call.input.get("filter", {})
    tagged, status = wanted.get("tagStatus", "ANY"), wanted.get("imageStatus", "ACTIVE")
    tags: dict[str, list[str]] = {}
    for tag, digest in sorted(repository.tags.items()):
        tags.setdefault(digest, []).append(tag)
    return [
        (image, tags.get(digest, []))
        for digest, image in repository.images.items()
        if tagged in ("ANY", "TAGGED" if digest in tags else "UNTAGGED")
        and status in ("ANY", image.status_at(call.now))
        and call.ecr.images.is_seen(image)
    ]


def describe_images(call: Call) -> Mapping[str, Any]:
    """DescribeImages: a missing id fails the whole call."""
    registry, repository = repository_of(call, "DescribeImages")
    wanted = call.input.get("imageIds")
    if wanted:
        if "nextToken" in call.input or "maxResults" in call.input:
            raise invalid("maxResults", "cannot be used with imageIds")
        images = {image.digest: image for image in (_named(call, registry, repository, each) for each in wanted)}
        tagged = [(image, repository.tags_of(digest)) for digest, image in images.items()]
        status = call.input.get("filter", {}).get("tagStatus", "ANY")
        return {
            "imageDetails": [
                _detail(call, registry, repository, image, tags)
                for image, tags in tagged
                if status in ("ANY", "TAGGED" if tags else "UNTAGGED")
            ]
        }
    found, more = page(_filtered(call, repository), call, key=lambda pair: [pair[0].pushed_at, pair[0].digest])
    return {
        "imageDetails": [_detail(call, registry, repository, image, tags) for image, tags in found],
        "nextToken": more,
    }


def _named(call: Call, registry: Registry, repository: Repository, wanted: Mapping[str, Any]) -> Image:
    """The image that an id names, if the filter shows its status: without one, what is archived is not found."""
    image = image_named(call, registry, repository, wanted)
    status = call.input.get("filter", {}).get("imageStatus", "ACTIVE")
    if status not in ("ANY", image.status_at(call.now)) or not call.ecr.images.is_seen(image):
        raise image_missing(registry, repository, wanted)
    return image


def _detail(call: Call, registry: Registry, repository: Repository, image: Image, tags: list[str]) -> dict[str, Any]:
    is_index = image.media_type in (OCI_INDEX, DOCKER_INDEX)
    return {
        "registryId": registry.account,
        "repositoryName": repository.name,
        "imageDigest": image.digest,
        "imageTags": tags or None,
        "imageSizeInBytes": image.size,
        "imagePushedAt": image.pushed_at,
        "imageManifestMediaType": image.media_type,
        "artifactMediaType": None if is_index else image.artifact_type,
        "subjectManifestDigest": image.subject,
        "lastRecordedPullTime": image.pulled_at,
        "imageStatus": (status := image.status_at(call.now)),
        "lastArchivedAt": image.archived_at,
        "lastActivatedAt": image.activated_at if status == "ACTIVE" else None,
    }


def list_image_referrers(call: Call) -> Mapping[str, Any]:
    """ListImageReferrers (IAM checks ecr:BatchGetImage)."""
    _, repository = repository_of(call, "BatchGetImage")
    subject = call.input["subjectId"]["imageDigest"]
    wanted = call.input.get("filter", {})
    types, status = wanted.get("artifactTypes"), wanted.get("artifactStatus", "ACTIVE")
    found = [
        {
            "digest": image.digest,
            "mediaType": image.media_type,
            "artifactType": image.artifact_type,
            "size": call.store.contents.size(named(image.digest)),
            "annotations": image.annotations or None,
            "artifactStatus": image.status_at(call.now),
        }
        for image in repository.images.values()
        if image.subject == subject
        and image.has_content
        and (not types or image.artifact_type in types)
        and status in ("ANY", image.status_at(call.now))
    ]
    items, more = page(found, call, key=lambda each: [each["digest"]], default=20, most=50)
    return {"referrers": items, "nextToken": more}
