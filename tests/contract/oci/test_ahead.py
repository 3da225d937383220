"""Blobs that go ahead of their image: none is begun after a failure, and none is sent that came meanwhile or
that a neighbour has."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from pathlib import Path

import pytest

from ecr_publish.errors import BadImage
from ecr_publish.http.transport import Transport
from ecr_publish.local.faults import Request
from ecr_publish.model.digest import Digest
from ecr_publish.model.events import How, Transferred
from ecr_publish.model.layer import StoredBlob
from ecr_publish.oci.images import RegistryImages
from tests.contract.oci.registries import HERE, World
from tests.unit.oci.layouts import LAYER, Writer, single

FINISH = "PUT ecr:CompleteLayerUpload"


def blobs(directory: Path, *contents: bytes) -> list[StoredBlob]:
    """Blobs of a layout that is being written."""
    written = [Writer(directory).blob(each) for each in contents]
    return [
        StoredBlob(Digest(str(each["digest"])), len(content), LAYER)
        for each, content in zip(written, contents, strict=True)
    ]


def many(directory: Path, count: int) -> list[StoredBlob]:
    return blobs(directory, *(f"layer {each}".encode() for each in range(count)))


def file_of(directory: Path, blob: StoredBlob) -> Path:
    return directory / "blobs" / "sha256" / blob.digest.hex


def narrow(ecr: World, width: int) -> None:
    """So few requests at once that blobs wait for a lane, as those of many images do."""
    ecr.images.close()
    ecr.images = RegistryImages(Transport(ecr.stop), ecr.tokens, ecr.clock, lambda seconds: seconds, side_by_side=width)


def slow(ecr: World, seconds: float, path: str = "", others: float = 0.0) -> None:
    """Each answer takes a while; or those of one path do, and the others another while."""

    async def hold(request: Request) -> None:
        await asyncio.sleep(seconds if path in request.path else others)

    ecr.ecr.script.hold = hold


def receiving(ecr: World, directory: Path, repository):
    return ecr.images.receiving(directory, HERE, repository, (), ecr.told.append)


def test_after_a_failure_of_the_source_no_blob_that_waits_for_a_lane_is_begun(ecr: World, tmp_path: Path):
    narrow(ecr, 2)
    slow(ecr, 0.05)
    with pytest.raises(OSError, match="the disk"), receiving(ecr, tmp_path, ecr.create("web")) as sending:
        for blob in many(tmp_path, 12):
            sending.receiver.take(blob)
        raise OSError("the disk")
    assert ecr.asked().count(FINISH) <= 2


def test_after_a_failure_of_one_blob_the_others_are_not_waited_for_to_be_begun(ecr: World, tmp_path: Path):
    repository, (first, damaged, *others) = ecr.create("web"), many(tmp_path, 80)
    file_of(tmp_path, damaged).write_bytes(b"LAYER 1")
    slow(ecr, 1.5, first.digest.hex, others=0.05)
    with pytest.raises(BadImage), receiving(ecr, tmp_path, repository) as sending:
        for blob in (first, damaged, *others):
            sending.receiver.take(blob)
    assert ecr.asked().count(FINISH) < 40


def test_a_blob_that_is_asked_for_while_another_fails_is_not_sent(ecr: World, tmp_path: Path):
    repository, (asked, damaged) = ecr.create("web"), many(tmp_path, 2)
    file_of(tmp_path, damaged).write_bytes(b"LAYER 1")
    slow(ecr, 0.5, asked.digest.hex)
    with pytest.raises(BadImage), receiving(ecr, tmp_path, repository) as sending:
        sending.receiver.take(asked)
        sending.receiver.take(damaged)
    assert str(asked.digest) not in ecr.stored(repository).layers


def test_a_blob_that_one_image_gave_up_is_brought_by_another_that_waits_for_it(ecr: World, tmp_path: Path):
    narrow(ecr, 1)
    slow(ecr, 0.1)
    repository, first, second = ecr.create("web"), tmp_path / "first", tmp_path / "second"
    ahead, shared = many(first, 2)
    many(second, 2)
    with ExitStack() as lasting:
        other = lasting.enter_context(receiving(ecr, second, repository))
        with pytest.raises(OSError, match="the disk"), receiving(ecr, first, repository) as sending:
            sending.receiver.take(ahead)
            sending.receiver.take(shared)
            other.receiver.take(shared)
            raise OSError("the disk")
    assert str(shared.digest) in ecr.stored(repository).layers


def test_a_blob_that_another_image_brought_since_it_was_asked_for_is_not_sent_again(ecr: World, tmp_path: Path):
    repository, (blob,) = ecr.create("web"), blobs(tmp_path, b"base layer")
    with receiving(ecr, tmp_path, repository) as sending:
        assert sending.receiver.has((blob,)) == frozenset()
        ecr.push(single(tmp_path / "other", b"base layer"), repository, "1.0")
        sending.receiver.take(blob)
    assert (ecr.asked().count(FINISH), sending.sent_bytes) == (2, 0)


def begun(ecr: World, since: int) -> int:
    return ecr.asked(since).count("POST ecr:InitiateLayerUpload")


def test_a_blob_that_a_neighbour_got_in_this_run_is_mounted_and_not_sent(ecr: World, tmp_path: Path):
    ecr.stored_registry(HERE).settings["BLOB_MOUNTING"] = "ENABLED"
    ecr.push(single(tmp_path / "a", b"base layer"), ecr.create("web"), "1.0")
    repository, (blob,), since = ecr.create("api"), blobs(tmp_path, b"base layer"), len(ecr.requests)
    with receiving(ecr, tmp_path, repository) as sending:
        sending.receiver.take(blob)
    assert (sending.sent_bytes, sending.mounted_blobs) == (0, 1)
    assert (begun(ecr, since), ecr.asked(since).count(FINISH)) == (1, 0)
    assert str(blob.digest) in ecr.stored(repository).layers
    assert [each.how for each in ecr.told if isinstance(each, Transferred)][-1] is How.MOUNTED


def test_where_nothing_is_mounted_blobs_are_sent_and_the_question_costs_nothing(ecr: World, tmp_path: Path):
    contents = (b"base layer", b"another", b"a third")
    ecr.push(single(tmp_path / "a", *contents), ecr.create("web"), "1.0")
    repository, found, since = ecr.create("api"), blobs(tmp_path, *contents), len(ecr.requests)
    with receiving(ecr, tmp_path, repository) as sending:
        for blob in found:
            sending.receiver.take(blob)
    assert (sending.sent_bytes, sending.mounted_blobs) == (sum(map(len, contents)), 0)
    assert (begun(ecr, since), ecr.asked(since).count(FINISH)) == (3, 3)
    assert ecr.images._shared.capabilities.home(ecr.create("new"), found[0].digest) is None


def test_what_a_neighbour_gives_is_there_before_it_is_read(ecr: World, tmp_path: Path):
    ecr.stored_registry(HERE).settings["BLOB_MOUNTING"] = "ENABLED"
    ecr.push(single(tmp_path / "a", b"base layer", b"another"), ecr.create("web"), "1.0")
    repository, found, since = ecr.create("api"), blobs(tmp_path, b"base layer", b"another", b"new"), len(ecr.requests)
    known = {blob.digest for blob in found[:2]}
    with receiving(ecr, tmp_path, repository) as sending:
        assert sending.receiver.has(tuple(found)) == known
        assert sending.receiver.has(tuple(found[2:])) == frozenset()
    assert (sending.sent_bytes, sending.mounted_blobs, begun(ecr, since)) == (0, 2, 2)
    assert {str(digest) for digest in known} == set(ecr.stored(repository).layers)
    assert [each.how for each in ecr.told if isinstance(each, Transferred)][-2:] == [How.MOUNTED] * 2


def test_where_nothing_is_mounted_only_one_blob_is_asked_for_before_it_is_read(ecr: World, tmp_path: Path):
    contents = (b"base layer", b"another", b"a third")
    ecr.push(single(tmp_path / "a", *contents), ecr.create("web"), "1.0")
    repository, found, since = ecr.create("api"), blobs(tmp_path, *contents), len(ecr.requests)
    with receiving(ecr, tmp_path, repository) as sending:
        assert sending.receiver.has(tuple(found)) == frozenset()
        for blob in found:
            sending.receiver.take(blob)
    assert (sending.sent_bytes, sending.mounted_blobs) == (sum(map(len, contents)), 0)
    assert (begun(ecr, since), ecr.asked(since).count(FINISH)) == (4, 3)
