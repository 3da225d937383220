"""What points to an image is bounded before it is read, 64 MiB together, in whatever lists a registry keeps it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ecr_publish.errors import BadImage
from ecr_publish.model.digest import digest_of
from ecr_publish.model.registry import Repository
from ecr_publish.oci.images import SIDE_BY_SIDE
from ecr_publish.ports.images import Pushed
from tests.contract.oci.fronts import Instead, front
from tests.contract.oci.test_companions import Described, artifact, hexed, image_of, written
from tests.contract.oci.test_hostile import LAB, WEB
from tests.contract.oci.test_lists import GOAL, OTHER, Plain, plain
from tests.unit.http.scripted import Asked
from tests.unit.oci.layouts import INDEX, MANIFEST, Writer

LARGE = 3_900_000  # bytes; no manifest may have more than 4 MiB
TO = Repository(GOAL.registry, "to/web")


@dataclass
class Lists:
    """Lists of referrers, by path, that a registry without the API has under tags, and what was asked of it."""

    by_path: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def add(self, subject: Described, *entries: Described) -> None:
        value = {"schemaVersion": 2, "mediaType": INDEX, "manifests": list(entries)}
        self.by_path[f"/v2/web/manifests/sha256-{hexed(subject)}"] = json.dumps(value).encode()

    def reads(self, *entries: Described) -> int:
        """How often any of these manifests was read."""
        return sum(f"GET /v2/web/manifests/{each['digest']}" in self.asked for each in entries)

    def answer(self, asked: Asked) -> bytes | None:
        self.asked.append(f"{asked.method} {asked.path}")
        return self.by_path.get(asked.path)


@pytest.fixture
def registry() -> Iterator[Plain]:
    with plain() as made:
        yield made


@pytest.fixture
def lists() -> Lists:
    return Lists()


def said(count: int, name: str, size: int = LARGE) -> list[Described]:
    """Entries of a list that are said to be of that size; there are no such manifests."""
    digests = [str(digest_of(f"{name} {number}".encode())) for number in range(count)]
    return [{"mediaType": MANIFEST, "digest": digest, "size": size} for digest in digests]


def large(writer: Writer, subject: Described, name: str) -> Described:
    """A manifest that points to the subject and is nearly as large as any may be."""
    small = artifact(writer, name.encode(), subject)
    value = json.loads((writer.directory / "blobs/sha256" / hexed(small)).read_bytes())
    return writer.document({**value, "x-pad": "x" * (LARGE - 2000)})


def copy(registry: Plain, pushed: Pushed, answer: Instead) -> None:
    """To another repository, from behind a front that may answer in the registry's place."""
    with front(registry.url, [], answer) as url, registry.run(url) as images:
        images.copy(pushed.image, LAB, GOAL, TO, ("1.0",), lambda progress: None)


def is_there(registry: Plain, reference: str) -> bool:
    with registry.run() as images:
        return images.find(GOAL, TO, reference) is not None


def test_a_list_of_more_than_is_allowed_is_refused_before_one_of_it_is_read(
    registry: Plain, lists: Lists, tmp_path: Path
):
    writer = Writer(tmp_path)
    image, entries = writer.manifest(b"layer"), said(40, "signature")
    pushed = registry.push(image_of(written(writer, image)), "1.0")
    registry.write({"schemaVersion": 2, "mediaType": INDEX, "manifests": []}, f"sha256-{hexed(image)}")
    lists.add(image, *entries)
    with pytest.raises(BadImage, match=r"referrers of .* more than 64 MiB together"):
        copy(registry, pushed, lists.answer)
    assert lists.reads(*entries) == 0
    assert not is_there(registry, "1.0")


def test_a_list_of_too_many_manifests_is_refused_before_one_of_it_is_read(
    registry: Plain, lists: Lists, tmp_path: Path
):
    writer = Writer(tmp_path)
    image, entries = writer.manifest(b"layer"), said(10_001, "signature", 100)
    pushed = registry.push(image_of(written(writer, image)), "1.0")
    registry.write({"schemaVersion": 2, "mediaType": INDEX, "manifests": []}, f"sha256-{hexed(image)}")
    lists.add(image, *entries)
    with pytest.raises(BadImage, match="more than 10000 manifests"):
        copy(registry, pushed, lists.answer)
    assert lists.reads(entries[0], entries[-1]) == 0


