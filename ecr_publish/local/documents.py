"""Manifests and indexes as they come in: how far ECR looks into them before it takes one."""

from __future__ import annotations

import json
from typing import Any

from ecr_publish.local.apierror import invalid
from ecr_publish.oci.manifest import DOCKER_INDEX, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST

TYPES = (OCI_INDEX, OCI_MANIFEST, DOCKER_INDEX, DOCKER_MANIFEST)


def document(body: bytes, media_type: str | None) -> tuple[Any, str]:
    """The manifest's JSON and media type, if ECR takes it. Raises ApiError in ECR's words."""
    bad = invalid("ImageManifest", "Invalid JSON syntax")
    try:
        value = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise bad from error
    if not isinstance(value, dict) or not _is_sound(value):
        raise bad
    kind = value.get("mediaType") or (media_type or "").partition(";")[0].strip()
    if kind not in TYPES:
        raise bad
    lists = ("manifests",) if kind in (OCI_INDEX, DOCKER_INDEX) else ("layers",)
    for key in lists:
        entries = value.get(key)
        if not isinstance(entries, list) or not all(_is_descriptor(each) for each in entries):
            raise bad
    if lists == ("layers",) and not _is_descriptor(value.get("config")):
        raise bad
    return value, kind


def _is_sound(value: dict[str, object]) -> bool:
    """Whether the members that manifests and indexes share are of their types (OCI image-spec 1.1)."""
    subject, notes = value.get("subject"), value.get("annotations")
    return (
        all(isinstance(value.get(key), str | None) for key in ("mediaType", "artifactType"))
        and (subject is None or _is_descriptor(subject))
        and (notes is None or (isinstance(notes, dict) and all(isinstance(each, str) for each in notes.values())))
    )


def _is_descriptor(value: object) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("digest"), str)
        and isinstance(value.get("mediaType"), str | None)
        and type(size := value.get("size")) is int
        and 0 <= size < 1 << 63
    )
