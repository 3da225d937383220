"""Archives and layouts in tars on their way to a registry: what is there is not read, what is damaged is told."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zstandard

from ecr_publish.builders.archived import ArchivedImages
from ecr_publish.builders.known import KnownOnDisk
from ecr_publish.builders.layout import looked_through
from ecr_publish.errors import BadImage
from ecr_publish.model.compression import GZIP, ZSTD
from ecr_publish.model.image import InArchive
from ecr_publish.oci.layout import open_layout
from ecr_publish.ports.images import Pushed
from tests.contract.builders.stores import Kept, tar_of
from tests.contract.builders.test_engine_images import BASE, CHANGED, GOLDEN, IMAGE
from tests.contract.oci.registries import HERE, World, world
from tests.unit.builders.layouts import quiet, sha256

Form = Callable[[Kept], bytes]


def squeezed(image: Kept, squeeze: Callable[[bytes], bytes], name: str = "blobs/sha256/{}") -> bytes:
    """As buildx and crane save it: layers that are compressed already, by their digests."""
    packed = {name.format(sha256(each)[7:]): each for each in map(squeeze, image.layers)}
    return archived(packed, image.config)


def archived(layers: dict[str, bytes], config: bytes) -> bytes:
    listed = [{"Config": "config.json", "RepoTags": ["web:1"], "Layers": list(layers)}]
    return tar_of(layers | {"config.json": config, "manifest.json": dumped(listed)})


def dumped(value: object) -> bytes:
    return json.dumps(value).encode()


def zipped(layer: bytes) -> bytes:
    return gzip.compress(layer, 1, mtime=7)


PLAIN: dict[str, Form] = {
    "layers without names": Kept.saved,
    "blobs and lists": lambda image: image.saved_as_blobs(packed=False),
}
PACKED: dict[str, Form] = {
    "gzip": lambda image: squeezed(image, zipped),
    "zstd": lambda image: squeezed(image, zstandard.ZstdCompressor().compress),
    "crane": lambda image: squeezed(image, zipped, "{}.tar.gz"),
}
FORMS = PLAIN | PACKED


class Desk:
    """An archive, a registry and a cache, and a push from the one to the other."""

    def __init__(self, registry: World, place: Path) -> None:
        self.registry, self.place = registry, place
        self.archives = ArchivedImages(KnownOnDisk(place / "cache"))
        self.repository = registry.create("web")
        self.runs = 0

    def push(self, archive: bytes, repository=None, how=GZIP) -> tuple[Pushed, int]:
        """What the push says, and the bytes that went ahead of it."""
        repository = repository or self.repository
        self.runs += 1
        (self.place / "web.tar").write_bytes(archive)
        output = self.place / f"out{self.runs}"
        output.mkdir()
        with self.registry.images.receiving(output, HERE, repository, ("1",), quiet) as sending:
            layout = self.archives.layout(InArchive(str(self.place / "web.tar")), output, quiet, sending.receiver, how)
        return self.registry.images.push(layout, HERE, repository, ("1",), quiet), sending.sent_bytes

    def layers(self, pushed: Pushed) -> list[tuple[str, bytes]]:
        """Media types and bytes of the layers in the registry."""
        manifest = self.registry.parsed(str(pushed.image.digest))
        return [(each["mediaType"], self.registry.bytes_of(each["digest"])) for each in manifest["layers"]]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with world() as registry:
        yield Desk(registry, tmp_path)


def stored(desk: Desk, pushed: Pushed, form: Form) -> list[bytes]:
    """The image's layers as they lie in the archive, but for the bytes that say how they are compressed."""
    lying = [body for _, body in desk.layers(pushed)] if form in PACKED.values() else IMAGE.layers
    return [each[4:] for each in lying]


def without(archive: bytes, content: bytes) -> bytes:
    """The archive with other bytes in that place: whoever reads them will notice."""
    assert archive.count(content) == 1
    return archive.replace(content, bytes(len(content)))


@pytest.mark.parametrize("form", PLAIN.values(), ids=PLAIN)
def test_an_archive_has_the_digest_that_its_engines_image_has(desk, form):
    pushed, sent = desk.push(form(IMAGE))
    assert str(pushed.image.digest) == "sha256:" + GOLDEN
    assert sent > len(BASE)
    assert [gzip.decompress(body) for _, body in desk.layers(pushed)] == IMAGE.layers


@pytest.mark.parametrize(("name", "squeeze"), [("gzip", zipped), ("zstd", zstandard.ZstdCompressor().compress)])
def test_compressed_layers_stay_as_they_are_whatever_is_asked_for(desk, name, squeeze):
    kind = f"application/vnd.oci.image.layer.v1.tar+{name}"
    pushed, _ = desk.push(PACKED[name](IMAGE), how=ZSTD if name == "gzip" else GZIP)
    assert desk.layers(pushed) == [(kind, squeeze(each)) for each in IMAGE.layers]


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_second_push_reads_and_sends_nothing(desk, form):
    first, _ = desk.push(form(IMAGE))
    damaged = form(IMAGE)
    for each in stored(desk, first, form):
        damaged = without(damaged, each)
    second, sent = desk.push(damaged)
    assert (second.image.digest, second.already_there, sent) == (first.image.digest, True, 0)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_of_a_changed_image_only_the_new_layer_is_read_and_sent(desk, form):
    first, _ = desk.push(form(IMAGE))
    pushed, sent = desk.push(without(form(CHANGED), stored(desk, first, form)[0]))
    assert 0 < sent < 10_000
    assert desk.registry.tags(desk.repository) == {"1": str(pushed.image.digest)}
    fresh = ArchivedImages().layout(InArchive(written(desk, form(CHANGED))), desk.place, quiet, Everything())
    assert pushed.image.digest == fresh.digest


