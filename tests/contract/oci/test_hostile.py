"""Registries that lie, damaged layouts, and others at work at the same time: one clear error, nothing tagged."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ecr_publish.errors import BadImage, DigestMismatch, ImageMissing, PublishError, RegistryRefused, TagTaken
from ecr_publish.http.transport import Transport
from ecr_publish.model.digest import Digest, digest_of
from ecr_publish.model.image import InLayout, PublishedImage
from ecr_publish.model.registry import PlainRegistry, Repository
from ecr_publish.model.target import Target
from ecr_publish.oci.blobs import Blobs
from ecr_publish.oci.capabilities import Capabilities
from ecr_publish.oci.descriptor import Descriptor
from ecr_publish.oci.images import RegistryImages
from ecr_publish.oci.layout import open_layout
from ecr_publish.oci.listing import listed
from ecr_publish.oci.upload import Upload
from ecr_publish.ports.access import Access
from ecr_publish.run.clock import SimulatedClock
from ecr_publish.run.stop import StopRequest
from tests.contract.oci.registries import THERE, World
from tests.contract.oci.test_upload import BLOB, BYTES, PART
from tests.unit.http.scripted import Asked, Scripted, serving
from tests.unit.oci.layouts import CONFIG, INDEX, MANIFEST, Writer, multi, single

LAB = Target("lab", "lab", PlainRegistry("lab"))
WEB = Repository(LAB.registry, "web")
TOKEN = "Basic c2VjcmV0OnNlY3JldA=="


class At:
    """One registry at an address, with a token that nobody else may see."""

    def __init__(self, url: str) -> None:
        self._url = url

    def access(self, target: Target) -> Access:
        return Access(self._url, TOKEN)

    def renew(self, target: Target) -> Access:
        return self.access(target)


@contextmanager
def engine(url: str) -> Iterator[RegistryImages]:
    clock = SimulatedClock(datetime(2026, 1, 1, tzinfo=UTC))
    images = RegistryImages(Transport(StopRequest()), At(url), clock, lambda seconds: seconds)
    try:
        yield images
    finally:
        images.close()


def push(server: Scripted, layout: InLayout) -> None:
    with engine(server.url) as images:
        images.push(layout, LAB, WEB, ("1.0",), lambda progress: None)


def writes_of_manifests(server: Scripted) -> list[Asked]:
    return [each for each in server.asked if each.method == "PUT" and "/manifests/" in each.path]


@pytest.mark.parametrize("location", ["http://OTHER/v2/web/up", "https://OURS/v2/web/up", "//OTHER/v2/web/up", ""])
def test_an_upload_is_never_sent_to_another_host_or_scheme(tmp_path: Path, location: str):
    with serving(lambda asked: (201, {}, b"")) as other:

        def answer(asked: Asked) -> tuple[int, dict[str, str], bytes]:
            there = location.replace("OTHER", other.url.partition("//")[2]).replace("OURS", asked.headers["host"])
            return (202, {"Location": there}, b"") if asked.method == "POST" else (404, {}, b"")

        with serving(answer) as server:
            with pytest.raises(RegistryRefused, match=r"which is not the registry|does not say where"):
                push(server, single(tmp_path))
            assert {each.method for each in server.asked} == {"HEAD", "POST"}
        assert other.asked == []


def test_a_fragment_of_a_location_does_not_swallow_the_digest(tmp_path: Path):
    def answer(asked: Asked) -> tuple[int, dict[str, str], bytes]:
        there = {"Location": "/v2/web/blobs/uploads/1#here"}
        return {"HEAD": (404, {}, b""), "POST": (202, there, b"")}.get(asked.method, (201, {}, b""))

    with serving(answer) as server, pytest.raises(DigestMismatch):  # it keeps no manifest
        push(server, single(tmp_path))
    assert all("?digest=sha256:" in each.path for each in server.asked if "/uploads/1" in each.path)


def test_a_token_stays_with_the_registry_when_a_blob_is_redirected(tmp_path: Path):
    layer = b"layer" * 100

    def storage(asked: Asked) -> tuple[int, dict[str, str], bytes]:
        return 200, {}, layer

    with serving(storage) as other:

        def answer(asked: Asked) -> tuple[int, dict[str, str], bytes]:
            return 307, {"Location": f"{other.url}/signed"}, b""

        with serving(answer) as server, engine(server.url) as images:
            blob = Descriptor("layer", digest_of(layer), len(layer))
            got = Blobs(images._wire(LAB, WEB)).document(blob)
    assert got == layer
    assert "authorization" in server.asked[0].headers
    assert "authorization" not in other.asked[0].headers


@pytest.mark.parametrize("told", ["0-99999999", "0-0", "bytes=7-9", "nonsense", "5-1", "0-" + "9" * 5000])
def test_what_a_registry_says_of_a_range_is_not_believed(tmp_path: Path, told: str):
    """A session that says it has more, or less, than was sent: the digest decides, and the push ends well or not at
    all."""

    def answer(asked: Asked) -> tuple[int, dict[str, str], bytes | None]:
        if asked.method == "POST":
            return 202, {"Location": "/v2/web/blobs/uploads/1"}, b""
        if asked.method == "PATCH":
            cut = sum(each.method == "PATCH" for each in server.asked) % 2
            return 202, {"Range": told, "Location": "/v2/web/blobs/uploads/1"}, None if cut else b""
        return (204, {"Range": told}, b"") if asked.method == "GET" else (400, {}, b"")

    single(tmp_path, BYTES)
    with serving(answer) as server, engine(server.url) as images, pytest.raises(PublishError):
        Upload(images._wire(LAB, WEB), BLOB, open_layout(tmp_path), lambda _: None, part=PART).send()


def test_a_plain_registry_that_cuts_the_first_post_is_asked_again(tmp_path: Path):
    """It makes a repository with the first push: that it has none yet says nothing. Some list no tags at all."""
    layout, cuts = single(tmp_path), [2]

    def answer(asked: Asked) -> tuple[int, dict[str, str], bytes | None]:
        if asked.method == "POST" and cuts[0]:
            cuts[0] -= 1
            return 0, {}, None
        if asked.method == "POST":
            return 202, {"Location": "/v2/web/blobs/uploads/1"}, b""
        return (201, {}, b"") if asked.method == "PUT" else (404, {}, b'{"errors":[{"code":"NAME_UNKNOWN"}]}')

    with serving(answer) as server, engine(server.url) as images:
        images.push(layout, LAB, WEB, (), lambda progress: None)
        assert not [each for each in server.asked if "/tags/" in each.path]


def test_an_answer_that_unpacks_to_gigabytes_is_not_unpacked(tmp_path: Path):
    bomb = gzip.compress(b"0" * (64 << 20))
    image = PublishedImage(WEB, digest_of(bomb), ())
    with serving(lambda asked: (200, {"Content-Encoding": "gzip", "Content-Type": MANIFEST}, bomb)) as server:
        with engine(server.url) as images, pytest.raises(BadImage, match="not JSON"):
            images.copy(image, LAB, LAB, WEB, ("1.1",), lambda progress: None)
        assert writes_of_manifests(server) == []


def test_a_layer_that_unpacks_to_gigabytes_is_only_moved(ecr: World, tmp_path: Path):
    bomb = gzip.compress(b"\0" * (64 << 20))
    pushed = ecr.push(single(tmp_path, bomb), ecr.create("web"), "1.0")
    copied = ecr.copy(pushed, ecr.create("web", THERE), "1.0")
    assert copied.moved_bytes < 2 * len(bomb)


def test_an_answer_without_end_is_given_up(tmp_path: Path):
    with (
        serving(lambda asked: (200, {"Content-Type": MANIFEST}, b" " * (9 << 20))) as server,
        engine(server.url) as images,
        pytest.raises(RegistryRefused, match="8 MiB"),
    ):
        images.find(LAB, WEB, "1.0")


def test_a_manifest_of_five_megabytes_is_refused_before_anything_is_written(tmp_path: Path):
    body = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [], "pad": "x" * (5 << 20)}).encode()
    with (
        serving(lambda asked: (200, {"Content-Type": INDEX}, body)) as server,
        engine(server.url) as images,
        pytest.raises(BadImage, match="4194304"),
    ):
        images.find(LAB, WEB, "1.0")


def test_an_index_that_lists_itself_is_a_lie_about_a_digest(tmp_path: Path):
    claimed = "sha256:" + "1" * 64
    child = {"mediaType": INDEX, "digest": claimed, "size": 10}
    body = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [child]}).encode()
    with (
        serving(lambda asked: (200, {"Content-Type": INDEX}, body)) as server,
        engine(server.url) as images,
        pytest.raises(DigestMismatch),
    ):
        images.find(LAB, WEB, "1.0")


@pytest.mark.parametrize("media_type", ["application/vnd.example.unknown+json", "text/html", INDEX])
def test_a_manifest_of_an_unknown_or_wrong_type_is_refused(ecr: World, tmp_path: Path, media_type: str):
    writer = Writer(tmp_path)
    value = {"schemaVersion": 2, "mediaType": media_type, "config": writer.blob(b"{}", CONFIG), "layers": []}
    layout = writer.publish(writer.document(value))
    repository = ecr.create("web")
    with pytest.raises(BadImage):
        ecr.push(layout, repository, "1.0")
    assert ecr.tags(repository) == {}


@pytest.mark.parametrize("damage", ["missing", "truncated", "longer", "other bytes", "symbolic link"])
@pytest.mark.parametrize("which", [0, -1])
def test_a_damaged_layout_tags_nothing(ecr: World, tmp_path: Path, damage: str, which: int):
    writer = Writer(tmp_path / "layout")
    described = writer.manifest(b"first layer" * 10, b"second layer" * 10)
    layout = writer.publish(described)
    digest = digest_of((b"first layer", b"second layer")[which] * 10)
    path = tmp_path / "layout" / "blobs" / "sha256" / digest.hex
    content = path.read_bytes()
    path.unlink()
    match damage:
        case "truncated":
            path.write_bytes(content[:-1])
        case "longer":
            path.write_bytes(content + b"x")
        case "other bytes":
            path.write_bytes(content[:-1] + b"x")
        case "symbolic link":
            (tmp_path / "elsewhere").write_bytes(content)
            path.symlink_to(tmp_path / "elsewhere")
    repository = ecr.create("web")
    with pytest.raises(BadImage, match=str(digest)):
        ecr.push(layout, repository, "1.0")
    assert (ecr.tags(repository), ecr.stored(repository).images) == ({}, {})


def test_a_source_image_that_is_deleted_while_it_is_copied_is_named(ecr: World, tmp_path: Path):
    pushed = ecr.push(multi(tmp_path), ecr.create("web"), "1.0")
    source, there = ecr.stored(pushed.image.repository), ecr.create("web", THERE)

    def deleting(request: object) -> None:
        if getattr(request, "action", "") == "ecr:InitiateLayerUpload":
            source.images.clear()
            source.tags.clear()
            source.layers.clear()

    ecr.ecr.script.on_request = deleting
    with pytest.raises((ImageMissing, RegistryRefused)):
        ecr.copy(pushed, there, "1.0")
    ecr.ecr.script.on_request = None
    assert ecr.tags(there, THERE) == {}


@pytest.mark.parametrize("which", [0, -1])
def test_a_source_that_lacks_a_blob_of_its_manifest_tags_nothing(ecr: World, tmp_path: Path, which: int):
    pushed = ecr.push(multi(tmp_path), ecr.create("web"), "1.0")
    layers = ecr.stored(pushed.image.repository).layers
    digest = list(layers)[which]
    del layers[digest]
    there = ecr.create("web", THERE)
    with pytest.raises((ImageMissing, RegistryRefused)) as raised:
        ecr.copy(pushed, there, "1.0")
    assert Digest(digest).short in f"{raised.value.what} {raised.value.where}"
    assert (ecr.tags(there, THERE), ecr.stored(there, THERE).images) == ({}, {})


def test_a_manifest_that_lists_ten_thousand_layers_sends_each_blob_once(ecr: World, tmp_path: Path):
    layout = single(tmp_path, *[b"%d" % (number % 3) for number in range(10_000)])
    repository = ecr.create("web")
    ecr.push(layout, repository, "1.0")
    assert ecr.asked().count("PUT ecr:CompleteLayerUpload") == 4
    assert ecr.tags(repository) == {"1.0": str(layout.digest)}


def test_a_destination_tag_that_another_creates_during_the_copy_stays_theirs(ecr: World, tmp_path: Path):
    pushed = ecr.push(multi(tmp_path / "ours"), ecr.create("web"), "1.0")
    there = ecr.create("web", THERE, immutable=True)
    theirs = ecr.push(single(tmp_path / "theirs"), there, target=THERE).image.digest

    def creating(request: object) -> None:
        if getattr(request, "action", "") == "ecr:InitiateLayerUpload":
            ecr.stored(there, THERE).tags["1.0"] = str(theirs)

    ecr.ecr.script.on_request = creating
    with pytest.raises(TagTaken) as raised:
        ecr.copy(pushed, there, "1.0")
    ecr.ecr.script.on_request = None
    assert str(theirs) in raised.value.what
    assert ecr.tags(there, THERE) == {"1.0": str(theirs)}


@pytest.mark.parametrize("status", [400, 404, 405, 501])
def test_a_page_that_is_refused_is_not_the_end_of_a_list_of_referrers(status: int):
    subject, empty = digest_of(b"subject"), {"schemaVersion": 2, "mediaType": INDEX, "manifests": []}

    def answer(asked: Asked) -> tuple[int, dict[str, str], bytes]:
        if "page=2" in asked.path:
            return status, {}, b""
        return 200, {"Link": f'</v2/web/referrers/{subject}?page=2>; rel="next"'}, json.dumps(empty).encode()

    with serving(answer) as server, engine(server.url) as images, pytest.raises(PublishError):
        listed(images._wire(LAB, WEB), subject, Capabilities())


@pytest.mark.parametrize(("entries", "pad", "most"), [(3_000, 10, 4), (190, 20_000, 18)], ids=["many", "large"])
def test_a_list_of_referrers_is_left_where_it_is_longer_than_any_that_can_be_copied(entries: int, pad: int, most: int):
    subject, pages = digest_of(b"subject"), 0

    def answer(asked: Asked) -> tuple[int, dict[str, str], bytes]:
        nonlocal pages
        pages += 1
        listing = [
            {"mediaType": MANIFEST, "digest": digest, "size": 2, "annotations": {"pad": "x" * pad}}
            for digest in (str(digest_of(f"{pages} {number}".encode())) for number in range(entries))
        ]
        value = {"schemaVersion": 2, "mediaType": INDEX, "manifests": listing}
        return 200, {"Link": f'</v2/web/referrers/{subject}?page={pages}>; rel="next"'}, json.dumps(value).encode()

    with (
        serving(answer) as server,
        engine(server.url) as images,
        pytest.raises(BadImage, match="longer than any that can be copied"),
    ):
        listed(images._wire(LAB, WEB), subject, Capabilities())
    assert pages == most
