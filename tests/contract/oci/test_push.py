"""Pushing a layout into ECR: blobs, manifests by digest, tags last; and nothing that is there already."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ecr_publish.errors import BadImage, TagTaken
from ecr_publish.local.quirks import Quirks
from ecr_publish.model.digest import digest_of
from ecr_publish.model.events import Transferred
from tests.contract.oci.registries import HERE, World, world
from tests.unit.oci.layouts import Writer, multi, single

PUT = "PUT ecr:PutImage"


def test_one_image_with_one_tag_is_one_put_by_tag(ecr: World, tmp_path: Path):
    repository = ecr.create("web")
    pushed = ecr.push(single(tmp_path), repository, "1.0")
    assert ecr.tags(repository) == {"1.0": str(pushed.image.digest)}
    assert ecr.asked().count(PUT) == 1
    assert not pushed.already_there


def test_children_come_before_their_index_and_the_last_tag_is_the_last_write(ecr: World, tmp_path: Path):
    repository = ecr.create("web")
    pushed = ecr.push(multi(tmp_path), repository, "1.0", "latest")
    puts = [each.path.rpartition("/")[2] for each in ecr.requests if each.action == "ecr:PutImage"]
    children = {str(child.digest) for child in pushed.image.children}
    assert set(puts[:3]) == children
    assert puts[3:] == [str(pushed.image.digest), "1.0", "latest"]
    assert ecr.requests[-1].path.endswith("/latest")


def test_the_registry_keeps_the_exact_bytes_of_every_manifest(ecr: World, tmp_path: Path):
    repository = ecr.create("web")
    pushed = ecr.push(multi(tmp_path), repository, "1.0")
    for digest in (pushed.image.digest, *(child.digest for child in pushed.image.children)):
        assert ecr.bytes_of(str(digest)) == (tmp_path / "blobs" / "sha256" / digest.hex).read_bytes()


def test_a_push_of_what_is_there_asks_once_per_tag_and_changes_nothing(ecr: World, tmp_path: Path):
    repository = ecr.create("web")
    layout = multi(tmp_path)
    ecr.push(layout, repository, "1.0", "latest")
    before = len(ecr.requests)
    again = ecr.push(layout, repository, "1.0", "latest")
    assert again.already_there
    assert ecr.asked(before) == ["HEAD ecr:BatchGetImage"] * 2


def test_a_new_tag_on_a_digest_that_is_there_sends_no_blob(ecr: World, tmp_path: Path):
    repository = ecr.create("web")
    layout = single(tmp_path)
    ecr.push(layout, repository, "1.0")
    before = len(ecr.requests)
    pushed = ecr.push(layout, repository, "1.0", "stable")
    assert ecr.tags(repository)["stable"] == str(layout.digest)
    assert pushed.moved_bytes == 0
    assert [each for each in ecr.asked(before) if "Layer" in each] == []


def test_only_the_layer_that_changed_is_sent(ecr: World, tmp_path: Path):
    repository = ecr.create("web")
    ecr.push(single(tmp_path / "a", b"base" * 1000, b"first"), repository, "1.0")
    pushed = ecr.push(single(tmp_path / "b", b"base" * 1000, b"second"), repository, "1.1")
    assert pushed.moved_bytes == len(b"second")
    assert pushed.reused_bytes > 4000


def test_an_image_can_be_pushed_without_a_tag(ecr: World, tmp_path: Path):
    repository = ecr.create("web")
    layout = single(tmp_path)
    ecr.push(layout, repository)
    assert str(layout.digest) in ecr.stored(repository).images
    assert ecr.tags(repository) == {}
    assert ecr.push(layout, repository).already_there


def test_attestations_are_children_that_no_scanner_reads(ecr: World, tmp_path: Path):
    repository = ecr.create("web")
    ecr.push(multi(tmp_path), repository, "1.0")
    found = ecr.images.find(HERE, repository, "1.0")
    assert found is not None
    assert [(str(child.platform), child.scannable) for child in found.children] == [
        ("linux/amd64", True),
        ("linux/arm64", True),
        ("unknown/unknown", False),
    ]


@pytest.mark.parametrize(
    "disguise",
    [
        {"annotations": {"vnd.docker.reference.type": "attestation-manifest"}},
        {"platform": {"os": "unknown", "architecture": "unknown"}},
        {"artifactType": "application/vnd.example"},
    ],
    ids=lambda value: next(iter(value)),
)
def test_a_runnable_child_is_scanned_whatever_the_index_calls_it(ecr: World, tmp_path: Path, disguise: dict):
    repository = ecr.create("web")
    writer = Writer(tmp_path)
    child = {**writer.manifest(b"layer", platform={"os": "linux", "architecture": "amd64"}), **disguise}
    ecr.push(writer.publish(writer.index(child)), repository, "1.0")
    found = ecr.images.find(HERE, repository, "1.0")
    assert [each.scannable for each in found.children] == [True]


def test_labels_are_the_config_s_under_the_annotations(ecr: World, tmp_path: Path):
    repository = ecr.create("web")
    writer = Writer(tmp_path)
    child = writer.manifest(b"layer", labels={"a": "config", "b": "config"}, annotations={"ignored": "descriptor"})
    pushed = ecr.push(writer.publish(writer.index(child, annotations={"b": "index"})), repository, "1.0")
    assert ecr.images.labels(HERE, pushed.image) == {"a": "config", "b": "index"}


@pytest.mark.parametrize("refused", [True, False])
def test_the_same_digest_under_an_immutable_tag_is_success(tmp_path: Path, refused: bool):
    with world(Quirks(same_digest_refused=refused)) as ecr:
        repository = ecr.create("web", immutable=True)
        layout = single(tmp_path)
        ecr.push(layout, repository, "1.0")
        assert ecr.push(layout, repository, "1.0").already_there
        pushed = ecr.push(layout, repository)
        ecr.copy(pushed, repository, "1.0", to=HERE)  # a retag does not ask first
        assert ecr.tags(repository) == {"1.0": str(layout.digest)}


def test_an_immutable_tag_of_another_digest_is_taken_and_both_are_named(ecr: World, tmp_path: Path):
    repository = ecr.create("web", immutable=True)
    first = ecr.push(single(tmp_path / "a", b"a"), repository, "1.0").image.digest
    second = single(tmp_path / "b", b"b")
    with pytest.raises(TagTaken) as raised:
        ecr.push(second, repository, "1.0")
    assert str(first) in raised.value.what
    assert str(second.digest) in raised.value.what
    assert ecr.tags(repository) == {"1.0": str(first)}


def test_all_pages_of_tags_are_read(ecr: World, tmp_path: Path):
    repository = ecr.create("web")
    digest = str(ecr.push(single(tmp_path), repository, "1.0").image.digest)
    names = {f"build-{number}" for number in range(2500)}
    ecr.stored(repository).tags.update(dict.fromkeys(names, digest))
    assert set(ecr.images.tags(HERE, repository)) == names | {"1.0"}


def test_two_images_at_once_send_a_shared_layer_once(ecr: World, tmp_path: Path):
    repository = ecr.create("web")
    shared = b"shared" * 100_000
    layouts = [single(tmp_path / str(number), shared, b"own %d" % number) for number in range(6)]
    with ThreadPoolExecutor(6) as pool:
        pushes = [pool.submit(ecr.push, layout, repository, f"1.{n}") for n, layout in enumerate(layouts)]
        results = [push.result() for push in pushes]
    assert len(ecr.tags(repository)) == 6
    completed = [each.path for each in ecr.requests if each.action == "ecr:CompleteLayerUpload"]
    assert len(completed) == 6 + 1 + 1  # six own layers, the shared one, the common config
    assert sum(each.moved_bytes for each in results) < 2 * len(shared)


def test_progress_of_each_blob_ends_at_its_size(ecr: World, tmp_path: Path):
    ecr.push(single(tmp_path, b"x" * (3 << 20)), ecr.create("web"), "1.0")
    layer = digest_of(b"x" * (3 << 20)).short
    done = [each.done for each in ecr.told if isinstance(each, Transferred) and each.what == layer]
    assert done == sorted(done)
    assert done[-1] == 3 << 20


def test_wrong_bytes_in_a_layout_are_refused_and_do_not_become_a_blob(ecr: World, tmp_path: Path):
    repository = ecr.create("web")
    layout = single(tmp_path, b"y" * (2 << 20))
    blob = tmp_path / "blobs" / "sha256" / digest_of(b"y" * (2 << 20)).hex
    blob.write_bytes(b"z" + b"y" * ((2 << 20) - 1))
    with pytest.raises(BadImage, match="other bytes"):
        ecr.push(layout, repository, "1.0")
    assert ecr.tags(repository) == {}
    assert ecr.stored(repository).images == {}
    assert str(digest_of(blob.read_bytes())) not in ecr.stored(repository).layers


def test_a_layer_that_a_neighbour_got_in_this_run_is_mounted_and_not_sent(ecr: World, tmp_path: Path):
    ecr.stored_registry(HERE).settings["BLOB_MOUNTING"] = "ENABLED"
    ecr.push(single(tmp_path / "a", b"base" * 1000, b"a"), ecr.create("web"), "1.0")
    before = len(ecr.requests)
    pushed = ecr.push(single(tmp_path / "b", b"base" * 1000, b"b"), ecr.create("api"), "1.0")
    assert (pushed.moved_bytes, pushed.mounted_blobs) == (1, 2)
    assert ecr.asked(before).count("PUT ecr:CompleteLayerUpload") == 1


def test_where_nothing_is_mounted_the_question_costs_nothing_and_is_asked_in_one_push_only(ecr: World, tmp_path: Path):
    counts = []
    for name in ("web", "api", "job"):
        before = len(ecr.requests)
        ecr.push(single(tmp_path / name, b"base" * 1000, name.encode()), ecr.create(name), "1.0")
        counts.append(sorted(ecr.asked(before)))
    assert counts[0] == counts[1] == counts[2]
    assert ecr.images._shared.capabilities.home(ecr.create("new"), digest_of(b"base" * 1000)) is None
