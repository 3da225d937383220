"""A base under a files image: what is laid over it changes nothing but what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecr_publish.builders.files import FilesBuilder
from ecr_publish.config.builds import FileEntry, FilesBuild
from ecr_publish.errors import BadImage, BuildFailed
from ecr_publish.oci.layout import open_layout
from tests.unit.builders.layouts import (
    Writing,
    base_layout,
    config_in,
    directory,
    layer,
    link,
    manifest_of,
    quiet,
    request,
    top_layer,
)

MERGED_USR = layer(directory("usr"), directory("usr/bin"), link("bin", "usr/bin"), directory("tmp", 0o1777))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "app").write_text("app")
    (tmp_path / "tree" / "bin").mkdir(parents=True)
    (tmp_path / "tree" / "bin" / "tool").write_text("tool")
    return tmp_path


def build(root: Path, *entries: tuple[str, str], base: str = "base", platforms=("linux/amd64",), **more) -> Path:
    files = tuple(FileEntry(source=source, to=to) for source, to in entries)
    FilesBuilder().build(request(root, FilesBuild(files=files, base=base, platforms=platforms, **more)), quiet)
    return root / "out"


def test_a_file_below_a_link_of_the_base_lands_where_the_link_leads(root):
    base_layout(root / "base", MERGED_USR)
    assert sorted(top_layer(build(root, ("app", "/bin/app")))) == ["usr", "usr/bin", "usr/bin/app"]


def test_a_tree_with_a_directory_where_the_base_has_a_link_leaves_the_link(root):
    base_layout(root / "base", MERGED_USR)
    assert sorted(top_layer(build(root, ("tree", "/")))) == ["usr", "usr/bin", "usr/bin/tool"]


@pytest.mark.parametrize(
    ("links", "to", "lands"),
    [
        ((link("a", "/b"), link("b", "c"), directory("c")), "/a/x", "c/x"),
        ((directory("d"), link("d/up", "../e"), directory("e")), "/d/up/x", "e/x"),
        ((link("out", "../../../etc"),), "/out/x", "etc/x"),
    ],
    ids=["chained", "relative", "above the root"],
)
def test_links_of_the_base_are_followed_inside_of_the_image(root, links, to, lands):
    base_layout(root / "base", layer(*links))
    assert lands in top_layer(build(root, ("app", to)))


def test_links_that_go_in_a_circle_are_refused(root):
    base_layout(root / "base", layer(link("a", "b"), link("b", "a")))
    with pytest.raises(BuildFailed, match="goes round in links"):
        build(root, ("app", "/a/x"))


def test_directories_of_the_base_keep_their_mode_and_owner(root):
    base_layout(root / "base", layer(directory("tmp", 0o1777), directory("home", 0o750, uid=1000)))
    found = top_layer(build(root, ("app", "/tmp/app"), ("app", "/home/app")))
    assert (found["tmp"].mode, found["home"].mode, found["home"].uid) == (0o1777, 0o750, 1000)


@pytest.mark.parametrize("whiteout", [".wh.bin", ".wh..wh..opq"])
def test_what_a_later_layer_of_the_base_hides_is_gone(root, whiteout):
    base_layout(root / "base", MERGED_USR, layer((whiteout, b"")))
    assert sorted(top_layer(build(root, ("app", "/bin/app"))))[:2] == ["bin", "bin/app"]


def test_the_base_of_the_platform_is_taken_from_an_index(root):
    writing = Writing(root / "base")
    platforms = {arch: {"os": "linux", "architecture": arch} for arch in ("amd64", "arm64")}
    children = [
        {**writing.image([layer((arch, b""))], f"linux/{arch}"), "platform": platform}
        for arch, platform in platforms.items()
    ]
    children[1]["platform"]["variant"] = "v8"  # which goes without saying for arm64
    writing.finish(*children)
    opened = open_layout(build(root, ("app", "/app"), platforms=("linux/amd64", "linux/arm64")))
    images = [opened.manifest(child.digest) for child in manifest_of(opened).children]
    assert [image.layers[0].digest for image in images] == [
        open_layout(root / "base").manifest(child.digest).layers[0].digest
        for child in open_layout(root / "base").entries
    ]


@pytest.mark.parametrize("platform", ["linux/arm64", "windows/amd64"])
def test_a_base_for_another_platform_is_refused(root, platform):
    base_layout(root / "base", MERGED_USR)
    with pytest.raises(BadImage, match=f"no image for {platform}"):
        build(root, ("app", "/app"), platforms=(platform,))


def test_layers_in_docker_words_are_named_in_oci_words(root):
    base_layout(root / "base", MERGED_USR, kind="application/vnd.docker.image.rootfs.diff.tar.gzip")
    manifest = manifest_of(open_layout(build(root, ("app", "/app"))))
    assert {each.media_type for each in manifest.layers} == {"application/vnd.oci.image.layer.v1.tar+gzip"}


def test_an_entrypoint_of_ones_own_drops_the_arguments_of_the_base(root):
    base_layout(root / "base", MERGED_USR, Cmd=["bash"], Env=["A=1"], User="7")
    settings = config_in(build(root, ("app", "/app"), entrypoint=("/app",)))["config"]
    assert settings == {"Entrypoint": ["/app"], "Env": ["A=1"], "User": "7"}


def test_arguments_of_the_base_stay_with_its_entrypoint(root):
    base_layout(root / "base", MERGED_USR, Cmd=["-v"], Entrypoint=["/server"])
    assert config_in(build(root, ("app", "/app")))["config"] == {"Cmd": ["-v"], "Entrypoint": ["/server"]}


@pytest.mark.parametrize("damage", ["blob", "not there", "zstd"])
def test_a_base_that_cannot_be_used_is_named(root, damage):
    kind = (
        "application/vnd.oci.image.layer.v1.tar+zstd" if damage == "zstd" else "application/vnd.oci.image.layer.v1.tar"
    )
    if damage != "not there":
        base_layout(root / "base", MERGED_USR, kind=kind)
    if damage == "blob":
        digest = manifest_of(open_layout(root / "base")).layers[0].digest
        (root / "base" / "blobs" / "sha256" / digest.hex).write_bytes(b"x")
    with pytest.raises(BuildFailed if damage == "not there" else BadImage) as caught:
        build(root, ("app", "/app"))
    assert "base" in caught.value.what + caught.value.where
    assert list((root / "out").iterdir()) == []
