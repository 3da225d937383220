"""Copying between repositories, registries and accounts: the same digest, exact bytes, nothing tagged too early."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from bench.rounds import in_rounds
from ecr_publish.errors import DigestMismatch, ImageMissing, NotAuthorised, TagTaken
from ecr_publish.local.faults import Request
from ecr_publish.model.image import InLayout
from ecr_publish.ports.images import Pushed
from tests.contract.oci.registries import HERE, THERE, World
from tests.unit.oci.layouts import Writer, multi, single


def test_an_index_comes_to_another_account_and_region_byte_for_byte(ecr: World, tmp_path: Path):
    pushed = ecr.push(multi(tmp_path), ecr.create("web"), "1.0")
    there = ecr.create("web", THERE)
    copied = ecr.copy(pushed, there, "1.0", "prod")
    assert ecr.tags(there, THERE) == {"1.0": str(pushed.image.digest), "prod": str(pushed.image.digest)}
    assert copied.image.children == pushed.image.children
    assert set(ecr.stored(there, THERE).layers) == set(ecr.stored(pushed.image.repository).layers)


def test_a_copy_of_what_the_registry_sees_otherwise_is_a_mismatch(ecr: World, tmp_path: Path):
    pushed = ecr.push(single(tmp_path), ecr.create("web"), "1.0")
    ecr.fail("digest", action="ecr:PutImage", times=10)
    with pytest.raises(DigestMismatch, match="sha256:0000"):
        ecr.copy(pushed, ecr.create("web", THERE), "1.0")


def test_a_copy_of_what_is_there_changes_nothing(ecr: World, tmp_path: Path):
    pushed = ecr.push(multi(tmp_path), ecr.create("web"), "1.0")
    there = ecr.create("web", THERE)
    ecr.copy(pushed, there, "1.0")
    before = len(ecr.requests)
    assert ecr.copy(pushed, there, "1.0").already_there
    assert ecr.asked(before) == ["HEAD ecr:BatchGetImage"]


def test_a_retag_is_one_read_and_one_write(ecr: World, tmp_path: Path):
    repository = ecr.create("web")
    pushed = ecr.push(multi(tmp_path), repository, "1.0")
    before = len(ecr.requests)
    ecr.copy(pushed, repository, "staging", to=HERE)
    assert ecr.asked(before) == ["GET ecr:BatchGetImage", "PUT ecr:PutImage"]
    assert ecr.tags(repository)["staging"] == str(pushed.image.digest)


def test_a_step_that_has_looked_at_the_tag_leaves_the_engine_nothing_to_ask(ecr: World, tmp_path: Path):
    repository = ecr.create("web")
    layout = single(tmp_path)
    ecr.push(layout, repository, "1.0")
    before = len(ecr.requests)
    assert ecr.images.digest(HERE, repository, "1.0") == layout.digest
    assert ecr.push(layout, repository).already_there
    assert ecr.asked(before) == ["HEAD ecr:BatchGetImage"]


def test_a_look_is_used_once(ecr: World, tmp_path: Path):
    repository = ecr.create("web")
    layout = single(tmp_path)
    ecr.push(layout, repository, "1.0")
    ecr.images.digest(HERE, repository, "1.0")
    ecr.push(layout, repository, "1.0")
    before = len(ecr.requests)
    ecr.push(layout, repository, "1.0")
    assert ecr.asked(before) == ["HEAD ecr:BatchGetImage"]


def test_a_look_that_saw_nothing_is_not_believed_after_the_write(ecr: World, tmp_path: Path):
    repository = ecr.create("web")
    layout = single(tmp_path)
    assert ecr.images.digest(HERE, repository, "1.0") is None
    ecr.push(layout, repository, "1.0")
    assert ecr.push(layout, repository, "1.0").already_there


def tagged_meanwhile(ecr: World, theirs: Pushed, tag: str) -> Callable[[object], None]:
    """While we transfer, a minute passes and somebody else gives the tag to their image."""

    def meanwhile(progress: object) -> None:
        ecr.clock.advance(timedelta(seconds=60))
        ecr.stored(theirs.image.repository).tags[tag] = str(theirs.image.digest)

    return meanwhile


def test_a_tag_that_somebody_writes_during_a_long_transfer_is_not_overwritten(ecr: World, tmp_path: Path):
    repository = ecr.create("web")
    theirs = ecr.push(single(tmp_path / "theirs", b"theirs"), repository)

    ours = single(tmp_path / "ours", b"ours")
    with pytest.raises(TagTaken) as raised:
        ecr.images.push(ours, HERE, repository, ("1.0",), tagged_meanwhile(ecr, theirs, "1.0"))
    assert str(theirs.image.digest) in raised.value.what
    assert str(ours.digest) in raised.value.what
    assert ecr.tags(repository) == {"1.0": str(theirs.image.digest)}


def test_a_tag_that_was_decided_on_long_ago_and_written_since_by_somebody_else_stays_theirs(ecr: World, tmp_path: Path):
    """As of a step that looks, decides, and then waits for a list of many tags."""
    repository = ecr.create("web")
    ours = ecr.push(single(tmp_path / "ours", b"ours"), repository)
    theirs = ecr.push(single(tmp_path / "theirs", b"theirs"), repository)
    for again in (ours.image, single(tmp_path / "new", b"new")):
        ecr.stored(repository).tags.pop("1.0", None)
        assert ecr.images.look(HERE, repository, ("1.0",)).digest("1.0") is None
        ecr.clock.advance(timedelta(seconds=60))
        ecr.stored(repository).tags["1.0"] = str(theirs.image.digest)
        with pytest.raises(TagTaken, match=r"the tag 1\.0 named nothing"):
            if isinstance(again, InLayout):
                ecr.images.push(again, HERE, repository, ("1.0",), ecr.told.append)
            else:
                ecr.images.copy(again, HERE, HERE, repository, ("1.0",), ecr.told.append)
        assert ecr.tags(repository)["1.0"] == str(theirs.image.digest)


def test_tags_that_were_seen_long_ago_are_looked_at_again_side_by_side_before_the_first_of_them_is_written(
    ecr: World, tmp_path: Path
):
    repository, layout = ecr.create("web"), single(tmp_path)

    def meanwhile(progress: object) -> None:
        ecr.clock.advance(timedelta(seconds=60))

    with in_rounds(ecr, ecr.clock) as rounds:
        ecr.images.push(layout, HERE, repository, ("1.0", "1", "latest"), meanwhile)
    last = [[f"{each.method} {each.path.rpartition('/')[2]}" for each in found] for found in rounds.done[-4:]]
    assert sorted(last[0]) == ["HEAD 1", "HEAD 1.0", "HEAD latest"]
    assert last[1:] == [["PUT 1.0"], ["PUT 1"], ["PUT latest"]]


def three_failing_puts(ecr: World, at_third: Callable[[], None]) -> list[Request]:
    """Three writes of a manifest fail, and something happens with the third; returns all writes that will come."""
    ecr.fail("status", action="ecr:PutImage", status=500, times=3)
    puts: list[Request] = []

    def meanwhile(request: Request) -> None:
        if request.action == "ecr:PutImage":
            puts.append(request)
            if len(puts) == 3:
                at_third()

    ecr.ecr.script.on_request = meanwhile
    return puts


def test_a_write_of_a_tag_that_failed_is_not_repeated_over_somebody_elses(ecr: World, tmp_path: Path):
    repository = ecr.create("web")
    theirs = ecr.push(single(tmp_path / "theirs", b"theirs"), repository)
    puts = three_failing_puts(ecr, lambda: ecr.stored(repository).tags.update({"1.0": str(theirs.image.digest)}))
    with pytest.raises(TagTaken, match=r"the tag 1\.0 named nothing"):
        ecr.push(single(tmp_path / "ours", b"ours"), repository, "1.0")
    assert len(puts) == 3
    assert ecr.tags(repository) == {"1.0": str(theirs.image.digest)}


def test_a_write_of_a_tag_that_only_lost_its_answer_is_not_repeated(ecr: World, tmp_path: Path):
    repository, ours = ecr.create("web"), single(tmp_path / "ours", b"ours")
    ecr.push(ours, repository)
    puts = three_failing_puts(ecr, lambda: ecr.stored(repository).tags.update({"1.0": str(ours.digest)}))
    ecr.push(ours, repository, "1.0")
    assert len(puts) == 3


def test_the_error_at_one_of_several_tags_names_those_that_were_written_before(ecr: World, tmp_path: Path):
    repository = ecr.create("web")
    theirs = ecr.push(single(tmp_path / "theirs", b"theirs"), repository)

    def meanwhile(request: Request) -> None:
        if request.path.endswith("/manifests/1.0") and request.method == "PUT":
            ecr.clock.advance(timedelta(seconds=60))
            ecr.stored(repository).tags["1"] = str(theirs.image.digest)

    ecr.ecr.script.on_request = meanwhile
    with pytest.raises(TagTaken, match=r"the tag 1 named nothing.*; written before it: 1\.0"):
        ecr.push(single(tmp_path / "ours", b"ours"), repository, "1.0", "1")


def test_no_tag_is_written_where_one_of_them_was_written_by_somebody_else_meanwhile(ecr: World, tmp_path: Path):
    repository = ecr.create("web")
    theirs = ecr.push(single(tmp_path / "theirs", b"theirs"), repository)

    with pytest.raises(TagTaken, match="the tag 1 named nothing"):
        ecr.images.push(
            single(tmp_path / "ours"), HERE, repository, ("1.0", "1", "latest"), tagged_meanwhile(ecr, theirs, "1")
        )
    assert ecr.tags(repository) == {"1": str(theirs.image.digest)}


def test_the_source_is_asked_while_the_upload_is_opened(ecr: World, tmp_path: Path):
    pushed, there = ecr.push(single(tmp_path), ecr.create("web"), "1.0"), ecr.create("web", THERE)
    with in_rounds(ecr, ecr.clock) as rounds:
        ecr.copy(pushed, there, "1.0")
    asked = [{each.action for each in found} for found in rounds.done]
    assert {"ecr:InitiateLayerUpload", "ecr:GetDownloadUrlForLayer"} in asked


def test_a_source_that_was_asked_for_nothing_is_let_go(ecr: World, tmp_path: Path):
    pushed, there = ecr.push(single(tmp_path, b"x" * (4 << 20)), ecr.create("web"), "1.0"), ecr.create("web", THERE)
    ecr.ecr.denials.deny("ecr:InitiateLayerUpload")
    with pytest.raises(NotAuthorised, match="ecr:InitiateLayerUpload"):
        ecr.copy(pushed, there, "1.0")
    assert ecr.stored(there, THERE).layers == {}
    ecr.ecr.denials.clear()
    assert ecr.copy(pushed, there, "1.0").moved_bytes > 4 << 20


def test_blobs_are_mounted_where_the_registry_mounts(ecr: World, tmp_path: Path):
    ecr.stored_registry(HERE).settings["BLOB_MOUNTING"] = "ENABLED"
    pushed = ecr.push(multi(tmp_path), ecr.create("dev/web"), "1.0")
    before = len(ecr.requests)
    copied = ecr.copy(pushed, ecr.create("prod/web"), "1.0", to=HERE)
    assert copied.mounted_blobs == 6
    assert copied.moved_bytes == 0
    assert "GET ecr:GetDownloadUrlForLayer" not in ecr.asked(before)


def test_a_refused_mount_is_streamed_and_the_next_copy_does_not_try_it_again(ecr: World, tmp_path: Path):
    source, goal = ecr.create("dev/web"), ecr.create("prod/web")
    first = ecr.push(single(tmp_path / "a", b"a"), source, "1.0")
    second = ecr.push(single(tmp_path / "b", b"b"), source, "1.1")
    assert ecr.copy(first, goal, "1.0", to=HERE).moved_bytes > 0
    before = len(ecr.requests)
    copied = ecr.copy(second, goal, "1.1", to=HERE)
    assert copied.moved_bytes == 1
    assert ecr.asked(before).count("POST ecr:InitiateLayerUpload") == 1


def test_a_blob_that_the_storage_corrupts_is_not_copied(ecr: World, tmp_path: Path):
    pushed = ecr.push(single(tmp_path, b"layer" * 1000), ecr.create("web"), "1.0")
    there = ecr.create("web", THERE)
    ecr.fail("body", action="s3:GetObject", times=50)
    with pytest.raises(DigestMismatch):
        ecr.copy(pushed, there, "1.0")
    assert ecr.stored(there, THERE).images == {}
    assert ecr.stored(there, THERE).layers == {}


def test_a_source_that_is_deleted_meanwhile_is_named(ecr: World, tmp_path: Path):
    source = ecr.create("web")
    pushed = ecr.push(single(tmp_path), source, "1.0")
    ecr.stored(source).images.clear()
    ecr.stored(source).tags.clear()
    with pytest.raises(ImageMissing, match=str(pushed.image.digest)):
        ecr.copy(pushed, ecr.create("web", THERE), "1.0")


def test_another_account_s_refusal_names_the_action(ecr: World, tmp_path: Path):
    pushed = ecr.push(single(tmp_path), ecr.create("web"), "1.0")
    ecr.ecr.denials.deny("ecr:GetDownloadUrlForLayer")
    with pytest.raises(NotAuthorised, match="ecr:GetDownloadUrlForLayer"):
        ecr.copy(pushed, ecr.create("web", THERE), "1.0")


def test_an_index_in_an_index_is_copied_with_all_below(ecr: World, tmp_path: Path):
    writer = Writer(tmp_path)
    inner = writer.index(writer.manifest(b"deep", platform={"os": "linux", "architecture": "amd64"}))
    pushed = ecr.push(writer.publish(writer.index(inner, writer.manifest(b"flat"))), ecr.create("web"), "1.0")
    there = ecr.create("web", THERE)
    ecr.copy(pushed, there, "1.0")
    assert len(ecr.stored(there, THERE).images) == 4
    assert len(pushed.image.children) == 2


def test_a_copy_there_and_back_is_the_same_image(ecr: World, tmp_path: Path):
    pushed = ecr.push(multi(tmp_path), ecr.create("web"), "1.0")
    there, back = ecr.create("web", THERE), ecr.create("again")
    copied = ecr.copy(pushed, there, "1.0")
    ecr.images.copy(copied.image, THERE, HERE, back, ("1.0",), ecr.told.append)
    assert ecr.tags(back) == ecr.tags(pushed.image.repository)
    index = json.loads(ecr.bytes_of(ecr.tags(back)["1.0"]))
    assert {each["digest"] for each in index["manifests"]} <= set(ecr.stored(back).images)


def test_a_layer_of_many_images_crosses_to_another_region_once(ecr: World, tmp_path: Path):
    ecr.stored_registry(THERE).settings["BLOB_MOUNTING"] = "ENABLED"
    copied = []
    for name in ("web", "api", "job"):
        pushed = ecr.push(single(tmp_path / name, b"base" * 1000, name.encode()), ecr.create(name), "1.0")
        copied.append(ecr.copy(pushed, ecr.create(name, THERE), "1.0"))
    assert [each.moved_bytes for each in copied[1:]] == [3, 3]
    assert [each.mounted_blobs for each in copied] == [0, 2, 2]
