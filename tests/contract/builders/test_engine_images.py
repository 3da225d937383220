"""Images of an engine on their way to a registry: every way out gives the same image, and nothing moves twice."""

from __future__ import annotations

import gzip
import json
import random
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from ecr_publish.builders.blobs import LAYER_GZIP
from ecr_publish.builders.known import KnownOnDisk
from ecr_publish.builders.packing import OnDisk
from ecr_publish.engine.images import DockerImages
from ecr_publish.errors import BadImage, EngineUnavailable, ImageMissing, PublishError, ResultUnusable, Unavailable
from ecr_publish.model.digest import Digest
from ecr_publish.model.image import InEngine, InLayout
from ecr_publish.oci.layout import open_layout
from ecr_publish.ports.images import Pushed
from tests.contract.builders.fakeengine import Engine, serving
from tests.contract.builders.stores import Kept, saved_as_index, tar_of
from tests.contract.oci.registries import HERE, World, world
from tests.unit.builders.layouts import quiet, sha256

NOISE = random.Random(3)
BASE, TOP, NEW = NOISE.randbytes(2_500_000), b"top" * 1000, b"new" * 1000
IMAGE = Kept((("base", BASE), ("top", TOP)), {"org.opencontainers.image.revision": "abc"})
CHANGED = Kept((("base", BASE), ("new", NEW)))
REPOSITORY = "web"
GOLDEN = "2077876d3162de3083296c4f76d82e2a06fdfe478f82cc89f9e0b81b543b1412"


class Desk:
    """An engine, a registry and a cache, and a push from the one to the other."""

    def __init__(self, engine: Engine, registry: World, place: Path) -> None:
        self.engine, self.registry, self.place = engine, registry, place
        self.known = KnownOnDisk(place / "cache")
        self.repository = registry.create(REPOSITORY)
        engine.root = str(place / "root")
        self.runs = 0

    def in_graph(self, image: Kept) -> InEngine:
        upper = image.in_graph(self.place / "root")
        self.engine.images[image.image_id] = image.inspected(upper)
        return InEngine(image.image_id)

    def only_saved(self, image: Kept, archive: bytes | None = None) -> InEngine:
        """In an engine whose store cannot be read here."""
        self.engine.images[image.image_id] = image.inspected(Path("/nowhere/overlay2/id/diff"))
        self.engine.archives[image.image_id] = image.saved() if archive is None else archive
        return InEngine(image.image_id)

    def in_content(self, image: Kept, *, packed: bool, readable: bool = True) -> InEngine:
        place = self.place / ("root" if readable else "elsewhere")
        image_id = image.in_content(place, packed)
        self.engine.images[image_id] = image.inspected(image_id=image_id)
        self.engine.archives[image_id] = image.saved_as_blobs(packed)
        return InEngine(image_id)

    def layout(self, image: InEngine, receiver=None) -> InLayout:
        self.runs += 1
        output = self.place / f"out{self.runs}"
        output.mkdir()
        engine = DockerImages({"DOCKER_HOST": self.engine.url}, self.known)
        return engine.layout(image, output, quiet, receiver or OnDisk())

    def push(self, image: InEngine, repository=None) -> tuple[Pushed, int]:
        """What the push says, and the bytes that went ahead of it."""
        repository = repository or self.repository
        layout, sent = self.sent(image, repository)
        return self.registry.images.push(layout, HERE, repository, ("1",), quiet), sent

    def sent(self, image: InEngine, repository) -> tuple[InLayout, int]:
        """The blobs are there, and no manifest."""
        self.runs += 1
        output = self.place / f"out{self.runs}"
        output.mkdir()
        engine = DockerImages({"DOCKER_HOST": self.engine.url}, self.known)
        with self.registry.images.receiving(output, HERE, repository, ("1",), quiet) as sending:
            layout = engine.layout(image, output, quiet, sending.receiver)
        return layout, sending.sent_bytes

    def uploads(self, since: int = 0) -> int:
        return sum(each.startswith("PUT ecr:UploadLayer") or "CompleteLayerUpload" in each
                   for each in self.registry.asked(since))  # fmt: skip


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with serving(Engine(), socket=tmp_path / "socket") as engine, world() as registry:
        yield Desk(engine, registry, tmp_path)


