"""files: a reproducible image made of files, on scratch or a base layout, without any daemon."""

from __future__ import annotations

import os
import stat
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any

from ecr_publish.builders.blobs import CONFIG, INDEX, LAYERS, MANIFEST, Blob, Blobs, Compressing
from ecr_publish.builders.compression import compressor
from ecr_publish.builders.grown import laid_over
from ecr_publish.builders.inherited import Base, base_image
from ecr_publish.builders.output import all_or_nothing
from ecr_publish.builders.tree import Directory, Entry, File, Link, entries, with_parents
from ecr_publish.config.builds import FilesBuild
from ecr_publish.errors import BuildFailed
from ecr_publish.model.compression import Compression, compression
from ecr_publish.model.digest import Digest
from ecr_publish.model.events import Note, Notify
from ecr_publish.model.image import BuiltImage, InLayout
from ecr_publish.model.platform import Platform, parse_platform
from ecr_publish.ports.building import BuildRequest


class FilesBuilder:
    """Same files, same settings, same commit date: the same digest on every machine."""

    name = "files"

    def build(self, request: BuildRequest, notify: Notify) -> BuiltImage:
        """One manifest for one platform, an index for several. Raises BuildFailed, BadImage, MachineFault."""
        build: FilesBuild = request.build
        platforms = tuple(parse_platform(each) for each in build.platforms)
        with all_or_nothing(request.output):
            making = _Making(request, build, Blobs(request.output), notify)
            images = [(platform, making.image(platform)) for platform in platforms]
            root = images[0][1] if len(images) == 1 else making.index(images)
            making.blobs.finish(root)
        return BuiltImage(InLayout(str(request.output), root.digest), self.name)


@dataclass(frozen=True, slots=True)
class _Making:
    request: BuildRequest
    build: FilesBuild
    blobs: Blobs
    notify: Notify

    @property
    def how(self) -> Compression:
        return compression(self.build.compression, self.build.compression_level)

    @property
    def labels(self) -> dict[str, str]:
        return dict(self.request.labels) | dict(self.build.labels)

    @property
    def annotated(self) -> dict[str, Any]:
        """Labels are annotations too, so that they can be read without the config (image-spec, "Annotations")."""
        annotations = self.labels | dict(self.build.annotations)
        return {"annotations": annotations} if annotations else {}

    def image(self, platform: Platform) -> Blob:
        base = base_image(self.build.base, self.request.root, platform, self.blobs, self.notify)
        found = entries(self.build.files, self.request.root, platform)
        layer, diff_id = self.layer(_placed(found, base))
        config = self.blobs.put_json(_config(self, base, platform, diff_id), CONFIG)
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": config.descriptor(),
            "layers": [*base.layers, layer.descriptor()],
        }
        return self.blobs.put_json(manifest | self.annotated, MANIFEST)

    def index(self, images: list[tuple[Platform, Blob]]) -> Blob:
        children = [manifest.descriptor(platform=_platform(platform)) for platform, manifest in images]
        return self.blobs.put_json(
            {"schemaVersion": 2, "mediaType": INDEX, "manifests": children} | self.annotated, INDEX
        )

    def layer(self, found: tuple[Entry, ...]) -> tuple[Blob, Digest]:
        """The layer, streamed: file -> tar -> diffID -> gzip -> digest -> disk."""
        diff_ids: list[Digest] = []
        mtime = int(self.request.created.timestamp())

        def write(sink: IO[bytes]) -> None:
            # PAX writes extra headers only where a name or number does not fit: deterministic, and read everywhere.
            with (
                Compressing(sink, compressor(self.how)) as compressing,
                tarfile.open(fileobj=compressing, mode="w|", format=tarfile.PAX_FORMAT, bufsize=1 << 20) as tar,  # type: ignore[call-overload]
            ):
                for entry in found:
                    _add(tar, entry, mtime, self.notify)
            diff_ids.append(compressing.diff_id)

        return self.blobs.put_stream(write, LAYERS[self.how.method]), diff_ids[0]


