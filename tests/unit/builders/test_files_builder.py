"""The files builder: the same files give the same digest, and nothing from outside gets in."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import tarfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ecr_publish.builders.files import FilesBuilder
from ecr_publish.builders.inputs import inputs_hash
from ecr_publish.config.builds import FileEntry, FilesBuild
from ecr_publish.errors import BuildFailed
from ecr_publish.oci.layout import open_layout
from ecr_publish.ports.building import BuildRequest

CREATED = datetime(2026, 11, 24, tzinfo=UTC)


def entry(source: str, to: str, **more: str) -> FileEntry:
    return FileEntry(source=source, to=to, **more)


def build(root: Path, *files: FileEntry, output: str = "out", **more) -> str:
    """The digest; the layout is in root/output."""
    (root / output).mkdir(parents=True)
    section = FilesBuild(files=files, **more)
    request = BuildRequest(
        "web", section, root, root / output, (("org.opencontainers.image.revision", "abc"),), CREATED
    )
    return str(FilesBuilder().build(request, lambda progress: None).where.digest)


def members(root: Path, output: str = "out") -> dict[str, tarfile.TarInfo]:
    layout = open_layout(root / output)
    manifest = layout.manifest(layout.root().digest)
    with tarfile.open(layout.path(manifest.layers[-1].digest)) as tar:
        return {member.name: member for member in tar}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "site" / "deep").mkdir(parents=True)
    (tmp_path / "site" / "index.html").write_text("hello")
    (tmp_path / "site" / "deep" / "a.txt").write_text("a")
    (tmp_path / "app").write_bytes(b"\x7fELF")
    (tmp_path / "app").chmod(0o700)
    return tmp_path


def test_the_same_files_give_the_same_digest_whatever_time_order_and_umask(root):
    first = build(root, entry("site", "/srv"), entry("app", "/bin/app"), output="one")
    for path in root.rglob("*"):
        if "one" not in path.parts:
            os.utime(path, (1, 1))
    (root / "app").chmod(0o755)
    (root / "site" / "index.html").chmod(0o600)
    assert build(root, entry("app", "/bin/app"), entry("site", "/srv"), output="two") == first


def test_the_digest_is_this_one_on_every_machine(tmp_path):
    (tmp_path / "f").write_text("fixed")
    assert build(tmp_path, entry("f", "/f")) == ("sha256:" + hashlib.sha256(_manifest(tmp_path)).hexdigest())
    layer = json.loads(_manifest(tmp_path))["layers"][0]["digest"]
    assert layer == "sha256:73fe4e7e8e67004530b75aa1f9a4ae2d8853040148cb1e5918b1e4d03e3bb81e"


def _manifest(root: Path) -> bytes:
    index = json.loads((root / "out" / "index.json").read_text())
    return (root / "out" / "blobs" / "sha256" / index["manifests"][0]["digest"][7:]).read_bytes()


def test_a_change_of_content_or_of_the_executable_bit_changes_it(root):
    first = build(root, entry("app", "/app"), output="one")
    (root / "app").chmod(0o600)
    assert build(root, entry("app", "/app"), output="two") != first


def test_directories_modes_and_owners_are_as_said(root):
    build(root, entry("site", "/srv/www"), entry("app", "/bin/", mode="0711", owner="1000:1001"))
    found = members(root)
    assert found["bin/app"].mode == 0o711
    assert (found["bin/app"].uid, found["bin/app"].gid) == (1000, 1001)
    assert found["srv/www/deep"].isdir()
    assert found["srv"].mode == 0o755
    assert found["srv/www/index.html"].mtime == CREATED.timestamp()


def test_several_platforms_give_an_index_with_their_own_files(root):
    for arch in ("amd64", "arm64"):
        (root / f"app-{arch}").write_text(arch)
    build(root, entry("app-{arch}", "/app"), platforms=("linux/amd64", "linux/arm64"))
    layout = open_layout(root / "out")
    index = layout.manifest(layout.root().digest)
    assert [str(child.platform) for child in index.children] == ["linux/amd64", "linux/arm64"]
    assert len({child.digest for child in index.children}) == 2


def test_a_base_layout_brings_its_layers_and_settings(root):
    build(root, entry("site", "/srv"), env=(("A", "1"),), output="base")
    build(root, entry("app", "/app"), base="base", entrypoint=("/app",), env=(("B", "2"),))
    layout = open_layout(root / "out")
    manifest = layout.manifest(layout.root().digest)
    config = layout.json(manifest.config)
    assert len(manifest.layers) == len(config["rootfs"]["diff_ids"]) == 2
    assert config["config"]["Env"] == ["A=1", "B=2"]
    assert config["config"]["Entrypoint"] == ["/app"]


def test_every_blob_is_what_its_name_says(root):
    build(root, entry("site", "/srv"))
    blobs = list((root / "out" / "blobs" / "sha256").iterdir())
    assert blobs
    assert all(hashlib.sha256(blob.read_bytes()).hexdigest() == blob.name for blob in blobs)


@pytest.mark.parametrize(
    ("source", "to", "words"),
    [
        ("not-there", "/x", "not-there is not there"),
        ("../secret", "/x", "leaves the directory"),
        ("/etc/passwd", "/x", "leaves the directory"),
        ("outside", "/x", "leads outside by a symbolic link"),
        ("socket", "/x", "neither file, directory nor link"),
        ("app", "/a/../../b", "goes upwards"),
    ],
)
def test_what_cannot_go_in_is_refused_with_its_name(root, source, to, words):
    (root / "outside").symlink_to("/etc")
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(root / "socket"))
        with pytest.raises(BuildFailed) as caught:
            build(root, entry(source, to))
    assert words in caught.value.what
    assert caught.value.exit_code == 4


def test_a_file_into_the_root_keeps_its_name(root):
    build(root, entry("app", "/"))
    assert list(members(root)) == ["app"]


def test_two_files_at_one_place_are_refused(root):
    with pytest.raises(BuildFailed, match="put into the image twice"):
        build(root, entry("app", "/x"), entry("site/index.html", "/x"))


def test_the_inputs_hash_changes_with_what_goes_in_and_with_nothing_else(root):
    section = FilesBuild(files=(entry("site", "/srv"),))
    first = inputs_hash(section, root)
    os.utime(root / "site" / "index.html", (1, 1))
    (root / "elsewhere").write_text("x")
    assert inputs_hash(section, root) == first
    (root / "site" / "index.html").write_text("other")
    assert inputs_hash(section, root) != first
