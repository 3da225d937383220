"""Archives and layouts of other tools: converted, verified, and refused if they are damaged or reach outside."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ecr_publish.builders.archive import ArchiveBuilder
from ecr_publish.builders.layout import LayoutBuilder
from ecr_publish.config.builds import ArchiveBuild, LayoutBuild
from ecr_publish.errors import BadImage, BuildFailed
from ecr_publish.oci.layout import open_layout
from ecr_publish.ports.building import BuildRequest

CREATED = datetime(2026, 11, 24, tzinfo=UTC)


def request(root: Path, section: object) -> BuildRequest:
    output = root / "out"
    output.mkdir(exist_ok=True)
    return BuildRequest("web", section, root, output, (), CREATED)


def layer_tar(name: str, content: bytes) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        info = tarfile.TarInfo(name)
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))
    return made.getvalue()


def saved(path: Path, *, diff_id: str | None = None, links: dict[str, str] | None = None, drop: str = "") -> None:
    """A docker-archive as dockerd 20.10 writes it: layer.tar files, a layer twice by a symbolic link."""
    layer = layer_tar("hello", b"hello")
    digest = "sha256:" + hashlib.sha256(layer).hexdigest()
    config = {
        "os": "linux",
        "architecture": "amd64",
        "config": {"Labels": {"org.opencontainers.image.revision": "abc", "own": "x"}},
        "rootfs": {"type": "layers", "diff_ids": [diff_id or digest, digest]},
    }
    files = {
        "a/layer.tar": layer,
        "config.json": json.dumps(config).encode(),
        "manifest.json": json.dumps(
            [{"Config": "config.json", "RepoTags": ["web:1"], "Layers": ["a/layer.tar", "b/layer.tar"]}]
        ).encode(),
    }
    with tarfile.open(path, "w") as tar:
        for name, content in files.items():
            if name != drop:
                info = tarfile.TarInfo(name)
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
        for name, target in {"b/layer.tar": "../a/layer.tar", **(links or {})}.items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            tar.addfile(info)


def test_an_archive_becomes_a_layout_whose_layers_have_the_diff_ids(tmp_path):
    saved(tmp_path / "web.tar")
    built = ArchiveBuilder().build(request(tmp_path, ArchiveBuild(archive="web.tar")), lambda progress: None)
    layout = open_layout(Path(built.where.path))
    manifest = layout.manifest(built.where.digest)
    config = layout.json(manifest.config)
    plain = [gzip.decompress(layout.path(layer.digest).read_bytes()) for layer in manifest.layers]
    assert ["sha256:" + hashlib.sha256(each).hexdigest() for each in plain] == config["rootfs"]["diff_ids"]
    assert dict(manifest.annotations) == {"org.opencontainers.image.revision": "abc"}


def test_converting_twice_gives_the_same_digest(tmp_path):
    saved(tmp_path / "web.tar")
    digests = set()
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        saved(tmp_path / name / "web.tar")
        section = request(tmp_path / name, ArchiveBuild(archive="web.tar"))
        digests.add(ArchiveBuilder().build(section, lambda progress: None).where.digest)
    assert len(digests) == 1


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ({"diff_id": "sha256:" + "0" * 64}, "a layer has the diffID"),
        ({"drop": "a/layer.tar"}, "a/layer.tar is missing"),
        ({"drop": "manifest.json"}, "manifest.json is missing"),
        ({"links": {"evil": "/etc/passwd"}}, "leads outside"),
        ({"links": {"evil": "../../etc/passwd"}}, "leads outside"),
        ({"links": {"../evil": "a"}}, "leads outside"),
    ],
)
def test_a_damaged_or_hostile_archive_is_refused(tmp_path, damage, words):
    saved(tmp_path / "web.tar", **damage)
    with pytest.raises(BadImage) as caught:
        ArchiveBuilder().build(request(tmp_path, ArchiveBuild(archive="web.tar")), lambda progress: None)
    assert words in caught.value.what
    assert caught.value.exit_code == 2


def test_what_is_no_tar_is_refused(tmp_path):
    (tmp_path / "web.tar").write_bytes(b"x" * 2000)
    with pytest.raises(BadImage, match="no tar"):
        ArchiveBuilder().build(request(tmp_path, ArchiveBuild(archive="web.tar")), lambda progress: None)


@pytest.mark.parametrize(
    ("builder", "section"),
    [(ArchiveBuilder(), ArchiveBuild(archive="x")), (LayoutBuilder(), LayoutBuild(layout="x"))],
    ids=["archive", "layout"],
)
def test_what_is_not_there_is_a_failed_build(tmp_path, builder, section):
    with pytest.raises(BuildFailed, match="x is not there"):
        builder.build(request(tmp_path, section), lambda progress: None)


@pytest.mark.parametrize("as_tar", [False, True])
def test_a_layout_is_taken_as_it_is_directory_or_tar(tmp_path, as_tar):
    saved(tmp_path / "web.tar")
    first = ArchiveBuilder().build(request(tmp_path, ArchiveBuild(archive="web.tar")), lambda progress: None).where
    (tmp_path / "out").rename(tmp_path / "layout")
    if as_tar:
        with tarfile.open(tmp_path / "layout.tar", "w") as tar:
            tar.add(tmp_path / "layout", ".")
    section = LayoutBuild(layout="layout.tar" if as_tar else "layout")
    assert LayoutBuilder().build(request(tmp_path, section), lambda progress: None).where.digest == first.digest


@pytest.mark.parametrize("as_tar", [False, True])
def test_a_layout_with_another_blob_under_a_name_is_refused(tmp_path, as_tar):
    """Of a directory the size tells; other bytes of the same size are refused while they are sent (test_hostile)."""
    saved(tmp_path / "web.tar")
    built = ArchiveBuilder().build(request(tmp_path, ArchiveBuild(archive="web.tar")), lambda progress: None).where
    layout = open_layout(Path(built.path))
    layer = layout.path(layout.manifest(built.digest).layers[0].digest)
    layer.write_bytes(b"x" * (layer.stat().st_size - (not as_tar)))
    (tmp_path / "out").rename(tmp_path / "layout")
    if as_tar:
        with tarfile.open(tmp_path / "layout.tar", "w") as tar:
            tar.add(tmp_path / "layout", ".")
    section = LayoutBuild(layout="layout.tar" if as_tar else "layout")
    with pytest.raises(BadImage):
        LayoutBuilder().build(request(tmp_path, section), lambda progress: None)
