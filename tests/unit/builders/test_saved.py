"""Both forms of `docker save`: which image, which layers, which annotations."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from ecr_publish.builders.archive import ArchiveBuilder
from ecr_publish.config.model import ArchiveBuild
from ecr_publish.errors import BadImage
from ecr_publish.oci.layout import open_layout
from tests.unit.builders.layouts import (
    base_layout,
    config_in,
    config_of,
    layer,
    manifest_of,
    quiet,
    request,
    sha256,
    write_tar,
)

LAYER = layer(("hello", b"hello"))


def saved(root: Path, packed: bytes = LAYER, **changes: object) -> None:
    """An archive of one image, web:1, with one layer."""
    manifest = [{"Config": "config", "RepoTags": ["web:1"], "Layers": ["layer"]}]
    files = {"manifest.json": manifest, "config": json.loads(config_of([LAYER])), **changes}
    written = {name: json.dumps(each).encode() for name, each in files.items() if each is not None}
    write_tar(root / "web.tar", written | {"layer": packed})


def build(root: Path, reference: str | None = None) -> Path:
    section = ArchiveBuild(archive="web.tar", reference=reference)
    return Path(ArchiveBuilder().build(request(root, section), quiet).where.path)


def test_a_compressed_layer_stays_as_it_is(tmp_path):
    packed = gzip.compress(LAYER, 1, mtime=5)
    saved(tmp_path, packed)
    assert str(manifest_of(open_layout(build(tmp_path))).layers[0].digest) == sha256(packed)


def test_a_compressed_layer_that_unpacks_without_end_is_given_up(tmp_path):
    saved(tmp_path, gzip.compress(bytes(64 << 20), 9) * 17)
    with pytest.raises(BadImage, match="unpacks to more than"):
        build(tmp_path)


@pytest.mark.parametrize(
    ("packed", "words"),
    [
        (gzip.compress(layer(("hello", b"other"))), "has the diffID"),
        (layer(("hello", b"other")), "has the diffID"),
        (gzip.compress(LAYER)[:-20], "damaged or cut off"),
        (gzip.compress(LAYER)[:20] + b"garbage" * 20, "damaged or cut off"),
        (b"\x28\xb5\x2f\xfd" + b"x" * 100, "zstd"),
    ],
    ids=["compressed", "plain", "cut off", "damaged", "zstd"],
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
    ],
)
def test_an_odd_archive_is_refused_in_words(tmp_path, changes, words):
    saved(tmp_path, **changes)
    with pytest.raises(BadImage, match=words):
        build(tmp_path)


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


@pytest.mark.parametrize(("reference", "words"), [(None, "holds 2 images"), ("db", "no image 'db'")])
def test_a_choice_that_is_missing_or_wrong_is_told_with_the_names(two, reference, words):
    with pytest.raises(BadImage, match=words) as caught:
        build(two, reference)
    assert "web:latest, api:latest" in caught.value.what


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
