"""files: a reproducible image made of files, on scratch or a base layout, without any daemon."""

from __future__ import annotations

import tarfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from ecr_publish.builders import gzip
from ecr_publish.builders.blobs import CONFIG, INDEX, LAYER_GZIP, MANIFEST, Blob, Blobs, Compressing
from ecr_publish.builders.inherited import Base, base_image
from ecr_publish.builders.tree import Entry, entries
from ecr_publish.config.model import FilesBuild
from ecr_publish.model.digest import Digest
from ecr_publish.model.events import Note, Notify
from ecr_publish.model.image import BuiltImage, InLayout
from ecr_publish.model.platform import Platform, parse_platform
from ecr_publish.ports import BuildRequest


class FilesBuilder:
    """Same files, same settings, same commit date: the same digest on every machine."""

    name = "files"

    def build(self, request: BuildRequest, notify: Notify) -> BuiltImage:
        """One manifest for one platform, an index for several. Raises BuildFailed, BadImage."""
        build: FilesBuild = request.build
        blobs = Blobs(request.output)
        platforms = tuple(parse_platform(each) for each in build.platforms)
        annotations = dict(request.labels) | dict(build.annotations)
        manifests = []
        for platform in platforms:
            notify(Note(f"{platform}: making the layer"))
            manifests.append(_image(request, build, blobs, platform, annotations, notify))
        root = manifests[0]
        if len(platforms) > 1:
            root = _index(blobs, list(zip(platforms, manifests, strict=True)), annotations)
        blobs.finish(root)
        return BuiltImage(InLayout(str(request.output), root.digest), self.name)


def _image(
    request: BuildRequest,
    build: FilesBuild,
    blobs: Blobs,
    platform: Platform,
    annotations: Mapping[str, str],
    notify: Notify,
) -> Blob:
    base = base_image(build.base, request.root, platform, blobs)
    found = entries(build.files, request.root, platform)
    layer, diff_id = _layer(blobs, found, request.created, notify)
    config = blobs.put_json(_config(build, base, platform, diff_id, request), CONFIG)
    manifest: dict[str, Any] = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": config.descriptor(),
        "layers": [*base.layers, layer.descriptor()],
    }
    if annotations:
        manifest["annotations"] = dict(annotations)
    return blobs.put_json(manifest, MANIFEST)


def _index(blobs: Blobs, images: list[tuple[Platform, Blob]], annotations: Mapping[str, str]) -> Blob:
    children = [manifest.descriptor(platform=_platform(platform)) for platform, manifest in images]
    index: dict[str, Any] = {"schemaVersion": 2, "mediaType": INDEX, "manifests": children}
    if annotations:
        index["annotations"] = dict(annotations)
    return blobs.put_json(index, INDEX)


def _platform(platform: Platform) -> dict[str, str]:
    found = {"os": platform.os, "architecture": platform.architecture}
    return found | ({"variant": platform.variant} if platform.variant else {})


def _layer(blobs: Blobs, found: tuple[Entry, ...], created: datetime, notify: Notify) -> tuple[Blob, Digest]:
    """The layer, streamed: file -> tar -> diffID -> gzip -> digest -> disk."""
    diff_ids: list[Digest] = []

    def write(sink: IO[bytes]) -> None:
        compressing = Compressing(sink, gzip.portable())
        # PAX writes extra headers only where a name or number does not fit: deterministic, and read everywhere.
        with tarfile.open(fileobj=compressing, mode="w|", format=tarfile.PAX_FORMAT, bufsize=1 << 20) as tar:  # type: ignore[call-overload]
            for entry in found:
                notify(Note(f"/{entry.name}"))
                _add(tar, entry, int(created.timestamp()))
        compressing.close()
        diff_ids.append(compressing.diff_id)

    return blobs.put_stream(write, LAYER_GZIP), diff_ids[0]


def _add(tar: tarfile.TarFile, entry: Entry, mtime: int) -> None:
    info = tarfile.TarInfo(entry.name)
    info.mode, info.uid, info.gid, info.mtime = entry.mode, entry.uid, entry.gid, mtime
    if entry.link is not None:
        info.type, info.linkname = tarfile.SYMTYPE, entry.link
        tar.addfile(info)
    elif entry.is_directory:
        info.type = tarfile.DIRTYPE
        tar.addfile(info)
    else:
        assert entry.source is not None
        with Path(entry.source).open("rb") as file:
            file.seek(0, 2)
            info.size = file.tell()
            file.seek(0)
            tar.addfile(info, file)


def _config(
    build: FilesBuild, base: Base, platform: Platform, diff_id: Digest, request: BuildRequest
) -> dict[str, Any]:
    """The image config (image-spec, "OCI Image Configuration"): the base's, with what the file says over it."""
    created = request.created.strftime("%Y-%m-%dT%H:%M:%SZ")
    settings = dict(base.settings)
    env = dict(each.partition("=")[::2] for each in settings.get("Env", ())) | dict(build.env)
    if env:
        settings["Env"] = [f"{key}={value}" for key, value in env.items()]
    own: dict[str, Any] = {
        "Entrypoint": list(build.entrypoint),
        "Cmd": list(build.cmd),
        "User": build.user,
        "WorkingDir": build.workdir,
        "ExposedPorts": {port if "/" in port else f"{port}/tcp": {} for port in build.expose},
    }
    settings |= {key: value for key, value in own.items() if value}
    labels = dict(settings.get("Labels") or {}) | dict(request.labels)
    if labels:
        settings["Labels"] = labels
    return {
        "created": created,
        **_platform(platform),
        "config": settings,
        "rootfs": {"type": "layers", "diff_ids": [*base.diff_ids, str(diff_id)]},
        "history": [*base.history, {"created": created, "created_by": "ecr-publish files"}],
    }