def test_what_points_to_a_signature_is_of_the_same_allowance(registry: Plain, lists: Lists, tmp_path: Path):
    writer = Writer(tmp_path)
    image = writer.manifest(b"layer")
    signature = artifact(writer, b"signature", image)
    of_it = artifact(writer, b"of the signature", signature)
    first, second = said(10, "of the image"), said(10, "of the signature")
    pushed = registry.push(image_of(written(writer, image, signature, of_it)), "1.0")
    lists.add(image, signature, *first)
    lists.add(signature, of_it, *second)
    with pytest.raises(BadImage, match="more than 64 MiB together"):
        copy(registry, pushed, lists.answer)
    assert (lists.reads(*first), lists.reads(*second)) == (10, 0)


def test_a_list_under_a_tag_is_of_the_same_allowance(registry: Plain, lists: Lists, tmp_path: Path):
    """Sixteen manifests of this size are allowed; behind a list of 3 MB that has to be read first they are not."""
    writer = Writer(tmp_path)
    image = writer.manifest(b"layer")
    signature = artifact(writer, b"signature", image)
    pushed = registry.push(image_of(written(writer, image, signature)), "1.0")
    first, *entries = said(16, "signature", 4_100_000)
    lists.add(image, first | {"annotations": {"pad": "x" * 3_000_000}}, *entries)
    with pytest.raises(BadImage, match="more than 64 MiB together"):
        copy(registry, pushed, lists.answer)
    assert lists.reads(first, *entries) == 0


def test_a_signature_of_another_size_than_its_list_says_is_refused(registry: Plain, lists: Lists, tmp_path: Path):
    writer = Writer(tmp_path)
    image = writer.manifest(b"layer")
    signature = artifact(writer, b"signature", image)
    pushed = registry.push(image_of(written(writer, image, signature)), "1.0")
    lists.add(image, {**signature, "size": 7})
    with pytest.raises(BadImage, match=rf"gives {signature['digest']} 7 bytes, it has {signature['size']}"):
        copy(registry, pushed, lists.answer)
    assert not is_there(registry, "1.0")


def test_an_index_that_understates_its_manifests_is_left_at_the_first_that_is_read(registry: Plain, lists: Lists):
    value = {"schemaVersion": 2, "mediaType": INDEX, "manifests": []}
    bodies = [json.dumps({**value, "x": number}).encode() for number in range(300)]
    entries: list[Described] = [{"mediaType": INDEX, "digest": str(digest_of(body)), "size": 7} for body in bodies]
    lists.by_path = {f"/v2/web/manifests/{digest_of(body)}": body for body in bodies}
    lists.by_path["/v2/web/manifests/1.0"] = json.dumps({**value, "manifests": entries}).encode()
    with (
        front(registry.url, [], lists.answer) as url,
        registry.run(url) as images,
        pytest.raises(BadImage, match=r"gives sha256:.* 7 bytes, it has"),
    ):
        images.find(LAB, WEB, "1.0")
    assert lists.reads(*entries) <= SIDE_BY_SIDE  # one in each lane


def test_signatures_of_more_than_half_of_what_is_allowed_go_along(registry: Plain, tmp_path: Path):
    writer = Writer(tmp_path)
    image = writer.manifest(b"layer")
    signatures = [large(writer, image, f"signature {number}") for number in range(9)]
    registry.copy(registry.push(image_of(written(writer, image, *signatures)), "1.0"), "1.0")
    assert set(registry.listed(image, OTHER)) == {each["digest"] for each in signatures}


def test_what_two_lists_name_is_read_once(registry: Plain, lists: Lists, tmp_path: Path):
    writer = Writer(tmp_path)
    image = writer.manifest(b"layer")
    signature = artifact(writer, b"signature", image)
    other = artifact(writer, b"of the signature", signature)
    pushed = registry.push(image_of(written(writer, image, signature, other)), "1.0")
    lists.add(image, signature, other)
    lists.add(signature, other, signature)
    copy(registry, pushed, lists.answer)
    counts = [lists.asked.count(f"GET /v2/web/manifests/{each['digest']}") for each in (signature, other)]
    assert counts == [1, 1]
    assert is_there(registry, str(signature["digest"]))
    assert is_there(registry, str(other["digest"]))


def test_what_a_list_names_is_read_side_by_side(registry: Plain, tmp_path: Path):
    writer = Writer(tmp_path)
    image = writer.manifest(b"layer")
    signatures = [artifact(writer, b"%d" % number, image) for number in range(4)]
    pushed = registry.push(image_of(written(writer, image, *signatures)), "1.0")
    paths, together = {f"/v2/web/manifests/{each['digest']}" for each in signatures}, threading.Barrier(4)

    def meet(asked: Asked) -> None:
        if asked.path in paths:
            together.wait(10)

    copy(registry, pushed, meet)
    assert not together.broken