WAYS = {
    "the graph driver's store": lambda desk, image: desk.in_graph(image),
    "save, layers without names": lambda desk, image: desk.only_saved(image),
    "save, plain blobs": lambda desk, image: desk.only_saved(image, image.saved_as_blobs(packed=False)),
    "the content store, plain blobs": lambda desk, image: desk.in_content(image, packed=False),
    "save of the content store, plain blobs": lambda desk, image: desk.in_content(image, packed=False, readable=False),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_every_way_out_gives_the_same_image(desk, way):
    layout = desk.layout(way(desk, IMAGE))
    manifest = open_layout(Path(layout.path)).manifest(layout.digest)
    blobs = [open_layout(Path(layout.path)).path(each.digest).read_bytes() for each in manifest.layers]
    assert [gzip.decompress(each) for each in blobs] == IMAGE.layers
    assert manifest.config.digest == Digest(IMAGE.image_id)
    assert dict(manifest.annotations) == IMAGE.labels
    assert str(layout.digest) == "sha256:" + GOLDEN


@pytest.mark.parametrize("readable", [True, False])
def test_layers_that_an_engine_keeps_compressed_stay_as_they_are(desk, readable):
    layout = desk.layout(desk.in_content(IMAGE, packed=True, readable=readable))
    manifest = open_layout(Path(layout.path)).manifest(layout.digest)
    assert [str(each.digest) for each in manifest.layers] == IMAGE.blobs(packed=True)[2]
    assert desk.engine.saved == ([] if readable else [IMAGE.blobs(packed=True)[1]])


@pytest.mark.parametrize("packed", [True, False])
def test_an_image_that_was_saved_once_is_not_saved_again(desk, packed):
    image = desk.in_content(IMAGE, packed=packed, readable=False)
    first, _ = desk.push(image)
    second, sent = desk.push(image)
    assert (second.image.digest, second.already_there, sent, len(desk.engine.saved)) == (first.image.digest, True, 0, 1)


def test_what_is_known_of_another_engine_does_not_change_the_digest(desk):
    """One engine keeps a layer compressed and another does not: what the cache holds of one is nothing to the other."""
    alone = desk.layout(desk.in_content(IMAGE, packed=True)).digest
    desk.push(desk.in_graph(IMAGE))
    pushed, _ = desk.push(desk.in_content(IMAGE, packed=True))
    assert pushed.image.digest == alone


def test_each_platform_of_an_index_keeps_its_own_config_though_all_have_one_id(desk):
    """An engine shows whichever platform of an index it has: what is known of one is nothing to the other."""
    arm = replace(IMAGE, files=(("base", BASE), ("arm", NEW)), architecture="arm64")
    image_id, archive = saved_as_index((IMAGE, arm), (IMAGE, arm))
    desk.engine.archives[image_id] = archive
    for shown in (IMAGE, arm, IMAGE, arm):
        desk.engine.images[image_id] = shown.inspected(image_id=image_id)
        pushed, _ = desk.push(InEngine(image_id))
        layout = open_layout(desk.place / f"out{desk.runs}")
        manifest = layout.manifest(pushed.image.digest)
        assert [str(each.digest) for each in manifest.layers] == shown.blobs(packed=True)[2]
        assert str(manifest.config.digest) == shown.image_id


@pytest.mark.parametrize("name", ["{{name}}", "[slug]"])
def test_a_layer_whose_first_file_has_a_name_like_json_is_a_layer(desk, name):
    image = Kept(((name, TOP),))
    layout = desk.layout(desk.only_saved(image, image.saved_as_blobs(packed=False)))
    (stored,) = open_layout(Path(layout.path)).manifest(layout.digest).layers
    assert gzip.decompress(open_layout(Path(layout.path)).path(stored.digest).read_bytes()) == image.layers[0]


def test_an_archive_that_lists_only_another_platform_is_refused(desk):
    arm = replace(IMAGE, files=(("base", BASE), ("arm", NEW)), architecture="arm64")
    image_id, desk.engine.archives[image_id] = saved_as_index((arm,), (arm,))
    desk.engine.images[image_id] = IMAGE.inspected(image_id=image_id)
    with pytest.raises(BadImage, match="lists no image with the layers"):
        desk.push(InEngine(image_id))


def test_a_store_that_can_be_read_spares_the_engine(desk):
    desk.push(desk.in_graph(IMAGE))
    assert desk.engine.saved == []


OUT = """
import sys
from pathlib import Path
from ecr_publish.builders.packing import OnDisk
from ecr_publish.engine.images import DockerImages
from ecr_publish.model.image import InEngine
output = Path(sys.argv[3])
output.mkdir()
DockerImages({"DOCKER_HOST": sys.argv[1]}).layout(InEngine(sys.argv[2]), output, lambda _: None, OnDisk())
print(sorted({"docker", "requests"} & set(sys.modules)))
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


def brought(desk: Desk, image: InEngine) -> list[str]:
    """By a process of its own: which packages of the SDK it loaded, and its peak of memory in KiB."""
    desk.runs += 1
    words = [sys.executable, "-c", OUT, desk.engine.url, image.image_id, str(desk.place / f"out{desk.runs}")]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()


@pytest.mark.parametrize("put", [Desk.in_graph, lambda desk, image: desk.in_content(image, packed=True)])
def test_a_store_that_can_be_read_spares_the_engines_sdk(desk, put):
    """It takes longer to load than a small layer takes to be sent."""
    assert brought(desk, put(desk, IMAGE))[0] == "[]"


@pytest.mark.parametrize("put", [Desk.in_graph, lambda desk, image: desk.in_content(image, packed=False)])
def test_memory_is_flat_in_the_number_and_size_of_layers(desk, put):
    """12 layers of 16 MB beside 4 of 4 MB: what both have at once is blocks."""
    peaks = []
    for count, half in ((4, 2 << 20), (12, 8 << 20)):
        noise = NOISE.randbytes(half)
        image = Kept(tuple((f"{count}-{each}", noise + bytes(half)) for each in range(count)))
        peaks.append(int(brought(desk, put(desk, image))[1]))
    assert peaks[1] - peaks[0] < 20 << 10


class Hesitating(OnDisk):
    """A receiver that answers what it has when it has been given something."""

    def __init__(self) -> None:
        self.given = threading.Event()

    def has(self, blobs):
        assert self.given.wait(10)
        return frozenset()

    def take(self, blob) -> None:
        if blob.media_type == LAYER_GZIP:
            self.given.set()


def test_a_new_layer_is_packed_and_taken_while_the_receiver_is_asked_for_the_others(desk):
    desk.layout(desk.in_graph(IMAGE))  # of its base it is known what it becomes
    hesitating = Hesitating()
    desk.layout(desk.in_graph(CHANGED), hesitating)
    assert hesitating.given.is_set()


class Refusing(OnDisk):
    """A receiver that takes two blobs and no more."""

    def __init__(self) -> None:
        self.taken = 0

    def take(self, blob) -> None:
        self.taken += 1
        if self.taken > 2:
            raise Unavailable(what="it is full", where="there", hint="go away")


SEVERAL = Kept(tuple((f"file{each}", NOISE.randbytes(1_500_000 + each)) for each in range(9)))


@pytest.mark.parametrize("put", [Desk.in_graph, lambda desk, image: desk.in_content(image, packed=True)])
def test_a_failure_at_one_of_several_layers_is_one_error_and_leaves_nothing(desk, put):
    image, refusing = put(desk, SEVERAL), Refusing()
    with pytest.raises(Unavailable, match="it is full"):
        desk.layout(image, refusing)
    assert refusing.taken < len(SEVERAL.files)
    assert list((desk.place / "out1").iterdir()) == []
    assert [each.name for each in threading.enumerate() if each.name.startswith("layer")] == []


def test_where_one_of_several_layers_cannot_be_read_the_others_are_not_packed_again(desk):
    image = desk.in_graph(SEVERAL)
    desk.engine.archives[image.image_id] = SEVERAL.saved()
    (file,) = (desk.place / "root").rglob("diff/file0")  # the smallest is the last
    file.unlink()
    whole = desk.layout(desk.in_content(SEVERAL, packed=False)).digest
    assert desk.layout(image).digest == whole
    assert desk.engine.saved == [image.image_id]


def test_a_second_push_reads_and_sends_nothing(desk):
    image = desk.in_graph(IMAGE)
    first, _ = desk.push(image)
    for file in (desk.place / "root").rglob("*"):
        if file.is_file():
            file.unlink()
    since = len(desk.registry.requests)
    second, sent = desk.push(image)
    assert (second.image.digest, second.already_there, sent, desk.uploads(since)) == (first.image.digest, True, 0, 0)
    assert desk.engine.saved == []


def test_of_a_changed_image_only_the_new_layer_is_read_and_sent(desk):
    desk.push(desk.in_graph(IMAGE))
    changed = desk.in_graph(CHANGED)
    for file in (desk.place / "root").rglob("base"):
        file.unlink()
    pushed, sent = desk.push(changed)
    assert 0 < sent < 10_000
    assert desk.engine.saved == []
    assert desk.registry.tags(desk.repository) == {"1": str(pushed.image.digest)}


def test_of_a_saved_image_only_the_new_layer_is_compressed_and_sent(desk):
    desk.push(desk.only_saved(IMAGE))
    pushed, sent = desk.push(desk.only_saved(CHANGED))
    assert 0 < sent < 10_000
    assert pushed.image.digest == desk.layout(InEngine(CHANGED.image_id)).digest


def test_the_stream_is_left_when_everything_is_had(desk):
    archive = IMAGE.saved()
    end = archive.index(b"manifest.json")
    rest = tar_of({"rest": bytes(40_000_000)})
    desk.push(desk.only_saved(IMAGE, archive[: end - end % 512] + rest))
    assert len(BASE) < desk.engine.streamed < 20_000_000


@pytest.mark.parametrize("garbage", [b"", b"{}", b"\xff" * 100, b"[" * 5000, b'{"digest": "sha256:../x"}'])
def test_a_damaged_cache_costs_time_only(desk, garbage):
    image = desk.in_graph(IMAGE)
    first, _ = desk.push(image)
    for file in (desk.place / "cache").rglob("*"):
        if file.is_file():
            file.write_bytes(garbage)
    second, sent = desk.push(image)
    assert (second.image.digest, sent) == (first.image.digest, 0)  # compressed again, found to be there


def test_an_entry_of_another_layer_is_not_believed(desk):
    """Even where the registry has the other layer."""
    image = desk.in_graph(IMAGE)
    first, _ = desk.push(image)
    entries = [file for file in (desk.place / "cache").rglob("*") if file.is_file()]
    contents = [file.read_bytes() for file in entries]
    for file, other in zip(entries, [*contents[1:], contents[0]], strict=True):
        file.write_bytes(other)
    assert desk.push(image)[0].image.digest == first.image.digest


def test_what_is_known_but_not_in_this_repository_is_sent_there(desk):
    image, other = desk.in_graph(IMAGE), desk.registry.create("other")
    first, _ = desk.push(image)
    since = len(desk.registry.requests)
    second, sent = desk.push(image, other)
    assert second.image.digest == first.image.digest
    assert sent > len(BASE)
    blobs = [each for each in desk.registry.requests[since:] if each.method == "HEAD" and "/blobs/" in each.path]
    assert len(blobs) == len(_blobs(desk, second))


def test_a_new_image_takes_three_requests_for_each_blob_one_for_the_tag_and_one_for_the_manifest(desk):
    desk.push(desk.in_graph(IMAGE))
    assert Counter(desk.registry.asked()) == {
        "HEAD ecr:BatchCheckLayerAvailability": 3,
        "POST ecr:InitiateLayerUpload": 3,
        "PUT ecr:CompleteLayerUpload": 3,
        "HEAD ecr:BatchGetImage": 1,
        "PUT ecr:PutImage": 1,
    }


def test_an_image_that_a_neighbour_got_in_this_run_is_mounted_unread_by_the_requests_that_open_an_upload(desk):
    desk.registry.stored_registry(HERE).settings["BLOB_MOUNTING"] = "ENABLED"
    image, other = desk.in_graph(IMAGE), desk.registry.create("other")
    desk.push(image)
    for file in (desk.place / "root").rglob("*"):
        if file.is_file():
            file.unlink()  # nothing of it is read
    since = len(desk.registry.requests)
    pushed, sent = desk.push(image, other)
    assert (sent, desk.registry.tags(other)) == (0, {"1": str(pushed.image.digest)})
    assert desk.engine.saved == []
    assert Counter(desk.registry.asked(since)) == {
        "HEAD ecr:BatchCheckLayerAvailability": 3,
        "POST ecr:InitiateLayerUpload": 3,
        "HEAD ecr:BatchGetImage": 1,
        "PUT ecr:PutImage": 1,
    }


def test_a_tag_that_came_by_itself_while_the_blobs_were_sent_is_seen_before_it_is_written(desk):
    """What was seen of it is of a moment ago, or it is looked at again."""
    layout, _ = desk.sent(desk.in_graph(IMAGE), desk.repository)
    other, _ = desk.push(desk.in_graph(CHANGED))
    desk.registry.clock.advance(timedelta(seconds=3))
    looked = desk.registry.images.look(HERE, desk.repository, ("1",))
    assert looked.digest("1") == other.image.digest != layout.digest


def test_a_blob_that_is_there_leaves_the_disk(desk):
    layout, sent = desk.sent(desk.in_graph(IMAGE), desk.repository)
    left = [each.name for each in Path(layout.path, "blobs", "sha256").iterdir()]
    assert (left, sent > len(BASE)) == ([layout.digest.hex], True)


def test_a_blob_that_vanishes_after_it_was_sent_is_missed_by_the_registry_and_nothing_is_tagged(desk):
    image = desk.in_graph(IMAGE)
    layout, _ = desk.sent(image, desk.repository)
    del desk.registry.stored(desk.repository).layers[IMAGE.image_id]
    with pytest.raises(ImageMissing, match="below it is not in the repository"):
        desk.registry.images.push(layout, HERE, desk.repository, ("1",), quiet)
    assert desk.registry.tags(desk.repository) == {}
    desk.push(image)
    assert desk.registry.tags(desk.repository) == {"1": str(layout.digest)}


@pytest.mark.parametrize("damage", ["changed", "short", "missing", "link", "config", "split"])
def test_a_store_that_is_not_as_it_should_be_is_left_for_the_engine(desk, damage):
    image = desk.in_graph(IMAGE)
    desk.engine.archives[image.image_id] = IMAGE.saved()
    root = desk.place / "root"
    (file,) = root.rglob("diff/top")
    match damage:
        case "changed":
            file.write_bytes(b"TOP" * 1000)
        case "short":
            file.write_bytes(b"t")
        case "missing":
            file.unlink()
        case "link":
            (root / "secret").write_bytes(TOP)
            file.unlink()
            file.symlink_to(root / "secret")
        case "config":
            (root / "image/overlay2/imagedb/content/sha256" / IMAGE.image_id[7:]).write_bytes(b"{}")
        case "split":
            for each in root.rglob("tar-split.json.gz"):
                each.write_bytes(gzip.compress(b'{"type": 1, "name": "../../secret", "size": 9}\n'))
    layout = desk.layout(image)
    assert desk.engine.saved == [image.image_id]
    assert str(layout.digest) == "sha256:" + GOLDEN


@pytest.mark.parametrize(
    ("archive", "words"),
    [
        (CHANGED.saved(), "which the image does not name"),
        (IMAGE.saved()[: len(BASE) // 2], "cannot be read"),
        (b"", "cannot be read|lists no image"),
    ],
    ids=["other layers", "cut off", "empty"],
)
def test_an_archive_that_is_not_what_the_engine_said_is_refused(desk, archive, words):
    image = desk.only_saved(IMAGE, archive)
    with pytest.raises(BadImage, match=words):
        desk.push(image)
    assert desk.registry.tags(desk.repository) == {}
    assert list((desk.place / "out1").iterdir()) == []


def test_an_engine_that_goes_away_while_it_is_read_is_told(desk):
    desk.engine.cut = True
    with pytest.raises(EngineUnavailable, match="went away in the middle") as caught:
        desk.push(desk.only_saved(IMAGE))
    assert (caught.value.exit_code, desk.registry.tags(desk.repository)) == (4, {})
    assert list((desk.place / "out1").iterdir()) == []


def test_an_engine_across_the_network_is_asked_and_no_directory_of_this_machine_read(desk):
    image = desk.in_graph(IMAGE)
    desk.engine.archives[image.image_id] = IMAGE.saved()
    with serving(Engine(images=desk.engine.images, archives=desk.engine.archives)) as far:
        desk.engine.url, far.saved = far.url, desk.engine.saved
        desk.push(image)
    assert desk.engine.saved == [image.image_id]


def test_an_image_that_the_engine_has_not_is_told(desk):
    with pytest.raises(ResultUnusable, match="has no image"):
        desk.push(InEngine("sha256:" + "0" * 64))


@pytest.mark.parametrize("kind", ["cut", "status"])
def test_a_fault_on_the_way_is_healed_and_nothing_is_sent_twice(desk, kind):
    desk.registry.fail(kind, action="ecr:InitiateLayerUpload")
    pushed, sent = desk.push(desk.in_graph(IMAGE))
    assert desk.registry.tags(desk.repository) == {"1": str(pushed.image.digest)}
    assert sent == sum(each.size for each in _blobs(desk, pushed))


def test_a_registry_that_refuses_ends_it_with_nothing_tagged(desk):
    desk.registry.fail("status", status=403, times=1000, action="ecr:InitiateLayerUpload")
    with pytest.raises(PublishError):
        desk.push(desk.in_graph(IMAGE))
    assert desk.registry.tags(desk.repository) == {}


def test_blobs_that_vanish_before_the_manifest_are_told(desk):
    layout = desk.layout(desk.in_graph(IMAGE))
    manifest = open_layout(Path(layout.path)).manifest(layout.digest)
    gone = replace(layout, absent=frozenset({manifest.layers[0].digest}))
    open_layout(Path(layout.path)).path(manifest.layers[0].digest).unlink()
    with pytest.raises(Unavailable, match="are gone") as caught:
        desk.registry.images.push(gone, HERE, desk.repository, ("1",), quiet)
    assert (caught.value.exit_code, desk.registry.tags(desk.repository)) == (9, {})


def _blobs(desk: Desk, pushed: Pushed):
    value = json.loads(desk.registry.bytes_of(str(pushed.image.digest)))
    assert sha256(desk.registry.bytes_of(value["config"]["digest"])) == value["config"]["digest"]
    return [_Size(each["size"]) for each in (value["config"], *value["layers"])]


class _Size:
    def __init__(self, size: int) -> None:
        self.size = size