def written(desk: Desk, archive: bytes) -> str:
    (desk.place / "other.tar").write_bytes(archive)
    return str(desk.place / "other.tar")


class Everything:
    """A receiver that takes everything."""

    def has(self, blobs):
        return frozenset()

    def take(self, blob):
        pass


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_what_is_known_but_not_in_this_repository_is_read_and_sent_there(desk, form):
    first, sent = desk.push(form(IMAGE))
    second, again = desk.push(form(IMAGE), desk.registry.create("other"))
    assert (second.image.digest, again) == (first.image.digest, sent)


@pytest.mark.parametrize("name", ["blobs/sha256/{}", "{}.tar.gz"])
def test_a_compressed_layer_is_not_taken_for_another_because_of_its_name(desk, name):
    """The registry has the blob of that name, and nobody has seen yet that it unpacks to this diffID."""
    first, _ = desk.push(squeezed(IMAGE, zipped, name))
    there = [name.format(sha256(body)[7:]) for _, body in desk.layers(first)]
    mixed = dict(zip(there, map(zipped, CHANGED.layers), strict=True))
    swapped = dict(zip(reversed(there), map(zipped, IMAGE.layers), strict=True))
    if "blobs" in name:
        for layers, config in ((mixed, CHANGED.config), (swapped, IMAGE.config)):
            with pytest.raises(BadImage, match="has other bytes"):
                desk.push(archived(layers, config))
    else:
        pushed, _ = desk.push(archived(mixed, CHANGED.config))
        assert [body for _, body in desk.layers(pushed)] == list(mixed.values())


@pytest.mark.parametrize("squeeze", [gzip.compress, zstandard.ZstdCompressor().compress], ids=["gzip", "zstd"])
def test_an_archive_that_is_compressed_as_a_whole_is_the_same_image(desk, squeeze):
    pushed, _ = desk.push(squeeze(IMAGE.saved()))
    assert str(pushed.image.digest) == "sha256:" + GOLDEN
    assert [each.name for each in (desk.place / "out1").iterdir() if each.name.startswith(".")] == []


DAMAGE: dict[str, Callable[[], bytes]] = {
    "plain": lambda: without(IMAGE.saved(), BASE),
    "gzip": lambda: without(PACKED["gzip"](IMAGE), zipped(IMAGE.layers[0])[1000:]),
    "zstd": lambda: without(PACKED["zstd"](IMAGE), zstandard.ZstdCompressor().compress(IMAGE.layers[0])[1000:]),
    "cut off": lambda: IMAGE.saved()[: len(BASE)],
    "cut off, compressed": lambda: gzip.compress(IMAGE.saved())[: len(BASE)],
    "empty": lambda: b"",
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_archive_ends_it_with_nothing_tagged(desk, damage):
    with pytest.raises(BadImage) as caught:
        desk.push(damage())
    assert caught.value.where == str(desk.place / "web.tar")
    assert (caught.value.exit_code, desk.registry.tags(desk.repository)) == (2, {})
    assert list((desk.place / "out1").iterdir()) == []


def test_a_fault_on_the_way_is_healed_and_nothing_is_sent_twice(desk):
    desk.registry.fail("cut", action="ecr:InitiateLayerUpload")
    pushed, sent = desk.push(IMAGE.saved())
    manifest = desk.registry.parsed(str(pushed.image.digest))
    assert sent == sum(each["size"] for each in (manifest["config"], *manifest["layers"]))


def test_a_layout_in_a_tar_is_pushed_from_where_it_lies(desk):
    layout = desk.archives.layout(InArchive(written(desk, IMAGE.saved())), desk.place, quiet, Everything())
    files = [each for each in desk.place.rglob("*") if each.is_file() and "cache" not in each.parts]
    tar = desk.place / "layout.tar"
    tar.write_bytes(
        tar_of({str(each.relative_to(desk.place)): each.read_bytes() for each in files if each.suffix != ".tar"})
    )
    for each in files:
        each.unlink()
    pushed = desk.registry.push(looked_through(tar, None), desk.repository, "1")
    assert pushed.image.digest == layout.digest
    assert [gzip.decompress(body) for _, body in desk.layers(pushed)] == IMAGE.layers
    assert open_layout(tar).closure(layout.digest).size == pushed.image.size_bytes
    damaged = without(tar.read_bytes(), desk.layers(pushed)[0][1])
    tar.write_bytes(damaged)
    assert desk.registry.push(looked_through(tar, None), desk.repository, "1").already_there
    with pytest.raises(BadImage, match="has other bytes"):
        desk.registry.push(looked_through(tar, None), desk.registry.create("other"), "1")
    assert desk.registry.tags(desk.registry.create("other")) == {}
