"""The manifest of an image whose config and layers are known."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ecr_publish.builders.blobs import MANIFEST, Blob, Blobs
from ecr_publish.model.layer import StoredBlob

ANNOTATED = "org.opencontainers.image."
# An engine keeps labels but no annotations: those that the file asks for travel in this label, as a JSON object.
ANNOTATIONS_LABEL = "io.ecr-publish.annotations"


def composed(blobs: Blobs, config: StoredBlob, layers: tuple[StoredBlob, ...], labels: Mapping[str, str]) -> Blob:
    """Write the manifest and the layout's index; the root. The same arguments give the same bytes."""
    manifest: dict[str, Any] = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": _descriptor(config),
        "layers": [_descriptor(layer) for layer in layers],
    }
    annotations = annotations_of(labels)
    root = blobs.put_json(manifest | ({"annotations": annotations} if annotations else {}), MANIFEST)
    blobs.finish(root)
    return root


def annotations_of(labels: Mapping[str, str]) -> dict[str, str]:
    """OCI's predefined annotations among the labels, and those that the file asked for."""
    found = {key: value for key, value in labels.items() if key.startswith(ANNOTATED)}
    try:
        asked = json.loads(labels.get(ANNOTATIONS_LABEL, "{}"))
    except (ValueError, RecursionError):
        asked = None  # somebody else's label of that name: it is no promise of ours
    return found | ({str(key): str(value) for key, value in asked.items()} if isinstance(asked, dict) else {})


def _descriptor(blob: StoredBlob) -> dict[str, object]:
    return {"mediaType": blob.media_type, "digest": str(blob.digest), "size": blob.size}