def _placed(found: tuple[Entry, ...], base: Base) -> tuple[Entry, ...]:
    """The entries where they land, with all directories on the way as the base has them or 0755."""
    landed: dict[str, Entry] = {}
    for entry in (laid_over(each, base.tree) for each in found):
        if entry.name in landed and not isinstance(entry, Directory):
            raise BuildFailed(
                what=f"/{entry.name} is put into the image twice, once by a link of the base",
                where="files",
                hint="take one of the two out",
            )
        landed[entry.name] = entry
    inherited = {each.name: each for each in with_parents(tuple(landed.values()))}
    for name, each in base.tree.items():
        if name in inherited and name not in landed and isinstance(each, Directory):
            inherited[name] = each
    return tuple(inherited.values())


def _platform(platform: Platform) -> dict[str, str]:
    found = {"os": platform.os, "architecture": platform.architecture}
    return found | ({"variant": platform.variant} if platform.variant else {})


def _add(tar: tarfile.TarFile, entry: Entry, mtime: int, notify: Notify) -> None:
    info = tarfile.TarInfo(entry.name)
    info.uid, info.gid, info.mtime = entry.uid, entry.gid, mtime
    match entry:
        case Directory(mode=mode):
            info.type, info.mode = tarfile.DIRTYPE, mode
            tar.addfile(info)
        case Link(target=target):
            info.type, info.mode, info.linkname = tarfile.SYMTYPE, 0o777, target
            tar.addfile(info)
        case File(mode=mode):
            info.mode = mode
            with _opened(entry) as file:
                info.size = os.fstat(file.fileno()).st_size
                tar.addfile(info, _Watched(file, info.size, entry, notify))  # type: ignore[arg-type]


def _opened(entry: File) -> IO[bytes]:
    """The file for reading. A link or pipe that was put there meanwhile is neither followed nor waited for."""
    try:
        file = os.fdopen(os.open(entry.source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb", buffering=0)
    except OSError as error:
        raise BuildFailed(
            what=f"{entry.source} cannot be read: {error.strerror}", where="files", hint="check its permissions"
        ) from error
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise _changed(entry)
    return file


class _Watched:
    """A file being put in: tells that work goes on, and notices if it becomes shorter."""

    def __init__(self, file: IO[bytes], size: int, entry: File, notify: Notify) -> None:
        self._file, self._left, self._entry, self._notify = file, size, entry, notify

    def read(self, size: int) -> bytes:
        """Exactly `size` bytes, as tarfile asks for them. Raises BuildFailed."""
        self._notify(Note(f"/{self._entry.name}"))
        data = self._file.read(size)
        while len(data) < min(size, self._left):
            more = self._file.read(size - len(data))
            if not more:
                raise _changed(self._entry)
            data += more
        self._left -= len(data)
        return data


def _changed(entry: File) -> BuildFailed:
    return BuildFailed(
        what=f"{entry.source} changed while it was read", where="files", hint="build when nothing writes there"
    )


def _config(making: _Making, base: Base, platform: Platform, diff_id: Digest) -> dict[str, Any]:
    """The image config (image-spec, "OCI Image Configuration"): the base's, with what the file says over it."""
    created = making.request.created.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "created": created,
        **_platform(platform),
        "config": _settings(making, base.settings),
        "rootfs": {"type": "layers", "diff_ids": [*base.diff_ids, str(diff_id)]},
        "history": [*base.history, {"created": created, "created_by": "ecr-publish files"}],
    }


def _settings(making: _Making, inherited: Mapping[str, Any]) -> dict[str, Any]:
    build, settings = making.build, dict(inherited)
    env = dict(each.partition("=")[::2] for each in settings.get("Env") or ()) | dict(build.env)
    if build.entrypoint:
        # As in a Dockerfile: arguments that were meant for another program are not kept.
        settings.pop("Cmd", None)
    ports: dict[str, Any] = {port if "/" in port else f"{port}/tcp": {} for port in build.expose}
    own: dict[str, Any] = {
        "Env": [f"{key}={value}" for key, value in env.items()],
        "Entrypoint": list(build.entrypoint),
        "Cmd": list(build.cmd),
        "User": build.user,
        "WorkingDir": build.workdir,
        "ExposedPorts": dict(settings.get("ExposedPorts") or {}) | ports,
        "Labels": dict(settings.get("Labels") or {}) | making.labels,
    }
    return settings | {key: value for key, value in own.items() if value}
