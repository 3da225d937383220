"""A layout is read and never trusted: each kind of damage is one clear error."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ecr_publish.errors import BadImage
from ecr_publish.model.digest import Digest
from ecr_publish.oci.companions import companions
from ecr_publish.oci.layout import Layout, open_layout
from tests.unit.oci.layouts import CONFIG, INDEX, MANIFEST, Writer, multi, single


def blob(directory: Path, name: object) -> Path:
    return directory / "blobs" / "sha256" / str(name).removeprefix("sha256:")


def test_everything_an_index_is_made_of_is_found_once_and_in_order(tmp_path: Path):
    layout = multi(tmp_path)
    image = open_layout(tmp_path).closure(layout.digest)
    assert [len(wave) for wave in image.waves] == [3, 1]
    assert image.waves[-1] == (image.root,)
    assert len({each.digest for each in image.blobs}) == len(image.blobs) == 6
    assert image.size == sum(each.stat().st_size for each in (tmp_path / "blobs" / "sha256").iterdir())


@pytest.mark.parametrize("damage", ["missing", "shorter", "other bytes", "link", "linked directory", "directory"])
def test_a_damaged_blob_is_named(tmp_path: Path, damage: str):
    writer = Writer(tmp_path / "layout")
    root = writer.manifest(b"layer of some length")
    layout = writer.publish(root)
    opened = open_layout(tmp_path / "layout")
    layer = opened.closure(layout.digest).blobs[1]
    path = blob(tmp_path / "layout", layer.digest)
    match damage:
        case "missing":
            path.unlink()
        case "shorter":
            path.write_bytes(b"layer")
        case "other bytes":
            path.write_bytes(b"LAYER of some length")
        case "link":
            path.rename(tmp_path / "outside")
            path.symlink_to(tmp_path / "outside")
        case "linked directory":
            (tmp_path / "layout" / "blobs").rename(tmp_path / "outside")
            (tmp_path / "layout" / "blobs").symlink_to(tmp_path / "outside")
        case "directory":
            path.unlink()
            path.mkdir()
    with pytest.raises(BadImage, match=layer.digest.hex if damage != "linked directory" else "symbolic link"):
        for each in opened.closure(layout.digest).blobs:
            opened.check(each)


def test_the_last_block_of_wrong_bytes_is_never_given(tmp_path: Path):
    layout = single(tmp_path, b"a" * (5 << 20))
    opened = open_layout(tmp_path)
    layer = opened.closure(layout.digest).blobs[1]
    blob(tmp_path, layer.digest).write_bytes(b"b" + b"a" * ((5 << 20) - 1))
    given = 0
    with pytest.raises(BadImage):
        for block in opened.blocks(layer):
            given += len(block)
    assert given == 4 << 20


def test_a_foreign_layer_is_refused(tmp_path: Path):
    writer = Writer(tmp_path)
    config, layer = writer.blob(b"{}", "application/vnd.oci.image.config.v1+json"), writer.blob(b"windows")
    value = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": config}
    layout = writer.publish(writer.document({**value, "layers": [{**layer, "urls": ["https://elsewhere.invalid/x"]}]}))
    with pytest.raises(BadImage, match="foreign"):
        open_layout(tmp_path).closure(layout.digest)


def test_indexes_nested_without_end_are_refused(tmp_path: Path):
    writer = Writer(tmp_path)
    deep = writer.manifest(b"layer")
    for _ in range(6):
        deep = writer.index(deep)
    with pytest.raises(BadImage, match="nested"):
        open_layout(tmp_path).closure(writer.publish(deep).digest)


def test_a_blob_with_two_sizes_is_refused(tmp_path: Path):
    writer = Writer(tmp_path)
    layer = writer.blob(b"layer")
    config = writer.blob(b"{}", "application/vnd.oci.image.config.v1+json")
    value = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": config}
    layout = writer.publish(writer.document({**value, "layers": [layer, {**layer, "size": 9}]}))
    with pytest.raises(BadImage, match="two sizes"):
        open_layout(tmp_path).closure(layout.digest)


@pytest.mark.parametrize(("size", "words"), [(7, "7 bytes"), (65 << 20, "more than 64 MiB together")])
def test_an_index_that_is_wrong_about_a_manifest_s_size_is_refused(tmp_path: Path, size: int, words: str):
    writer = Writer(tmp_path)
    layout = writer.publish(writer.index({**writer.manifest(b"layer"), "size": size}))
    with pytest.raises(BadImage, match=words):
        open_layout(tmp_path).closure(layout.digest)


def test_manifests_that_are_large_together_are_refused_before_they_are_read(tmp_path: Path):
    writer = Writer(tmp_path)
    there = [{**writer.manifest(b"layer"), "digest": f"sha256:{number:064x}", "size": 4 << 20} for number in range(17)]
    layout = writer.publish(writer.index(*there))
    with pytest.raises(BadImage, match="together"):
        open_layout(tmp_path).closure(layout.digest)


def large(writer: Writer, number: int, **more: object) -> dict[str, object]:
    """An image whose manifest is almost as large as any may be."""
    config, layer = writer.blob(b"{}", CONFIG), writer.blob(b"%d" % number)
    value = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer], **more}
    return writer.document({**value, "annotations": {"org.example.large": "x" * (3900 << 10)}})


def listing(writer: Writer, *entries: dict[str, object]) -> Layout:
    (writer.directory / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": entries}))
    return open_layout(writer.directory)


def test_an_index_that_makes_its_manifests_small_is_found_out_at_the_first_that_is_read(tmp_path: Path):
    """Ten thousand manifests of 4 MiB, said to be of 100 bytes, were all read before one was measured."""
    writer = Writer(tmp_path)
    missing = {**writer.manifest(b"other"), "digest": f"sha256:{0:064x}"}
    layout = writer.publish(writer.index({**writer.manifest(b"layer"), "size": 7}, missing))
    with pytest.raises(BadImage, match="7 bytes"):
        open_layout(tmp_path).closure(layout.digest)


def test_images_whose_manifests_are_large_together_are_not_all_read_to_say_how_many_there_are(tmp_path: Path):
    writer = Writer(tmp_path)
    layout = listing(writer, *(large(writer, number) for number in range(17)))
    with pytest.raises(BadImage, match="more than 64 MiB together") as told:
        layout.root()
    assert "reference:" in (told.value.hint or "")
    assert layout.root(str(layout.entries[3].digest)) == layout.entries[3]


def test_what_lies_beside_an_image_and_is_large_together_is_refused(tmp_path: Path):
    writer = Writer(tmp_path)
    image = writer.manifest(b"layer")
    layout = listing(writer, image, *(large(writer, number, subject=image) for number in range(17)))
    with pytest.raises(BadImage, match="more than 64 MiB together"):
        companions(layout, layout.closure(layout.entries[0].digest))


def test_what_several_companions_are_made_of_is_bounded_together(tmp_path: Path):
    """Each is within bounds, and so would a thousand of them be, which were kept in memory side by side."""
    writer = Writer(tmp_path)
    image, inner = writer.manifest(b"layer"), [large(writer, number) for number in range(9)]
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": inner, "subject": image}
    two = [writer.document({**index, "artifactType": f"example/{number}"}) for number in range(2)]
    layout = listing(writer, image, *two)
    for each in layout.entries:
        assert layout.closure(each.digest)
    with pytest.raises(BadImage, match="more than 64 MiB together"):
        companions(layout, layout.closure(layout.entries[0].digest))


def test_a_manifest_of_five_megabytes_is_refused(tmp_path: Path):
    writer = Writer(tmp_path)
    layout = writer.publish(writer.manifest(b"layer", annotations={"big": "x"}))
    huge = writer.blob(b"{" + b" " * (5 << 20) + b"}", "application/vnd.oci.image.manifest.v1+json")
    with pytest.raises(BadImage, match="4 MiB"):
        open_layout(tmp_path).document(Digest(str(huge["digest"])))
    assert layout.digest


def test_ten_thousand_layers_are_read(tmp_path: Path):
    writer = Writer(tmp_path)
    config = writer.blob(b"{}", "application/vnd.oci.image.config.v1+json")
    layers = [writer.blob(b"%d" % number) for number in range(10_000)]
    value = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": config}
    layout = writer.publish(writer.document({**value, "layers": layers}))
    assert len(open_layout(tmp_path).closure(layout.digest).blobs) == 10_001


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("oci-layout", "{}"),
        ("oci-layout", "[" * 100_000),
        ("oci-layout", '{"imageLayoutVersion":"2.0.0"}'),
        ("index.json", "not JSON"),
        ("index.json", '{"schemaVersion":2,"manifests":[]}'),
        ("index.json", '{"schemaVersion":2,"manifests":[{"digest":"sha256:zz"}]}'),
        ("index.json", '{"schemaVersion":2,"manifests":{}}'),
    ],
)
def test_what_is_no_layout_is_refused(tmp_path: Path, file: str, content: str):
    single(tmp_path)
    (tmp_path / file).write_text(content)
    with pytest.raises(BadImage):
        open_layout(tmp_path)


@pytest.mark.parametrize("kind", ["pipe", "link", "endless"])
@pytest.mark.parametrize("file", ["oci-layout", "index.json"])
def test_documents_that_are_no_files_are_not_waited_for_or_followed(tmp_path: Path, file: str, kind: str):
    single(tmp_path / "layout")
    path = tmp_path / "layout" / file
    path.rename(tmp_path / "moved")
    match kind:
        case "pipe":
            os.mkfifo(path)
        case "link":
            path.symlink_to(tmp_path / "moved")
        case "endless":
            with path.open("wb") as made:
                made.truncate(1 << 40)
    with pytest.raises(BadImage):
        open_layout(tmp_path / "layout")


def test_a_layout_of_two_images_asks_which_one(tmp_path: Path):
    writer = Writer(tmp_path)
    first = {**writer.manifest(b"a"), "annotations": {"org.opencontainers.image.ref.name": "one"}}
    second = writer.manifest(b"b")
    (tmp_path / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [first, second]}))
    layout: Layout = open_layout(tmp_path)
    assert str(layout.root("one").digest) == first["digest"]
    assert str(layout.root(str(second["digest"])).digest) == second["digest"]
    with pytest.raises(BadImage, match="2 images"):
        layout.root()


def named(directory: Path, *names: str | None, images: int = 2) -> Layout:
    """A layout with these names, given in turn to as many images."""
    writer = Writer(directory)
    made = [writer.manifest(f"image {number}".encode()) for number in range(images)]
    entries = [
        {**made[number % images], **({"annotations": {"org.opencontainers.image.ref.name": name}} if name else {})}
        for number, name in enumerate(names)
    ]
    (directory / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": entries}))
    return open_layout(directory)


def test_two_images_of_one_name_are_told_apart_by_digest(tmp_path: Path):
    layout = named(tmp_path, "1.0", "1.0")
    with pytest.raises(BadImage, match=r"2 images '1\.0'"):
        layout.root("1.0")
    assert layout.root(str(layout.entries[1].digest)) == layout.entries[1]


def test_one_image_of_two_names_is_one(tmp_path: Path):
    """As buildx writes it with two --tag."""
    layout = named(tmp_path, "1.0", "latest", images=1)
    assert layout.root().digest == layout.root("latest").digest == layout.root("1.0").digest


def test_of_many_images_a_few_are_named(tmp_path: Path):
    with pytest.raises(BadImage, match=r"300 images .* and 295 more") as told:
        named(tmp_path, *(f"v{number}" for number in range(300)), images=300).root()
    assert len(str(told.value)) < 1000


def test_an_index_json_that_is_wrong_about_its_image_s_size_is_refused(tmp_path: Path):
    writer = Writer(tmp_path)
    layout = writer.publish({**writer.manifest(b"layer"), "size": 7})
    with pytest.raises(BadImage, match=r"index\.json says 7"):
        open_layout(tmp_path).closure(layout.digest)
