"""Both forms of `docker save`, read as one: which image, its config, and where its layers lie, by `manifest.json`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ecr_publish.builders.blobs import media_type
from ecr_publish.errors import BadImage
from ecr_publish.model.digest import Digest
from ecr_publish.oci.manifest import labels_of
from ecr_publish.oci.members import Members, Span

LARGEST_JSON = 4 << 20
LIST = "manifest.json"
# OCI-like archives and crane's name a compressed layer by its digest; skopeo and buildah a plain one by its diffID.
_NAMED = re.compile(r"(?:.*/)?([0-9a-f]{64})(?:\.tar)?(?:\.gz|\.zst)?")
_NAMED_CONFIG = re.compile(r"(?:blobs/sha256/|sha256:)?([0-9a-f]{64})(?:\.json)?")


@dataclass(frozen=True, slots=True)
class SavedLayer:
    """A layer in the archive. `stored` is the media type of one that is compressed, None of a plain tar."""

    name: str
    diff_id: str
    span: Span
    stored: str | None

    @property
    def named(self) -> Digest | None:
        """The digest that its name says; a request, never evidence."""
        match = _NAMED.fullmatch(self.name)
        return Digest(f"sha256:{match[1]}") if match else None

    @property
    def is_blob(self) -> bool:
        """Whether the name binds: a blob in an OCI layout with other bytes is damaged."""
        return self.name.startswith("blobs/sha256/")


@dataclass(frozen=True, slots=True)
class SavedImage:
    """One image of an archive; its layers in their order."""

    config: bytes
    labels: Mapping[str, str]
    layers: tuple[SavedLayer, ...]

    @property
    def by_diff_id(self) -> dict[str, SavedLayer]:
        """Each layer once, the largest first; of one that is there in two forms, the larger."""
        ordered = sorted(self.layers, key=lambda each: each.span.size)
        return dict(reversed({each.diff_id: each for each in ordered}.items()))


def saved_image(found: Members, reference: str | None) -> SavedImage:
    """The only image, or the one with that name. Raises BadImage."""
    image = _chosen(found, reference)
    body, config = _json(found, str(image.get("Config")))
    names = image.get("Layers")
    rootfs = config.get("rootfs") if isinstance(config, dict) else None
    diff_ids = rootfs.get("diff_ids") if isinstance(rootfs, dict) else None
    if not isinstance(names, list) or not isinstance(diff_ids, list):
        raise damaged(found, "its config or its list of layers is none")
    if len(diff_ids) != len(names):
        raise damaged(found, f"{len(names)} layers, and diffIDs for {len(diff_ids)}")
    layers = tuple(_layer(found, str(name), str(diff_id)) for name, diff_id in zip(names, diff_ids, strict=True))
    return SavedImage(body, labels_of(config), layers)


def is_layout(found: Members) -> bool:
    """Whether it is an OCI layout and nothing else: what engines from 25 on save is both."""
    return LIST not in found.files and "oci-layout" in found.files


def damaged(found: Members, what: str, hint: str = "make the archive again with `docker save`") -> BadImage:
    """The error for this archive."""
    return BadImage(what=what, where=found.where, hint=hint)


def _chosen(found: Members, reference: str | None) -> dict[str, Any]:
    _, images = _json(found, LIST)
    if not isinstance(images, list) or not images or not all(isinstance(each, dict) for each in images):
        raise damaged(found, f"{LIST} lists no image")
    if reference is None and len(images) > 1:
        raise damaged(found, f"it holds {len(images)} images ({_names(images)})", "say which with reference:")
    for image in images:
        if reference is None or {reference, f"{reference}:latest"} & set(_known_as(image)):
            return dict(image)
    raise damaged(found, f"it holds no image {reference!r}, but {_names(images)}", "check reference:")


def _known_as(image: Mapping[str, Any]) -> list[str]:
    """Its tags, and its id, which is what `docker save ID` leaves it with: the digest of its config."""
    tags, config = image.get("RepoTags"), _NAMED_CONFIG.fullmatch(str(image.get("Config")))
    return [*(map(str, tags) if isinstance(tags, list) else ()), *([f"sha256:{config[1]}"] if config else ())]


def _names(images: list[dict[str, Any]]) -> str:
    """The first name of each."""
    return ", ".join((*_known_as(image), "one without a name")[0] for image in images)


def _layer(found: Members, name: str, diff_id: str) -> SavedLayer:
    span = _span(found, name)
    with found.open(span) as file:
        return SavedLayer(name, diff_id, span, media_type(next(file.blocks(4), b"")))


def _span(found: Members, name: str) -> Span:
    span = found.find(name)
    if span is None:
        raise damaged(found, f"{name} is missing")
    return span


def _json(found: Members, name: str) -> tuple[bytes, Any]:
    """A JSON file of the archive: its bytes, and what they say."""
    if _span(found, name).size > LARGEST_JSON:
        raise damaged(found, f"{name} has more than {LARGEST_JSON >> 20} MiB")
    body = found.document(name, LARGEST_JSON)
    try:
        return body, json.loads(body)
    except (ValueError, RecursionError) as error:
        raise damaged(found, f"{name} is not JSON") from error
