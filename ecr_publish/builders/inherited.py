"""The base of a `files` image: nothing (scratch), or the image of an OCI layout for the wanted platform."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ecr_publish.builders.blobs import Blobs, copy_file
from ecr_publish.errors import BadImage, BuildFailed
from ecr_publish.model.platform import Platform
from ecr_publish.oci.layout import Layout, open_layout
from ecr_publish.oci.manifest import Index, Manifest


@dataclass(frozen=True, slots=True)
class Base:
    """What an image inherits: layer descriptors as they stand, diffIDs, history and run settings."""

    layers: tuple[dict[str, Any], ...] = ()
    diff_ids: tuple[str, ...] = ()
    history: tuple[dict[str, Any], ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)


def base_image(path: str | None, root: Path, platform: Platform, blobs: Blobs) -> Base:
    """The base with its layers put into the new layout. Raises BuildFailed, BadImage."""
    if path is None or path == "scratch":
        return Base()
    if not (root / path).is_dir():
        raise BuildFailed(what=f"the base {path} is no OCI layout directory", where="build.base", hint="name a layout")
    layout = open_layout(root / path)
    manifest = _manifest(layout, platform, path)
    config = layout.json(manifest.config)
    for layer in manifest.layers:
        layout.check(layer)
        copy_file(layout.path(layer.digest), blobs.path(layer.digest))
    return Base(
        layers=tuple(layer.json() for layer in manifest.layers),
        diff_ids=tuple(config.get("rootfs", {}).get("diff_ids", ())),
        history=tuple(config.get("history", ())),
        settings=dict(config.get("config") or {}),
    )


def _manifest(layout: Layout, platform: Platform, path: str) -> Manifest:
    found = layout.manifest(layout.root().digest)
    if isinstance(found, Index):
        for child in found.children:
            if child.platform is not None and str(child.platform) == str(platform):
                found = layout.manifest(child.digest)
                break
    if not isinstance(found, Manifest):
        raise BadImage(what=f"the base has no image for {platform}", where=path, hint="build the base for it")
    return found
