"""Lists of referrers under `sha256-<hex>`, which clients keep where a registry has none: whole, others' as it was."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ecr_publish.errors import PublishError, TagTaken
from ecr_publish.http.transport import Transport
from ecr_publish.local import embedded_ecr
from ecr_publish.local.embedded import EmbeddedEcr, Settings
from ecr_publish.local.faults import Fault, Request
from ecr_publish.local.quirks import OCI
from ecr_publish.model.image import InLayout
from ecr_publish.model.registry import PlainRegistry, Repository
from ecr_publish.model.target import Target
from ecr_publish.oci.images import RegistryImages
from ecr_publish.oci.manifest import Document, parse
from ecr_publish.oci.manifests import Manifests
from ecr_publish.ports.access import Access
from ecr_publish.ports.images import Pushed
from ecr_publish.run.clock import SimulatedClock
from ecr_publish.run.stop import StopRequest
from tests.contract.oci.fronts import Through, front
from tests.contract.oci.test_companions import Described, artifact, hexed, image_of, written
from tests.contract.oci.test_hostile import LAB, WEB
from tests.unit.oci.layouts import INDEX, Writer

LISTLESS = replace(OCI, no_referrers=True)
GOAL = Target("goal", "goal", PlainRegistry("goal"))
OTHER = Repository(LAB.registry, "other")


@dataclass
class Open:
    """A registry that asks for no login."""

    url: str

    def access(self, target: Target) -> Access:
        return Access(self.url, None)

    def renew(self, target: Target) -> Access:
        return self.access(target)


@dataclass
class Plain:
    """A registry of the specification, and the runs of this test on it."""

    ecr: EmbeddedEcr
    url: str

    @contextmanager
    def run(self, lab: str = "") -> Iterator[RegistryImages]:
        """The engine of one run, which knows nothing of the last one. LAB may be at another address."""
        clock = SimulatedClock(datetime(2026, 1, 1, tzinfo=UTC))
        source = Through(Open(self.url), LAB, lab or self.url)
        images = RegistryImages(Transport(StopRequest()), source, clock, lambda seconds: seconds)
        try:
            yield images
        finally:
            images.close()

    def push(self, layout: InLayout, *tags: str) -> Pushed:
        with self.run() as images:
            return images.push(layout, LAB, WEB, tags, lambda progress: None)

    def copy(self, pushed: Pushed, *tags: str) -> Pushed:
        with self.run() as images:
            return images.copy(pushed.image, LAB, LAB, OTHER, tags, lambda progress: None)

    def read(self, tag: str, repository: Repository = WEB) -> Document | None:
        with self.run() as images:
            return Manifests(images._wire(LAB, repository)).get(tag)

    def write(self, value: dict[str, object], tag: str) -> None:
        body = json.dumps(value, indent=3).encode()
        with self.run() as images:
            Manifests(images._wire(LAB, WEB)).put(parse(body, INDEX, "test"), tag)

    def listed(self, image: Described, repository: Repository = WEB) -> list[str]:
        found = self.read(f"sha256-{hexed(image)}", repository)
        return [str(each["digest"]) for each in json.loads(found.body)["manifests"]] if found else []

    def asked(self, since: int = 0) -> list[str]:
        return [f"{each.method} {each.path}" for each in self.ecr.script.requests[since:]]


@contextmanager
def plain(*, lists: bool = False) -> Iterator[Plain]:
    """A plain registry, which `lists` referrers itself or not."""
    settings = Settings(quirks=OCI if lists else LISTLESS)
    with embedded_ecr(settings, SimulatedClock(datetime(2026, 1, 1, tzinfo=UTC))) as server:
        yield Plain(server.ecr, server.ecr.registry_url("111111111111", "us-east-2"))


@pytest.fixture
def registry() -> Iterator[Plain]:
    with plain() as made:
        yield made


def test_what_other_clients_wrote_in_a_list_stays_as_it_is(registry: Plain, tmp_path: Path):
    writer = Writer(tmp_path)
    image, theirs = writer.manifest(b"layer"), writer.manifest(b"theirs")
    registry.push(image_of(written(writer, theirs)), "theirs")
    entry = {
        **theirs,
        "platform": {"os": "linux", "architecture": "arm64", "os.version": "5"},
        "data": "e30=",
        "annotations": {"made.by": "others"},
        "x-unknown": [1, {"a": None}],
    }
    value = {"schemaVersion": 2, "mediaType": INDEX, "x-more": True, "manifests": [entry], "annotations": {"a": "b"}}
    registry.write(value, f"sha256-{hexed(image)}")
    signature = artifact(writer, b"signature", image)
    registry.push(image_of(written(writer, image, signature)), "1.0")
    found = registry.read(f"sha256-{hexed(image)}")
    assert found is not None
    kept = json.loads(found.body)
    assert [each["digest"] for each in kept["manifests"]] == [theirs["digest"], signature["digest"]]
    assert kept == {**value, "manifests": [entry, kept["manifests"][1]]}


def signed(directory: Path) -> tuple[InLayout, Described, Described]:
    """The layout of an image and its signature, and both."""
    writer = Writer(directory)
    image = writer.manifest(b"layer")
    signature = artifact(writer, b"signature", image)
    return image_of(written(writer, image, signature)), image, signature


def refused(registry: Plain, puts: int) -> None:
    """That many manifests are taken from now on, and then one is not."""
    registry.ecr.script.add_next(Fault("status", puts, action="ecr:PutImage", status=403))


def test_a_push_that_died_before_the_list_is_completed_by_the_next(registry: Plain, tmp_path: Path):
    layout, image, signature = signed(tmp_path)
    refused(registry, 2)
    with pytest.raises(PublishError):
        registry.push(layout, "1.0")
    assert registry.read(str(signature["digest"])) is not None
    assert registry.listed(image) == []
    assert not registry.push(layout, "1.0").already_there
    assert registry.listed(image) == [signature["digest"]]
    assert registry.read("1.0") is not None


def test_a_list_that_is_missing_under_a_finished_push_comes_with_the_next(registry: Plain, tmp_path: Path):
    """As by a tool that copies manifests and no lists."""
    layout, image, signature = signed(tmp_path)
    writer = Writer(tmp_path)
    registry.push(image_of(written(writer, image)), "1.0")
    registry.push(image_of(written(writer, signature)))
    written(writer, image, signature)
    assert not registry.push(layout, "1.0").already_there
    assert registry.listed(image) == [signature["digest"]]


def test_a_copy_that_died_before_the_list_is_completed_by_the_next(registry: Plain, tmp_path: Path):
    layout, image, signature = signed(tmp_path)
    pushed = registry.push(layout, "1.0")
    refused(registry, 2)
    with pytest.raises(PublishError):
        registry.copy(pushed, "1.0")
    assert registry.read(str(signature["digest"]), OTHER) is not None
    assert registry.listed(image, OTHER) == []
    registry.copy(pushed, "1.0")
    assert registry.listed(image, OTHER) == [signature["digest"]]
    assert registry.read("1.0", OTHER) is not None


def test_a_list_that_has_the_signature_is_read_and_not_written(registry: Plain, tmp_path: Path):
    layout, image, signature = signed(tmp_path)
    registry.push(layout, "1.0")
    since = len(registry.asked())
    assert registry.push(layout, "1.0").already_there
    assert registry.asked(since) == [
        "HEAD /v2/web/manifests/1.0",
        f"HEAD /v2/web/manifests/{signature['digest']}",
        f"GET /v2/web/referrers/{image['digest']}",
        f"GET /v2/web/manifests/sha256-{hexed(image)}",
    ]


def test_a_registry_that_lists_the_signature_itself_is_given_no_list(tmp_path: Path):
    with plain(lists=True) as registry:
        layout, image, _ = signed(tmp_path)
        refused(registry, 2)
        with pytest.raises(PublishError):
            registry.push(layout, "1.0")
        registry.push(layout, "1.0")
        assert registry.listed(image) == []


def test_an_image_under_the_tag_of_a_list_is_not_replaced_by_the_list(registry: Plain, tmp_path: Path):
    layout, image, _ = signed(tmp_path)
    tag = f"sha256-{hexed(image)}"
    writer = Writer(tmp_path / "theirs")
    theirs = registry.push(image_of(written(writer, writer.manifest(b"theirs"))), tag).image.digest
    with pytest.raises(TagTaken, match="names an image"):
        registry.push(layout, "1.0")
    found = registry.read(tag)
    assert found is not None
    assert found.digest == theirs
    assert registry.read("1.0") is None


def test_what_others_add_to_a_list_while_its_write_is_repeated_stays(registry: Plain, tmp_path: Path):
    layout, image, signature = signed(tmp_path)
    writer = Writer(tmp_path / "theirs")
    theirs = writer.manifest(b"theirs")
    registry.push(image_of(written(writer, theirs)), "theirs")
    registry.write({"schemaVersion": 2, "mediaType": INDEX, "manifests": [theirs]}, "prepared")
    (stored,) = registry.ecr.store.registry("111111111111", "us-east-2").repositories.values()
    registry.ecr.script.add_next(Fault("status", 2, action="ecr:PutImage", status=503))  # the list comes third
    tag = f"sha256-{hexed(image)}"

    def meanwhile(request: Request) -> None:
        if request.method == "PUT" and request.path.endswith(tag):
            stored.tags.setdefault(tag, stored.tags["prepared"])

    registry.ecr.script.on_request = meanwhile
    registry.push(layout, "1.0")
    assert registry.listed(image) == [theirs["digest"], signature["digest"]]


def test_a_push_without_companions_is_asked_for_no_list(registry: Plain, tmp_path: Path):
    writer = Writer(tmp_path)
    layout = image_of(written(writer, writer.manifest(b"layer")))
    registry.push(layout, "1.0")
    since = len(registry.asked())
    registry.push(layout, "1.0")
    assert registry.asked(since) == ["HEAD /v2/web/manifests/1.0"]


@pytest.mark.parametrize("status", [400, 405, 501])
def test_an_odd_answer_of_one_repository_is_told_and_hides_no_signature_of_another(tmp_path: Path, status: int):
    layouts = [signed(tmp_path / "first")[0], signed(tmp_path / "second")[0]]
    goals = [Repository(GOAL.registry, "to/web"), Repository(GOAL.registry, "to/other")]
    with plain(lists=True) as registry, front(registry.url, [(status, b"")]) as url:
        with registry.run() as images:
            pushed = [
                images.push(layout, LAB, source, ("1.0",), lambda progress: None).image
                for layout, source in zip(layouts, (WEB, OTHER), strict=True)
            ]
        with registry.run(url) as images:
            copied = [
                images.copy(image, LAB, GOAL, goal, ("1.0",), lambda progress: None)
                for image, goal in zip(pushed, goals, strict=True)
            ]
        with registry.run() as images:
            found = [
                images.find(GOAL, goal, str(signed(tmp_path / name)[2]["digest"]))
                for goal, name in zip(goals, ("first", "second"), strict=True)
            ]
    assert [[str(status) in told and "lab/web" in told for told in each.warnings] for each in copied] == [[True], []]
    assert [each is not None for each in found] == [False, True]


def test_a_plain_registry_without_the_address_is_no_wonder(registry: Plain, tmp_path: Path):
    layout, image, signature = signed(tmp_path)
    copied = registry.copy(registry.push(layout, "1.0"), "1.0")
    assert copied.warnings == ()
    assert registry.listed(image, OTHER) == [signature["digest"]]
