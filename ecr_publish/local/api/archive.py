"""The storage class of images: into the archive, where nothing can be pulled, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ecr_publish.local.api.named import image_named, repository_of
from ecr_publish.local.api.wire import Call
from ecr_publish.local.apierror import ApiError


def update_image_storage_class(call: Call) -> Mapping[str, Any]:
    """UpdateImageStorageClass: at once into the archive, in `restore_takes` back (User Guide, archive-image).

    Unconfirmed: what cannot be archived by itself is a child of an index and a referrer, which follow what holds them.
    """
    registry, repository = repository_of(call, "UpdateImageStorageClass")
    image = image_named(call, registry, repository, call.input["imageId"])
    status, target = image.status_at(call.now), call.input["targetStorageClass"]
    if target == "ARCHIVE" and status != "ARCHIVED":
        held = any(image.digest in each.children for each in repository.images.values())
        if held or image.subject is not None or status == "ACTIVATING":
            raise ApiError(
                "ImageStorageClassUpdateNotSupportedException",
                f"The image with digest '{image.digest}' in the repository with name '{repository.name}' in the "
                f"registry with id '{registry.account}' cannot be moved to the storage class {target}",
            )
        image.archive(call.now)
    elif target == "STANDARD" and status == "ARCHIVED":
        image.activate(call.now + call.ecr.settings.restore_takes.total_seconds())
    call.store.save(registry, repository)
    return {
        "registryId": registry.account,
        "repositoryName": repository.name,
        "imageId": {**call.input["imageId"], "imageDigest": image.digest},
        "imageStatus": image.status_at(call.now),
    }
