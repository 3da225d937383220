"""The inputs hash: it changes with what goes into the image, and with nothing else."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pytest

from ecr_publish.builders.inputs import inputs_hash
from ecr_publish.config.builds import ArchiveBuild, DockerBuild, FileEntry, FilesBuild, LayoutBuild
from tests.unit.builders.layouts import base_layout, config_of, layer, sha256, write_tar

DOCKER = DockerBuild()
FILES = FilesBuild(files=(FileEntry(source="site", to="/srv"),))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "site" / "deep").mkdir(parents=True)
    (tmp_path / "site" / "index.html").write_text("hello")
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / ".dockerignore").write_text("*.log\n.dockerignore\nDockerfile\n")
    return tmp_path


def change(root: Path, how: str) -> None:
    match how:
        case "content":
            (root / "site" / "index.html").write_text("other")
        case "name":
            (root / "site" / "index.html").rename(root / "site" / "index.htm")
        case "executable":
            (root / "site" / "index.html").chmod(0o755)
        case "empty directory":
            (root / "site" / "empty").mkdir()
        case "link to a directory":
            (root / "site" / "link").symlink_to("deep")
        case "dockerfile":
            (root / "Dockerfile").write_text("FROM scratch\nUSER 7\n")
        case "ignore":
            (root / ".dockerignore").write_text("")
        case "times":
            os.utime(root / "site" / "index.html", (1, 1))
        case "umask":
            (root / "site" / "index.html").chmod(0o600)
        case "ignored":
            (root / "build.log").write_text("x")
        case "ours":
            (root / "site" / ".ecr-publish").mkdir()
            (root / "site" / ".ecr-publish" / "x").write_text("x")
        case "git":
            (root / ".git").mkdir()
            (root / ".git" / "index").write_text("x")


@pytest.mark.parametrize("how", ["content", "name", "executable", "empty directory", "link to a directory"])
@pytest.mark.parametrize("build", [DOCKER, FILES], ids=["docker", "files"])
def test_it_changes_with_what_goes_in(root, build, how):
    before = inputs_hash(build, root)
    change(root, how)
    assert inputs_hash(build, root) != before


@pytest.mark.parametrize("how", ["dockerfile", "ignore"])
def test_a_dockerfile_and_an_ignore_file_count_even_if_they_are_ignored(root, how):
    before = inputs_hash(DOCKER, root)
    change(root, how)
    assert inputs_hash(DOCKER, root) != before


@pytest.mark.parametrize("how", ["times", "umask", "ignored", "ours", "git"])
@pytest.mark.parametrize("build", [DOCKER, FILES], ids=["docker", "files"])
def test_it_does_not_change_with_what_stays_out(root, build, how):
    before = inputs_hash(build, root)
    change(root, how)
    assert inputs_hash(build, root) == before


def test_a_dockerfile_beside_the_context_counts(root):
    section = DockerBuild(context="site", dockerfile="../Dockerfile")
    before = inputs_hash(section, root)
    change(root, "dockerfile")
    assert inputs_hash(section, root) != before


def test_a_dockerignore_means_nothing_to_files(root):
    (root / "site" / ".dockerignore").write_text("*\n")
    before = inputs_hash(FILES, root)
    change(root, "content")
    assert inputs_hash(FILES, root) != before


def test_it_is_the_same_wherever_the_repository_lies(tmp_path):
    hashes = set()
    for place in ("one", "two/deeper"):
        (tmp_path / place / "site").mkdir(parents=True)
        (tmp_path / place / "site" / "x").write_text("x")
        hashes |= {inputs_hash(FILES, tmp_path / place), inputs_hash(DockerBuild(context="site"), tmp_path / place)}
    assert len(hashes) == 2


def test_settings_count(root):
    assert inputs_hash(DockerBuild(args=(("A", "1"),)), root) != inputs_hash(DOCKER, root)


def test_moving_bytes_between_two_files_changes_it(tmp_path):
    (tmp_path / "site").mkdir()
    hashes = set()
    for one, two in (("ab", "c"), ("a", "bc")):
        (tmp_path / "site" / "1").write_text(one)
        (tmp_path / "site" / "2").write_text(two)
        hashes.add(inputs_hash(FILES, tmp_path))
    assert len(hashes) == 2


def test_each_platform_counts_with_its_own_file(root):
    section = FilesBuild(files=(FileEntry(source="app-{arch}", to="/app"),), platforms=("linux/amd64", "linux/arm64"))
    for arch in ("amd64", "arm64"):
        (root / f"app-{arch}").write_text(arch)
    before = inputs_hash(section, root)
    (root / "app-arm64").write_text("other")
    assert inputs_hash(section, root) != before


@pytest.mark.parametrize("source", ["app-{os}-{arch}{variant}", "site/**.html", "/etc/host*", "../*", "none-*"])
def test_whatever_a_pattern_looks_like_it_is_the_builder_that_refuses_it(root, source):
    assert inputs_hash(FilesBuild(files=(FileEntry(source=source, to="/app"),)), root)


@pytest.mark.parametrize(
    "build", [LayoutBuild(layout="x"), FilesBuild(files=FILES.files, base="x")], ids=["layout", "base"]
)
def test_a_layout_counts_by_what_its_index_names(root, build):
    base_layout(root / "x", layer(("f", b"1")))
    before = inputs_hash(build, root)
    (root / "x").rename(root / "old")
    base_layout(root / "x", layer(("f", b"2")))
    assert inputs_hash(build, root) != before


@pytest.mark.parametrize(
    "build", [LayoutBuild(layout="x.tar"), ArchiveBuild(archive="x.tar")], ids=["layout", "archive"]
)
def test_a_tar_counts_by_its_content_and_may_be_absent(root, build):
    hashes = [inputs_hash(build, root)]
    for content in ("1", "2"):
        (root / "x.tar").write_text(content)
        hashes.append(inputs_hash(build, root))
    assert len(set(hashes)) == 3


ARCHIVE = ArchiveBuild(archive="web.tar")


def archive(root: Path, name: str = "layer", layers: tuple[bytes, ...] = (), **changes: object) -> Path:
    """A docker-archive; `layers` lie there in place of the one that its config knows."""
    plain = layer(("file", b"content"))
    listed = [{"Config": "config", "RepoTags": ["web:1"], "Layers": [name]}]
    files = {"config": config_of([plain], **changes), "manifest.json": json.dumps(listed).encode()}
    return write_tar(root / "web.tar", files | {name: layers[0] if layers else plain})


def inputs(root: Path, *arguments: object, **more: object) -> str:
    archive(root, *arguments, **more)
    return inputs_hash(ARCHIVE, root)


def test_an_archives_inputs_are_its_config_and_how_its_layers_are_stored(tmp_path):
    packed = [gzip.compress(layer(("file", b"content")), level, mtime=0) for level in (1, 9)]
    blobs = ["blobs/sha256/" + sha256(each)[7:] for each in packed]
    different = [
        inputs(tmp_path),
        inputs(tmp_path, User="web"),
        *(inputs(tmp_path, "layer", (each,)) for each in packed),
        *(inputs(tmp_path, name, (each,)) for name, each in zip(blobs, packed, strict=True)),
    ]
    assert len(set(different)) == len(different)
    assert inputs(tmp_path) == different[0]


def test_plain_layers_and_blobs_are_not_read_for_the_inputs(tmp_path):
    """Their diffIDs and names say what they are, and they are compared with those when they are read."""
    packed = gzip.compress(layer(("file", b"content")), mtime=0)
    name = "blobs/sha256/" + sha256(packed)[7:]
    whole = [inputs(tmp_path), inputs(tmp_path, name, (packed,))]
    unread = [inputs(tmp_path, "layer", (bytes(2048),)), inputs(tmp_path, name, (packed[:4] + bytes(len(packed)),))]
    assert unread == whole


@pytest.mark.parametrize("section", [ARCHIVE, LayoutBuild(layout="web.tar")], ids=["archive", "layout"])
def test_of_what_cannot_be_looked_through_every_byte_counts(tmp_path, section):
    found = set()
    for body in (b"", b"no tar", gzip.compress(archive(tmp_path).read_bytes()), layer(("x", b"y")), layer(("x", b"z"))):
        (tmp_path / "web.tar").write_bytes(body)
        found.add(inputs_hash(section, tmp_path))
    assert len(found) == 5


def test_a_layout_in_a_tar_has_its_index_for_its_inputs(tmp_path):
    hashes = set()
    for name in ("one", "two"):
        made = base_layout(tmp_path / name, layer((name, b"x")))
        for order in (1, -1):
            files = sorted(each for each in made.rglob("*") if each.is_file())[::order]
            write_tar(tmp_path / "web.tar", {str(each.relative_to(made)): each.read_bytes() for each in files})
            hashes.add(inputs_hash(LayoutBuild(layout="web.tar"), tmp_path))
    assert len(hashes) == 2
