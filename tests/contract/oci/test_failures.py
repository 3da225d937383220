"""What goes wrong on the way: what heals is healed, what does not is named, and no tag points to half an image."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from ecr_publish.errors import (
    DigestMismatch,
    Interrupted,
    NotAuthorised,
    PublishError,
    RepositoryMissing,
    Throttled,
    TokenExpired,
    Unavailable,
)
from ecr_publish.model.digest import Digest
from ecr_publish.model.events import How, Transferred
from ecr_publish.model.registry import Repository
from tests.contract.oci.registries import HERE, THERE, World, world
from tests.unit.oci.layouts import multi, single

KINDS = {
    "throttled": {"kind": "status", "status": 429},
    "in trouble": {"kind": "status", "status": 500},
    "cut": {"kind": "cut"},
    "cut in its body": {"kind": "cut", "after": 1},
    "expired": {"kind": "expired"},
}


def whole(ecr: World, repository: Repository, target=HERE) -> bool:
    """Whether everything that a tag reaches is in the repository."""
    stored = ecr.stored(repository, target)
    for digest in stored.tags.values():
        document = ecr.parsed(digest)
        children = [each["digest"] for each in document.get("manifests", ())]
        for manifest in [document, *map(ecr.parsed, children)]:
            blobs = [manifest["config"], *manifest["layers"]] if "config" in manifest else []
            if not {each["digest"] for each in blobs} <= set(stored.layers) or not set(children) <= set(stored.images):
                return False
    return True


def test_a_token_that_expires_in_mid_run_is_renewed_once(ecr: World, tmp_path: Path):
    repository = ecr.create("web")
    ecr.push(single(tmp_path / "a", b"a"), repository, "1.0")
    ecr.clock.advance(timedelta(hours=13))
    ecr.push(multi(tmp_path / "b"), repository, "1.1")
    assert len(ecr.tags(repository)) == 2
    assert ecr.tokens.issued == ["dev", "prod", "dev"]


def test_a_token_that_is_expired_when_new_is_said_to_be(ecr: World, tmp_path: Path):
    ecr.fail("expired", times=1000)
    with pytest.raises(TokenExpired, match="expired"):
        ecr.push(single(tmp_path), ecr.create("web"), "1.0")


def test_throttling_is_waited_for(ecr: World, tmp_path: Path):
    repository = ecr.create("web")
    ecr.fail("status", action="ecr:PutImage", status=429, times=3)
    ecr.push(single(tmp_path), repository, "1.0")
    assert ecr.clock.monotonic() == pytest.approx(0.5 + 1 + 2)


def test_throttling_without_end_is_named(ecr: World, tmp_path: Path):
    repository = ecr.create("web")
    ecr.fail("status", action="ecr:PutImage", status=429, times=1000)
    with pytest.raises(Throttled):
        ecr.push(single(tmp_path), repository, "1.0")
    assert ecr.tags(repository) == {}


def test_a_blob_whose_connection_is_reset_is_sent_again(ecr: World, tmp_path: Path):
    repository = ecr.create("web")
    ecr.fail("cut", action="ecr:CompleteLayerUpload", after=1 << 20)
    ecr.push(single(tmp_path, b"l" * (4 << 20)), repository, "1.0")
    assert whole(ecr, repository)


@pytest.mark.parametrize("action", ["BatchGetImage", "InitiateLayerUpload", "CompleteLayerUpload", "PutImage"])
def test_a_registry_that_falls_silent_is_cut_and_asked_again(tmp_path: Path, action: str):
    with world(stalled=0.3) as ecr:
        repository = ecr.create("web")
        ecr.fail("hang", action=f"ecr:{action}", seconds=0.6)
        ecr.push(single(tmp_path), repository, "1.0")
        assert whole(ecr, repository)
        assert set(ecr.tags(repository)) == {"1.0"}


def test_a_digest_that_the_registry_sees_otherwise_is_a_mismatch(ecr: World, tmp_path: Path):
    ecr.fail("digest", action="ecr:PutImage", times=10)
    with pytest.raises(DigestMismatch, match="sha256:0000"):
        ecr.push(single(tmp_path), ecr.create("web"), "1.0")


def test_a_missing_repository_is_named_with_the_command_that_makes_it(ecr: World, tmp_path: Path):
    with pytest.raises(RepositoryMissing) as raised:
        ecr.push(single(tmp_path), Repository(HERE.registry, "nowhere"), "1.0")
    assert "aws ecr create-repository --repository-name nowhere --region us-east-2" in raised.value.hint
    assert "create: if-missing" in raised.value.hint


def test_a_cut_upload_to_a_missing_repository_is_looked_at_before_it_is_named(ecr: World, tmp_path: Path):
    ecr.fail("cut", action="ecr:InitiateLayerUpload", times=1000)
    with pytest.raises(RepositoryMissing):
        ecr.push(single(tmp_path), Repository(HERE.registry, "nowhere"), "1.0")


def test_a_cut_upload_to_a_repository_that_exists_names_permission_and_network(ecr: World, tmp_path: Path):
    ecr.fail("cut", action="ecr:InitiateLayerUpload", times=1000)
    with pytest.raises(Unavailable) as raised:
        ecr.push(single(tmp_path), ecr.create("web"), "1.0")
    assert "ecr:InitiateLayerUpload" in raised.value.hint
    assert "network" in raised.value.hint


def test_a_cut_mount_to_a_missing_repository_is_looked_at_before_it_is_named(ecr: World, tmp_path: Path):
    pushed = ecr.push(single(tmp_path), ecr.create("web"), "1.0")
    ecr.fail("cut", action="ecr:InitiateLayerUpload", times=1000)
    with pytest.raises(RepositoryMissing):
        ecr.copy(pushed, Repository(HERE.registry, "nowhere"), "1.0", to=HERE)


def test_a_cut_mount_to_a_repository_that_exists_names_permission_and_network(ecr: World, tmp_path: Path):
    pushed = ecr.push(single(tmp_path), ecr.create("web"), "1.0")
    ecr.fail("cut", action="ecr:InitiateLayerUpload", times=1000)
    with pytest.raises(Unavailable) as raised:
        ecr.copy(pushed, ecr.create("prod"), "1.0", to=HERE)
    assert "ecr:InitiateLayerUpload" in raised.value.hint
    assert "the repository itself exists" in raised.value.hint


def test_a_mount_that_is_cut_once_is_asked_for_again(ecr: World, tmp_path: Path):
    ecr.stored_registry(HERE).settings["BLOB_MOUNTING"] = "ENABLED"
    pushed = ecr.push(single(tmp_path), ecr.create("web"), "1.0")
    ecr.fail("cut", action="ecr:InitiateLayerUpload")
    assert ecr.copy(pushed, ecr.create("prod"), "1.0", to=HERE).mounted_blobs == 3


@pytest.mark.parametrize(
    "action",
    ["BatchGetImage", "BatchCheckLayerAvailability", "InitiateLayerUpload", "CompleteLayerUpload", "PutImage"],
)
def test_a_missing_permission_is_named(ecr: World, tmp_path: Path, action: str):
    repository = ecr.create("web")
    ecr.ecr.denials.deny(f"ecr:{action}")
    with pytest.raises(NotAuthorised) as raised:
        ecr.push(single(tmp_path), repository, "1.0")
    assert f"ecr:{action}" in f"{raised.value.what} {raised.value.hint}"
    assert ecr.tags(repository) == {}


def test_no_error_holds_the_token(ecr: World, tmp_path: Path):
    secret = ecr.tokens.access(HERE).authorization or ""
    ecr.ecr.denials.deny("ecr:PutImage")
    with pytest.raises(PublishError) as raised:
        ecr.push(single(tmp_path), ecr.create("web"), "1.0")
    assert secret.partition(" ")[2] not in f"{raised.value!r} {raised.value} {ecr.tokens.access(HERE)!r}"


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_at_any_request_of_a_push_heals(ecr: World, tmp_path: Path, kind: str):
    length = _requests_of_a_push(ecr, tmp_path)
    for index in range(length):
        repository = ecr.create(f"web{index}")
        ecr.ecr.script.add(_at(ecr, index, KINDS[kind]))
        layout = multi(tmp_path)
        ecr.push(layout, repository, "1.0", "latest")
        assert ecr.tags(repository) == {"1.0": str(layout.digest), "latest": str(layout.digest)}
        assert whole(ecr, repository)


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_at_any_request_of_a_copy_heals(ecr: World, tmp_path: Path, kind: str):
    pushed = ecr.push(multi(tmp_path), ecr.create("web"), "1.0")
    before = len(ecr.requests)
    ecr.copy(pushed, ecr.create("probe", THERE), "1.0")
    for index in range(len(ecr.requests) - before):
        there = ecr.create(f"web{index}", THERE)
        ecr.ecr.script.add(_at(ecr, index, KINDS[kind]))
        ecr.copy(pushed, there, "1.0")
        assert whole(ecr, there, THERE)
        assert set(ecr.tags(there, THERE)) == {"1.0"}


def test_a_stop_at_any_request_leaves_no_tag_on_half_an_image_and_the_next_run_finishes(ecr: World, tmp_path: Path):
    length, layout = _requests_of_a_push(ecr, tmp_path), multi(tmp_path)
    for index in range(length):
        repository = ecr.create(f"web{index}")
        end = len(ecr.requests) + index

        def stopping(request, end=end) -> None:
            if request.number >= end:
                ecr.stop.interrupt()

        ecr.ecr.script.on_request = stopping
        try:
            ecr.push(layout, repository, "1.0", "latest")
        except Interrupted:
            assert whole(ecr, repository)
        else:
            assert index == length - 1, "only the last request has nothing after it"
        ecr.ecr.script.on_request = None
        ecr.begin_anew()
        kept = {Digest(each).short for each in ecr.stored(repository).layers}
        ecr.told.clear()
        ecr.push(layout, repository, "1.0", "latest")
        sent = {each.what for each in ecr.told if isinstance(each, Transferred) and each.how is How.SENT}
        assert not sent & kept, "what was acknowledged is not sent again"
        assert set(ecr.tags(repository)) == {"1.0", "latest"}
        assert whole(ecr, repository)


def _requests_of_a_push(ecr: World, tmp_path: Path) -> int:
    before = len(ecr.requests)
    ecr.push(multi(tmp_path), ecr.create("probe"), "1.0", "latest")
    return len(ecr.requests) - before


def _at(ecr: World, index: int, fault: dict[str, object]):
    from ecr_publish.local.faults import Fault

    return Fault(**{**fault, "index": len(ecr.requests) + index})  # type: ignore[arg-type]


def test_a_digest_that_is_asked_for_and_absent_is_none(ecr: World):
    repository = ecr.create("web")
    assert ecr.images.digest(HERE, repository, "1.0") is None
    assert ecr.images.digest(HERE, repository, str(Digest("sha256:" + "0" * 64))) is None
    assert ecr.images.find(HERE, repository, "1.0") is None
