"""Large blobs go in parts: a broken link costs one part, whatever the registry says of how far it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from ecr_publish.errors import BadImage, DigestMismatch, MachineFault, RegistryRefused, Unavailable
from ecr_publish.http.slice import Slice
from ecr_publish.http.transport import Transport
from ecr_publish.local.quirks import OCI, Quirks
from ecr_publish.model.digest import digest_of
from ecr_publish.oci.auth import Authorizer
from ecr_publish.oci.blobs import Blobs
from ecr_publish.oci.descriptor import Descriptor
from ecr_publish.oci.layout import Layout, open_layout
from ecr_publish.oci.limiter import Limiter
from ecr_publish.oci.upload import Upload
from ecr_publish.oci.wire import Line, Wire
from ecr_publish.run.retry import Retry
from tests.contract.oci.registries import HERE, World, world
from tests.unit.oci.layouts import single

PART = 1 << 20
BYTES = bytes(range(256)) * (4 << 12) + b"tail"  # four parts and a little
BLOB = Descriptor("application/octet-stream", digest_of(BYTES), len(BYTES))


# the parts here are small, and what is sent is read back without an image that names it
ECR = Quirks(small_parts_refused=False, unreferenced_withheld=False)


@pytest.fixture(params=[ECR, replace(ECR, sticky_range=True), OCI], ids=["ecr", "sticky range", "oci"])
def ecr(request: pytest.FixtureRequest) -> Iterator[World]:
    with world(request.param) as made:
        yield made


def upload(ecr: World, directory: Path, told: Callable[[int], None] | list[int]) -> tuple[Upload, Wire, Layout]:
    single(directory, BYTES)
    transport = Transport(ecr.stop)
    retry = Retry(ecr.clock, lambda seconds: seconds)
    line = Line(transport, Authorizer(ecr.tokens, transport), Limiter(ecr.clock))
    wire = Wire(line, retry, HERE, ecr.create("web"))
    layout = open_layout(directory)
    moved = told.append if isinstance(told, list) else told
    return Upload(wire, BLOB, layout, moved, part=PART), wire, layout


def test_a_large_blob_is_parts_and_an_empty_end(ecr: World, tmp_path: Path):
    told: list[int] = []
    sending, wire, _ = upload(ecr, tmp_path, told)
    assert sending.send()
    assert ecr.asked() == ["POST ecr:InitiateLayerUpload", *["PATCH ecr:UploadLayerPart"] * 5,
                           "PUT ecr:CompleteLayerUpload"]  # fmt: skip
    assert b"".join(Blobs(wire).read(BLOB)) == BYTES
    assert told[-1] == len(BYTES)


@pytest.mark.parametrize(("per_second", "parts"), [(PART // 10, 5), (PART * 2 // 5, 3), (PART * 100, 2)])
def test_parts_grow_with_what_passes_in_five_seconds(ecr: World, tmp_path: Path, per_second: int, parts: int):
    seen = [0]

    def passing(done: int) -> None:
        ecr.clock.advance(timedelta(seconds=(done - seen[0]) / per_second))
        seen[0] = done

    sending, wire, _ = upload(ecr, tmp_path, passing)
    assert sending.send()
    assert ecr.asked().count("PATCH ecr:UploadLayerPart") == parts
    assert b"".join(Blobs(wire).read(BLOB)) == BYTES


def test_a_broken_part_is_sent_again_and_the_others_are_not(ecr: World, tmp_path: Path):
    sending, wire, _ = upload(ecr, tmp_path, [])
    ecr.fail("cut", action="ecr:UploadLayerPart", index=2, after=PART // 2)
    assert sending.send()
    assert b"".join(Blobs(wire).read(BLOB)) == BYTES
    assert ecr.asked().count("POST ecr:InitiateLayerUpload") == 1
    assert ecr.asked().count("PATCH ecr:UploadLayerPart") == 6


def test_a_session_that_has_nothing_yet_is_taken_up_at_its_beginning(ecr: World, tmp_path: Path):
    """`Range: 0-0` is said of none as of one byte. Docker's registry does not compare a part's Content-Range: one that
    began at the second byte was found out at the very end, as a wrong digest."""
    sending, wire, _ = upload(ecr, tmp_path, [])
    ecr.fail("cut", action="ecr:UploadLayerPart", after=0)
    assert sending.send()
    assert b"".join(Blobs(wire).read(BLOB)) == BYTES
    assert ecr.asked().count("POST ecr:InitiateLayerUpload") == 1


def test_what_arrived_of_a_broken_part_is_not_sent_again(ecr: World, tmp_path: Path):
    sending, wire, _ = upload(ecr, tmp_path, [])
    ecr.fail("cut", action="ecr:UploadLayerPart", index=2, after=PART // 2)

    def arriving(request) -> None:
        if request.method == "GET":
            (session,) = ecr.ecr.uploads._open.values()
            session.write(BYTES[session.size : session.size + PART // 2])

    ecr.ecr.script.on_request = arriving
    assert sending.send()
    ecr.ecr.script.on_request = None
    assert b"".join(Blobs(wire).read(BLOB)) == BYTES
    assert ecr.asked().count("POST ecr:InitiateLayerUpload") == 1


def test_a_part_that_arrived_though_its_answer_was_lost_ends_well(ecr: World, tmp_path: Path):
    """The session is further than we know, or (sticky range) says nothing useful: then a new one is begun."""
    sending, wire, _ = upload(ecr, tmp_path, [])
    ecr.fail("status", action="ecr:UploadLayerPart", index=1, status=502)
    assert sending.send()
    assert b"".join(Blobs(wire).read(BLOB)) == BYTES


def test_a_last_part_of_which_only_the_answer_was_lost_is_not_followed_by_an_empty_one(ecr: World, tmp_path: Path):
    sending, wire, _ = upload(ecr, tmp_path, [])
    ecr.fail("cut", action="ecr:UploadLayerPart", index=4, after=0)

    def arriving(request) -> None:
        if request.method == "GET":
            (session,) = ecr.ecr.uploads._open.values()
            session.write(BYTES[session.size :])

    ecr.ecr.script.on_request = arriving
    assert sending.send()
    ecr.ecr.script.on_request = None
    assert b"".join(Blobs(wire).read(BLOB)) == BYTES
    assert ecr.asked().count("POST ecr:InitiateLayerUpload") == 1
    assert ecr.asked().count("PATCH ecr:UploadLayerPart") == 5


def test_a_session_that_the_registry_forgot_is_begun_anew(ecr: World, tmp_path: Path):
    sending, wire, _ = upload(ecr, tmp_path, [])

    def forgetting(request) -> None:
        if request.method == "PATCH" and ecr.asked().count("PATCH ecr:UploadLayerPart") == 3:
            ecr.ecr.uploads._open.clear()

    ecr.ecr.script.on_request = forgetting
    assert sending.send()
    assert b"".join(Blobs(wire).read(BLOB)) == BYTES
    assert ecr.asked().count("POST ecr:InitiateLayerUpload") == 2


def test_a_blob_whose_last_answer_was_lost_is_not_sent_twice(ecr: World, tmp_path: Path):
    sending, wire, _ = upload(ecr, tmp_path, [])
    ecr.stored(wire.repository).layers[str(BLOB.digest)] = BLOB.size
    ecr.fail("status", action="ecr:CompleteLayerUpload", status=504)
    assert not sending.send()
    assert ecr.asked().count("PATCH ecr:UploadLayerPart") == 5


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_refused_end_is_asked_for_again_without_the_parts(ecr: World, tmp_path: Path, status: int):
    sending, wire, _ = upload(ecr, tmp_path, [])
    ecr.fail("status", action="ecr:CompleteLayerUpload", status=status, times=2)
    assert sending.send()
    assert b"".join(Blobs(wire).read(BLOB)) == BYTES
    assert ecr.asked().count("PATCH ecr:UploadLayerPart") == 5
    assert ecr.asked().count("PUT ecr:CompleteLayerUpload") == 3


@pytest.mark.parametrize("action", ["ecr:UploadLayerPart", "ecr:CompleteLayerUpload"])
def test_what_is_refused_for_good_does_not_send_all_parts_again(ecr: World, tmp_path: Path, action: str):
    sending, _, _ = upload(ecr, tmp_path, [])
    ecr.fail("status", action=action, status=503, index=1 if action == "ecr:UploadLayerPart" else 0, times=100)
    with pytest.raises(Unavailable, match="in trouble"):
        sending.send()
    assert ecr.asked().count("POST ecr:InitiateLayerUpload") == 1
    # (the fault meets the question how far it is, too)
    assert (
        ecr.asked().count("PATCH ecr:UploadLayerPart")
        == {"ecr:UploadLayerPart": 2, "ecr:CompleteLayerUpload": 5}[action]
    )


@pytest.mark.parametrize("part", [PART, len(BYTES)], ids=["in parts", "whole"])
def test_the_look_whether_it_arrived_is_one_request_of_each_attempt(ecr: World, tmp_path: Path, part: int):
    """It was retried by itself within each attempt: a registry in trouble was asked 31 times instead of 6."""
    _, wire, layout = upload(ecr, tmp_path, [])
    ecr.fail("status", action="ecr:CompleteLayerUpload", status=503, times=100)
    ecr.fail("status", action="ecr:BatchCheckLayerAvailability", status=503, times=100)
    with pytest.raises(Unavailable, match="in trouble"):
        Upload(wire, BLOB, layout, lambda _: None, part=part).send()
    assert ecr.asked().count("PUT ecr:CompleteLayerUpload") == 1
    assert ecr.asked().count("HEAD ecr:BatchCheckLayerAvailability") == 5


def test_a_layout_that_changes_while_it_is_read_never_becomes_a_blob(ecr: World, tmp_path: Path):
    sending, wire, layout = upload(ecr, tmp_path, [])
    layout.path(BLOB.digest).write_bytes(BYTES[:-1] + b"X")
    with pytest.raises(BadImage, match="other bytes"):
        sending.send()
    assert ecr.stored(wire.repository).layers == {}


def test_a_layout_that_is_cut_off_while_it_is_sent_never_becomes_a_blob(ecr: World, tmp_path: Path):
    def cut_off(done: int) -> None:
        layout.path(BLOB.digest).write_bytes(BYTES[: done + 100])

    sending, wire, layout = upload(ecr, tmp_path, cut_off)
    with pytest.raises(BadImage, match=r"shorter|it has \d+ bytes"):
        sending.send()
    assert ecr.stored(wire.repository).layers == {}


class Failing:
    """A layout on a disk that fails once a blob is sent: files that are open for writing cannot be read."""

    def __init__(self, layout: Layout, *, healed: bool) -> None:
        self._layout, self._healed, self.slices = layout, healed, 0

    def read(self, blob: Descriptor, start: int = 0) -> Iterator[bytes]:
        if not self._healed:
            raise MachineFault(what="the blob cannot be read", where=f"layout {self._layout.directory}", hint="-")
        return self._layout.read(blob, start)

    def slice(self, blob: Descriptor) -> Slice:
        self.slices += 1
        if self._healed and self.slices > 3:  # asked for what it is, then sent in two parts
            return self._layout.slice(blob)
        mode = "rb" if self.slices < 3 else "ab"
        return Slice(self._layout.path(blob.digest).open(mode, buffering=0), 0, blob.size)

    def damaged(self, blob: Descriptor, what: str) -> BadImage:
        return self._layout.damaged(blob, what)


def test_a_disk_that_fails_while_a_blob_is_sent_is_told_as_the_disk(ecr: World, tmp_path: Path):
    _, wire, layout = upload(ecr, tmp_path, [])
    with pytest.raises(MachineFault, match="cannot be read"):
        Upload(wire, BLOB, Failing(layout, healed=False), lambda _: None, part=PART).send()
    assert ecr.stored(wire.repository).layers == {}


def test_a_disk_that_fails_for_a_moment_is_read_again(ecr: World, tmp_path: Path):
    _, wire, layout = upload(ecr, tmp_path, [])
    assert Upload(wire, BLOB, Failing(layout, healed=True), lambda _: None, part=PART).send()
    assert b"".join(Blobs(wire).read(BLOB)) == BYTES


def test_the_registrys_refusal_of_good_bytes_is_told_as_the_registrys(ecr: World, tmp_path: Path):
    """The file is read once more, and it is as it should be."""
    sending, wire, _ = upload(ecr, tmp_path, [])

    def spoiling(request) -> None:
        if request.action == "ecr:CompleteLayerUpload":
            (session,) = ecr.ecr.uploads._open.values()
            session.write(b"more")

    ecr.ecr.script.on_request = spoiling
    with pytest.raises((DigestMismatch, RegistryRefused)):
        sending.send()
    assert ecr.stored(wire.repository).layers == {}


@pytest.mark.parametrize("start", [0, 1, PART, len(BYTES) - 1])
def test_a_blob_can_be_read_from_any_offset(ecr: World, tmp_path: Path, start: int):
    sending, wire, _ = upload(ecr, tmp_path, [])
    sending.send()
    assert b"".join(Blobs(wire).read(BLOB, start)) == BYTES[start:]
