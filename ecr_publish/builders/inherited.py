"""The base of a `files` image: nothing (scratch), or the image of an OCI layout for the wanted platform."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ecr_publish.builders.blobs import LAYER_GZIP, Blobs, copy_file
from ecr_publish.builders.grown import Kept, grown
from ecr_publish.config.builds import SCRATCH
from ecr_publish.errors import BadImage, BuildFailed
from ecr_publish.model.events import Note, Notify
from ecr_publish.model.platform import Platform
from ecr_publish.oci.layout import Layout, open_layout
from ecr_publish.oci.manifest import Descriptor, Index, Manifest

LAYER = "application/vnd.oci.image.layer.v1.tar"
# One manifest names layers in one vocabulary: registries and runtimes refuse or misread mixtures.
_AS_OCI = {
    "application/vnd.docker.image.rootfs.diff.tar.gzip": LAYER_GZIP,
    "application/vnd.docker.image.rootfs.diff.tar": LAYER,
}


@dataclass(frozen=True, slots=True)
class Base:
    """What an image inherits: layer descriptors, diffIDs, history, run settings, and what is at which path."""

    layers: tuple[dict[str, Any], ...] = ()
    diff_ids: tuple[str, ...] = ()
    history: tuple[dict[str, Any], ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)
    tree: Mapping[str, Kept] = field(default_factory=dict)


def base_image(path: str | None, root: Path, platform: Platform, blobs: Blobs, notify: Notify) -> Base:
    """The base with its layers put into the new layout, each verified. Raises BuildFailed, BadImage."""
    if path is None or path == SCRATCH:
        return Base()
    if not (root / path).is_dir():
        raise BuildFailed(
            what=f"the base {path} is no directory",
            where="build.base",
            hint="name the directory of an OCI layout (unpack a tar of one before), or leave base: out for scratch",
        )
    layout = open_layout(root / path)
    manifest, config = _image(layout, platform, path)
    for layer in manifest.layers:
        for _ in layout.blocks(layer):
            notify(Note(f"verifying {layer.digest.short} of the base"))
        copy_file(layout.path(layer.digest), blobs.path(layer.digest))
    media_types = [_AS_OCI.get(layer.media_type, layer.media_type) for layer in manifest.layers]
    return Base(
        layers=tuple(
            layer.json() | {"mediaType": kind} for layer, kind in zip(manifest.layers, media_types, strict=True)
        ),
        diff_ids=_diff_ids(config, len(manifest.layers), path),
        history=tuple(config.get("history") or ()),
        settings=dict(config.get("config") or {}),
        tree=grown([(layout.path(layer.digest), layer.media_type) for layer in manifest.layers], path, notify),
    )


def _diff_ids(config: Mapping[str, Any], layers: int, path: str) -> tuple[str, ...]:
    found = (config.get("rootfs") or {}).get("diff_ids") or ()
    if len(found) != layers:
        raise _bad(path, f"it has {layers} layers and {len(found)} diffIDs")
    return tuple(found)


def _image(layout: Layout, platform: Platform, path: str) -> tuple[Manifest, dict[str, Any]]:
    """The manifest and config for the platform: an entry of an index, or the only image if it is for that one."""
    candidates: list[Descriptor] = []
    read = layout.reader("bring a base that holds fewer images")
    for entry in layout.entries:
        document = read(entry)
        candidates += document.children if isinstance(document, Index) else [entry]
    named = [each for each in candidates if each.platform is not None and _same(each.platform, platform)]
    for each in named or [each for each in candidates if each.platform is None]:
        document = layout.manifest(each.digest, each.media_type)
        if isinstance(document, Manifest):
            config = layout.json(document.config)
            if _same(_said(config, platform), platform):
                return document, config
    raise _bad(path, f"it has no image for {platform}")


def _said(config: Mapping[str, Any], otherwise: Platform) -> Platform:
    """The platform that a config names (image-spec, "OCI Image Configuration": both are required)."""
    return Platform(
        str(config.get("os") or otherwise.os),
        str(config.get("architecture") or otherwise.architecture),
        config.get("variant") or None,
    )


def _same(one: Platform, other: Platform) -> bool:
    return _plain(one) == _plain(other)


def _plain(platform: Platform) -> Platform:
    """Without a variant that goes without saying: arm64 is v8, amd64 is v1."""
    usual = {"arm64": "v8", "amd64": "v1"}.get(platform.architecture)
    return Platform(platform.os, platform.architecture, None if platform.variant == usual else platform.variant)


def _bad(path: str, what: str) -> BadImage:
    return BadImage(
        what=f"the base: {what}", where=path, hint="bring a base that is made for the platforms of this image"
    )
