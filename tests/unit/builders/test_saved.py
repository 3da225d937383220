"""Both forms of `docker save`: which image, which layers, which annotations."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from pathlib import Path

import pytest
import zstandard

from ecr_publish.builders.archive import ArchiveBuilder
from ecr_publish.config.builds import ArchiveBuild
from ecr_publish.errors import BadImage
from ecr_publish.oci.layout import open_layout
from tests.unit.builders.layouts import (
    OCI_LAYER,
    base_layout,
    config_in,
    config_of,
    layer,
    link,
    manifest_of,
    quiet,
    request,
    sha256,
    write_tar,
)

LAYER = layer(("hello", b"hello"))
ZSTD = zstandard.ZstdCompressor().compress


def saved(root: Path, packed: bytes = LAYER, **changes: object) -> None:
    """An archive of one image, web:1, with one layer."""
    manifest = [{"Config": "config", "RepoTags": ["web:1"], "Layers": ["layer"]}]
    files = {"manifest.json": manifest, "config": json.loads(config_of([LAYER])), **changes}
    written = {name: json.dumps(each).encode() for name, each in files.items() if each is not None}
    write_tar(root / "web.tar", written | {"layer": packed})


def build(root: Path, reference: str | None = None) -> Path:
    section = ArchiveBuild(archive="web.tar", reference=reference)
    return Path(ArchiveBuilder().build(request(root, section), quiet).where.path)


@pytest.mark.parametrize(
    ("packed", "kind"),
    [(gzip.compress(LAYER, 1, mtime=5), OCI_LAYER), (ZSTD(LAYER), OCI_LAYER.replace("gzip", "zstd"))],
    ids=["gzip", "zstd"],
)
def test_a_compressed_layer_stays_as_it_is(tmp_path, packed, kind):
    saved(tmp_path, packed)
    (found,) = manifest_of(open_layout(build(tmp_path))).layers
    assert (str(found.digest), found.media_type, found.size) == (sha256(packed), kind, len(packed))


def test_layers_of_all_kinds_may_lie_in_one_archive(tmp_path):
    layers = [layer((name, b"x")) for name in ("plain", "gzip", "zstd", "linked")]
    packed = {"plain": layers[0], "gzip": gzip.compress(layers[1]), "zstd": ZSTD(layers[2]), "d/file": layers[3]}
    names = ["plain", "gzip", "zstd", "linked", "plain"]
    listed = [{"Config": "config", "RepoTags": None, "Layers": names}]
    config = config_of([*layers, layers[0]])
    files = packed | {"linked": link("linked", "d/file"), "config": config}
    write_tar(tmp_path / "web.tar", files | {"manifest.json": json.dumps(listed).encode()})
    found = [str(each.digest) for each in manifest_of(open_layout(build(tmp_path))).layers]
    assert found[1:3] == [sha256(packed["gzip"]), sha256(packed["zstd"])]
    assert (found[0], len(set(found))) == (found[4], 4)


@pytest.mark.parametrize("squeeze", [gzip.compress, ZSTD], ids=["gzip", "zstd"])
def test_a_compressed_layer_that_unpacks_without_end_is_given_up(tmp_path, squeeze):
    saved(tmp_path, squeeze(bytes(64 << 20)) * 17)
    with pytest.raises(BadImage, match="unpacks to more than"):
        build(tmp_path)


@pytest.mark.parametrize(
    ("packed", "words"),
    [
        (gzip.compress(layer(("hello", b"other"))), "has the diffID"),
        (layer(("hello", b"other")), "has the diffID"),
        (ZSTD(layer(("hello", b"other"))), "has the diffID"),
        (gzip.compress(LAYER)[:-20], "cannot be unpacked: it is cut off"),
        (gzip.compress(LAYER)[:20] + b"garbage" * 20, "cannot be unpacked: it is damaged"),
        (b"\x28\xb5\x2f\xfd" + b"x" * 100, "cannot be unpacked: it is damaged"),
        (ZSTD(LAYER)[:-9], "has the diffID"),
    ],
    ids=["gzip", "plain", "zstd", "cut off", "damaged", "damaged zstd", "cut off zstd"],
)
def test_a_layer_that_is_not_what_its_config_says_is_refused(tmp_path, packed, words):
    saved(tmp_path, packed)
    with pytest.raises(BadImage, match=words):
        build(tmp_path)
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"manifest.json": []}, "lists no image"),
        ({"manifest.json": {}}, "lists no image"),
        ({"manifest.json": None}, "manifest.json is missing"),
        ({"manifest.json": [{}]}, "None is missing"),
        ({"manifest.json": [{"Config": "../config", "Layers": []}]}, "is missing"),
        ({"manifest.json": [{"Config": "/etc/passwd", "Layers": []}]}, "is missing"),
        ({"manifest.json": [{"Config": "layer", "Layers": []}]}, "is not JSON"),
        ({"config": []}, "is none"),
        ({"config": {"rootfs": {}}}, "is none"),
        ({"config": {"rootfs": {"diff_ids": []}}}, "diffIDs for 0"),
        ({"manifest.json": [{"Config": "gone", "Layers": []}]}, "gone is missing"),
        ({"manifest.json": [{"Config": "config", "Layers": ["gone"]}]}, "gone is missing"),
        ({"manifest.json": [{"Config": "config", "Layers": ["layer"], "x": "x" * (5 << 20)}]}, "more than 4 MiB"),
        ({"config": {"x": "x" * (5 << 20)}}, "config has more than 4 MiB"),
        ({"manifest.json": ["deep"]}, "lists no image"),
    ],
)
def test_an_odd_archive_is_refused_in_words(tmp_path, changes, words):
    saved(tmp_path, **changes)
    with pytest.raises(BadImage, match=words):
        build(tmp_path)


@pytest.mark.parametrize("name", ["manifest.json", "config"])
def test_a_document_that_is_nested_without_end_is_refused(tmp_path, name):
    saved(tmp_path)
    with tarfile.open(tmp_path / "web.tar") as tar:
        files = {each.name: tar.extractfile(each).read() for each in tar}
    write_tar(tmp_path / "web.tar", files | {name: b"[" * 100_000})
    with pytest.raises(BadImage, match=f"{name} is not JSON"):
        build(tmp_path)


def test_a_list_that_is_there_twice_is_refused(tmp_path):
    """Who scanned the archive may have read the other one."""
    saved(tmp_path)
    listed = json.dumps([{"Config": "config", "RepoTags": ["web:2"], "Layers": ["layer"]}]).encode()
    with tarfile.open(tmp_path / "web.tar", "a") as tar:
        info = tarfile.TarInfo("manifest.json")
        info.size = len(listed)
        tar.addfile(info, io.BytesIO(listed))
    with pytest.raises(BadImage, match="json is there twice"):
        build(tmp_path)


def test_a_blob_whose_name_is_another_digest_is_refused(tmp_path):
    """Plain layers may lie under any name: their diffID says what they are."""
    name = "blobs/sha256/" + "0" * 64
    listed = [{"Config": "config", "RepoTags": None, "Layers": [name]}]
    files = {"config": config_of([LAYER]), "manifest.json": json.dumps(listed).encode()}
    write_tar(tmp_path / "web.tar", files | {name: gzip.compress(LAYER)})
    with pytest.raises(BadImage, match=f"{name} has other bytes"):
        build(tmp_path)
    write_tar(tmp_path / "web.tar", files | {name: LAYER})
    build(tmp_path)


def test_ten_thousand_layers_are_read(tmp_path):
    layers = {f"{number}/layer.tar": b"%d" % number for number in range(10_000)}
    listed = [{"Config": "config", "RepoTags": None, "Layers": list(layers)}]
    config = config_of(list(layers.values()))
    write_tar(tmp_path / "web.tar", layers | {"config": config, "manifest.json": json.dumps(listed).encode()})
    assert len(manifest_of(open_layout(build(tmp_path))).layers) == 10_000


@pytest.fixture
def two(tmp_path: Path) -> Path:
    images = [
        {"Config": f"config-{name}", "RepoTags": [f"{name}:latest"], "Layers": ["layer"]} for name in ("web", "api")
    ]
    configs = {f"config-{name}": json.loads(config_of([LAYER], User=name)) for name in ("web", "api")}
    saved(tmp_path, **{"manifest.json": images}, **configs)
    return tmp_path


@pytest.mark.parametrize("reference", ["api", "api:latest"])
def test_one_of_several_images_is_chosen_by_its_name(two, reference):
    assert config_in(build(two, reference))["config"]["User"] == "api"


@pytest.mark.parametrize(
    ("reference", "words", "hint"),
    [(None, "holds 2 images", "say which with reference:"), ("db", "no image 'db'", "check reference:")],
)
def test_a_choice_that_is_missing_or_wrong_is_told_with_the_names(two, reference, words, hint):
    with pytest.raises(BadImage, match=words) as caught:
        build(two, reference)
    assert "web:latest, api:latest" in caught.value.what
    assert caught.value.hint == hint


@pytest.mark.parametrize("form", ["{}.json", "blobs/sha256/{}", "sha256:{}"])
def test_images_without_a_name_are_chosen_by_their_ids(tmp_path, form):
    configs = {user: config_of([LAYER], User=user) for user in ("web", "api")}
    names = {user: form.format(sha256(body)[7:]) for user, body in configs.items()}
    listed = [{"Config": names[user], "RepoTags": None, "Layers": ["layer"]} for user in configs]
    files = {names[user]: body for user, body in configs.items()} | {"layer": LAYER}
    write_tar(tmp_path / "web.tar", files | {"manifest.json": json.dumps(listed).encode()})
    with pytest.raises(BadImage, match=sha256(configs["api"])):
        build(tmp_path)
    assert config_in(build(tmp_path, sha256(configs["api"])))["config"]["User"] == "api"


def test_an_archive_that_is_a_layout_only_is_taken_as_it_is(tmp_path):
    base_layout(tmp_path / "layout", LAYER)
    files = [path for path in (tmp_path / "layout").rglob("*") if path.is_file()]
    write_tar(tmp_path / "web.tar", {str(path.relative_to(tmp_path / "layout")): path.read_bytes() for path in files})
    assert manifest_of(open_layout(build(tmp_path))) == manifest_of(open_layout(tmp_path / "layout"))


@pytest.mark.parametrize(
    ("labels", "annotations"),
    [
        ({"org.opencontainers.image.source": "here", "other": "x"}, {"org.opencontainers.image.source": "here"}),
        ({"io.ecr-publish.annotations": '{"team":"web"}'}, {"team": "web"}),
        ({"io.ecr-publish.annotations": "not ours"}, {}),
        ({}, {}),
    ],
)
def test_labels_become_annotations_where_they_are_meant_to(tmp_path, labels, annotations):
    saved(tmp_path, config=json.loads(config_of([LAYER], Labels=labels)))
    assert dict(manifest_of(open_layout(build(tmp_path))).annotations) == annotations
