"""The second plan is data: what has to be done, in which order, decided before anything is sent."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecr_publish.model.digest import digest_of
from ecr_publish.model.registry import EcrRegistry, Repository
from ecr_publish.oci.attached import Lacking
from ecr_publish.oci.closure import Closure
from ecr_publish.oci.descriptor import Descriptor
from ecr_publish.oci.layout import open_layout
from ecr_publish.oci.manifest import Index, Manifest
from ecr_publish.oci.plan import (
    CopyBlob,
    MountBlob,
    PutManifest,
    PutTag,
    UploadBlob,
    copy_plan,
    mount_plan,
    nearer,
    puts,
    tag_plan,
    upload_plan,
)
from tests.unit.oci.layouts import multi, single

DEV = Repository(EcrRegistry("111111111111", "us-east-2"), "web")
PROD = Repository(EcrRegistry("222222222222", "us-east-2"), "web")
NEIGHBOUR = Repository(DEV.registry, "other")


def tagged(image: Closure, *tags: str, to: Repository = DEV) -> tuple[PutTag, ...]:
    return puts(image.root, to, tags, {})


@pytest.fixture
def one(tmp_path: Path) -> Closure:
    layout = single(tmp_path, b"small", b"large" * 100)
    return open_layout(tmp_path).closure(layout.digest)


@pytest.fixture
def many(tmp_path: Path) -> Closure:
    layout = multi(tmp_path)
    return open_layout(tmp_path).closure(layout.digest)


def test_what_is_missing_is_uploaded_biggest_first(one: Closure):
    config, small, large = one.blobs
    plan = upload_plan(one, Lacking(), DEV, tagged(one, "1.0"), frozenset({small.digest}))
    assert plan.blobs == (UploadBlob(DEV, large), UploadBlob(DEV, config))
    assert plan.present == (small,)


def test_a_single_manifest_with_one_tag_is_put_once(one: Closure):
    everything = frozenset(blob.digest for blob in one.blobs)
    assert upload_plan(one, Lacking(), DEV, tagged(one, "1.0"), everything).operations == (
        PutTag(DEV, one.root, "1.0"),
    )


@pytest.mark.parametrize("tags", [(), ("1.0", "latest")])
def test_else_the_manifest_comes_first_and_the_tags_follow_in_order(one: Closure, tags: tuple[str, ...]):
    plan = upload_plan(one, Lacking(), DEV, tagged(one, *tags), frozenset(blob.digest for blob in one.blobs))
    assert plan.operations == (PutManifest(DEV, one.root), *(PutTag(DEV, one.root, tag) for tag in tags))


def test_an_index_with_one_tag_is_put_once_after_its_children(many: Closure):
    plan = upload_plan(many, Lacking(), DEV, tagged(many, "1.0"), frozenset())
    assert [len(wave) for wave in plan.manifests] == [3]
    assert plan.operations[-1] == PutTag(DEV, many.root, "1.0")


def test_an_index_with_several_tags_is_put_by_digest_first(many: Closure):
    plan = upload_plan(many, Lacking(), DEV, tagged(many, "1.0", "latest"), frozenset())
    assert [len(wave) for wave in plan.manifests] == [3, 1]
    assert plan.operations[-3] == PutManifest(DEV, many.root)


def test_within_a_registry_every_blob_is_mounted(many: Closure):
    plan = mount_plan(many.blobs, NEIGHBOUR, DEV)
    assert set(plan.blobs) == {MountBlob(DEV, blob, NEIGHBOUR, CopyBlob(DEV, blob, NEIGHBOUR)) for blob in many.blobs}
    assert next(each.otherwise for each in plan.blobs if isinstance(each, MountBlob)) == CopyBlob(
        DEV, plan.blobs[0].blob, NEIGHBOUR
    )


def test_what_a_neighbour_got_in_this_run_is_mounted_from_there(one: Closure):
    config, small, large = one.blobs
    plan = upload_plan(one, Lacking(), DEV, tagged(one, "1.0"), frozenset())
    near = nearer(plan, lambda repository, digest: NEIGHBOUR if digest == large.digest else None)
    upload = UploadBlob(DEV, large)
    assert near.blobs == (MountBlob(DEV, large, NEIGHBOUR, upload), UploadBlob(DEV, config), UploadBlob(DEV, small))


def test_between_registries_what_is_missing_is_copied(one: Closure):
    plan = copy_plan(one.blobs, DEV, PROD, frozenset({one.blobs[0].digest}))
    assert set(plan.blobs) == {CopyBlob(PROD, blob, DEV) for blob in one.blobs[1:]}


def test_tags_alone_move_no_blob(one: Closure):
    assert tag_plan(tagged(one, "a", "b")).operations == (PutTag(DEV, one.root, "a"), PutTag(DEV, one.root, "b"))


def test_every_operation_says_what_it_does(many: Closure):
    for operation in upload_plan(many, Lacking(), DEV, tagged(many, "1.0"), frozenset()).operations:
        assert str(DEV) in str(operation)


@st.composite
def closures(draw: st.DrawFn) -> Closure:
    """Up to four waves of indexes over manifests, in a random shape."""
    manifests = tuple(
        Manifest(b"m%d" % n, "m", Descriptor("c", digest_of(b"c%d" % n), n), (), None, None, ())
        for n in range(draw(st.integers(1, 4)))
    )
    waves: list[tuple[Manifest | Index, ...]] = [manifests]
    for level in range(draw(st.integers(0, 3))):
        below = tuple(Descriptor("m", each.digest, 1) for each in waves[-1])
        waves.append((Index(b"i%d" % level, "i", below, ()),))
    return Closure(waves[-1][0], tuple(waves), tuple(each.config for each in manifests))


@given(closures(), st.lists(st.sampled_from("abc"), unique=True), st.sets(st.integers(0, 3)))
def test_nothing_is_written_before_what_it_needs(image: Closure, tags: list[str], there: set[int]):
    present = frozenset(digest_of(b"c%d" % n) for n in there)
    written = set(present)
    for operation in upload_plan(image, Lacking(), DEV, tagged(image, *tags), present).operations:
        match operation:
            case UploadBlob(blob=blob):
                written.add(blob.digest)
            case PutManifest(document=document) | PutTag(document=document):
                needed = document.children if isinstance(document, Index) else document.blobs
                assert {each.digest for each in needed} <= written
                written.add(document.digest)
    assert tags == [] or image.root.digest in written
