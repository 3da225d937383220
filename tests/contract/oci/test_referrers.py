"""What points to an image goes with it: signatures, SBOMs and attestations, however a registry keeps them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from ecr_publish.errors import BadImage, PublishError, RegistryRefused, TagTaken
from ecr_publish.local.faults import Request
from ecr_publish.local.quirks import Quirks
from ecr_publish.model.registry import Repository
from ecr_publish.ports.images import Pushed
from tests.contract.oci.fronts import Through, front
from tests.contract.oci.registries import HERE, THERE, World, world
from tests.unit.oci.layouts import INDEX, MANIFEST, Writer, multi, single

OLD = Quirks(no_referrers=True)


def attach(ecr: World, directory: Path, subject: str, what: bytes, repository: Repository, tag: str = "") -> str:
    """A signature of the subject in the repository; its digest. Under a tag it is cosign's older form."""
    writer = Writer(directory)
    target = {"mediaType": MANIFEST, "digest": subject, "size": 2}
    described = writer.document(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": writer.blob(b"{}", "application/vnd.oci.empty.v1+json"),
            "layers": [writer.blob(what, "application/vnd.example.signature")],
            "annotations": {"made.by": "a test"},
            **({} if tag else {"artifactType": "application/vnd.example.signature", "subject": target}),
        }
    )
    ecr.push(writer.publish(described), repository, *([tag] if tag else []))
    return str(described["digest"])


def pushed_multi(ecr: World, directory: Path) -> Pushed:
    return ecr.push(multi(directory / "image"), ecr.create("web"), "1.0")


def images(ecr: World, repository: Repository) -> set[str]:
    return set(ecr.stored(repository, THERE).images)


def test_signatures_of_an_index_and_of_its_children_go_along_and_come_before_the_tag(ecr: World, tmp_path: Path):
    pushed = pushed_multi(ecr, tmp_path)
    child = str(pushed.image.children[0].digest)
    ours = attach(ecr, tmp_path / "s", str(pushed.image.digest), b"of the index", pushed.image.repository)
    childs = attach(ecr, tmp_path / "c", child, b"of the child", pushed.image.repository)
    there = ecr.create("web", THERE)
    before = len(ecr.requests)
    ecr.copy(pushed, there, "1.0")
    puts = [each.path.rpartition("/")[2] for each in ecr.requests[before:] if each.action == "ecr:PutImage"]
    assert {ours, childs} <= images(ecr, there)
    assert puts[-1] == "1.0"
    assert puts.index(str(pushed.image.digest)) < min(puts.index(ours), puts.index(childs))


def test_a_signature_of_a_signature_goes_along(ecr: World, tmp_path: Path):
    pushed = pushed_multi(ecr, tmp_path)
    sbom = attach(ecr, tmp_path / "a", str(pushed.image.digest), b"sbom", pushed.image.repository)
    signature = attach(ecr, tmp_path / "b", sbom, b"signature", pushed.image.repository)
    there = ecr.create("web", THERE)
    ecr.copy(pushed, there, "1.0")
    assert {sbom, signature} <= images(ecr, there)
    assert ecr.stored(there, THERE).images[signature].subject == sbom


@pytest.mark.parametrize("suffix", ["sig", "att", "sbom"])
def test_what_cosign_keeps_under_a_tag_of_the_digest_goes_along_under_that_tag(ecr: World, tmp_path: Path, suffix: str):
    pushed = pushed_multi(ecr, tmp_path)
    tag = f"sha256-{pushed.image.digest.hex}.{suffix}"
    signature = attach(ecr, tmp_path / "s", "", b"signature", pushed.image.repository, tag)
    there = ecr.create("web", THERE)
    ecr.copy(pushed, there, "1.0")
    assert ecr.tags(there, THERE) == {"1.0": str(pushed.image.digest), tag: signature}


def test_a_signature_tag_that_names_something_else_there_stays_and_is_told(ecr: World, tmp_path: Path):
    pushed = pushed_multi(ecr, tmp_path)
    tag = f"sha256-{pushed.image.digest.hex}.sig"
    attach(ecr, tmp_path / "s", "", b"signature", pushed.image.repository, tag)
    there = ecr.create("web", THERE)
    theirs = ecr.push(single(tmp_path / "theirs"), there, tag, target=THERE)
    copied = ecr.copy(pushed, there, "1.0")
    assert ecr.tags(there, THERE)[tag] == str(theirs.image.digest)
    assert [tag in each for each in copied.warnings] == [True]


def test_a_signature_tag_that_somebody_else_writes_during_the_copy_stays_theirs(ecr: World, tmp_path: Path):
    pushed = pushed_multi(ecr, tmp_path)
    tag = f"sha256-{pushed.image.digest.hex}.sig"
    attach(ecr, tmp_path / "s", "", b"signature", pushed.image.repository, tag)
    there = ecr.create("web", THERE)
    theirs = str(ecr.push(single(tmp_path / "theirs"), there, target=THERE).image.digest)

    def meanwhile(request: Request) -> None:
        if request.action == "ecr:PutImage" and tag not in ecr.tags(there, THERE):
            ecr.clock.advance(timedelta(seconds=60))
            ecr.stored(there, THERE).tags[tag] = theirs

    ecr.ecr.script.on_request = meanwhile
    with pytest.raises(TagTaken, match=rf"the tag {tag} named nothing when this transfer began"):
        ecr.copy(pushed, there, "1.0")
    assert ecr.tags(there, THERE) == {tag: theirs}


def test_more_tags_than_one_page_hide_no_signature(ecr: World, tmp_path: Path):
    pushed = pushed_multi(ecr, tmp_path)
    source = pushed.image.repository
    ecr.stored(source).tags.update({f"build-{n}": str(pushed.image.digest) for n in range(1500)})
    tag = f"sha256-{pushed.image.digest.hex}.sig"
    signature = attach(ecr, tmp_path / "s", "", b"signature", source, tag)
    there = ecr.create("web", THERE)
    ecr.copy(pushed, there, "1.0")
    assert ecr.tags(there, THERE)[tag] == signature


def test_who_may_not_list_tags_still_copies_signatures(ecr: World, tmp_path: Path):
    pushed = pushed_multi(ecr, tmp_path)
    tag = f"sha256-{pushed.image.digest.hex}.sig"
    signature = attach(ecr, tmp_path / "s", "", b"signature", pushed.image.repository, tag)
    ecr.ecr.denials.deny("ecr:ListImages")
    there = ecr.create("web", THERE)
    ecr.copy(pushed, there, "1.0")
    assert ecr.tags(there, THERE)[tag] == signature


def test_a_registry_without_the_list_keeps_it_under_a_tag_on_both_sides(tmp_path: Path):
    with world(OLD) as ecr:
        pushed = ecr.push(single(tmp_path / "image"), ecr.create("web"), "1.0")
        subject, source = pushed.image.digest, pushed.image.repository
        signature = attach(ecr, tmp_path / "s", str(subject), b"signature", source)
        writer = Writer(tmp_path / "list")
        entry = {"mediaType": MANIFEST, "digest": signature, "size": len(ecr.bytes_of(signature))}
        listing = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]}
        (tmp_path / "list/blobs/sha256" / signature.removeprefix("sha256:")).write_bytes(ecr.bytes_of(signature))
        for blob in ecr.stored(source).layers:
            (tmp_path / "list/blobs/sha256" / blob.removeprefix("sha256:")).write_bytes(ecr.bytes_of(blob))
        ecr.push(writer.publish(writer.document(listing)), source, f"sha256-{subject.hex}")
        there = ecr.create("web", THERE)
        ecr.copy(pushed, there, "1.0")
        kept = json.loads(ecr.bytes_of(ecr.tags(there, THERE)[f"sha256-{subject.hex}"]))
        (listed,) = kept["manifests"]
        assert listed["digest"] == signature
        assert listed["artifactType"] == "application/vnd.example.signature"
        assert listed["annotations"] == {"made.by": "a test"}


def test_what_is_listed_and_points_elsewhere_is_left_out(tmp_path: Path):
    with world(OLD) as ecr:
        pushed = ecr.push(single(tmp_path / "image"), ecr.create("web"), "1.0")
        source = pushed.image.repository
        writer = Writer(tmp_path / "other")
        other = writer.manifest(b"another image")
        ecr.push(writer.publish(writer.index(other)), source, f"sha256-{pushed.image.digest.hex}")
        there = ecr.create("web", THERE)
        ecr.copy(pushed, there, "1.0")
        assert str(other["digest"]) in ecr.stored(source).images
        assert images(ecr, there) == {str(pushed.image.digest)}


def test_a_registry_that_lacks_the_list_is_not_asked_for_it_again(tmp_path: Path):
    with world(OLD) as ecr:
        pushed = pushed_multi(ecr, tmp_path)
        there, other = ecr.create("web", THERE), ecr.create("other", THERE)
        ecr.copy(pushed, there, "1.0")
        before = len(ecr.requests)
        ecr.copy(pushed, other, "1.0")
        assert not [each for each in ecr.requests[before:] if "referrers" in each.path]
        assert ecr.tags(other, THERE) == {"1.0": str(pushed.image.digest)}


UNSUPPORTED = b'{"errors":[{"code":"UNSUPPORTED","message":"Invalid parameter at \'digest\'"}]}'


@contextmanager
def odd(ecr: World, *answers: tuple[int, bytes]) -> Iterator[None]:
    """A run in which the first questions for referrers are answered so."""
    with front(ecr.tokens.access(HERE).base_url, list(answers)) as url:
        ecr.begin_anew(Through(ecr.tokens, HERE, url))
        yield


@pytest.mark.parametrize(
    ("status", "body"), [(400, b""), (404, b"<html>"), (404, b""), (404, UNSUPPORTED), (405, b""), (405, UNSUPPORTED)]
)
def test_ecr_that_answers_oddly_what_points_to_an_image_is_no_registry_without_the_list(
    ecr: World, tmp_path: Path, status: int, body: bytes
):
    pushed = pushed_multi(ecr, tmp_path)
    signature = attach(ecr, tmp_path / "s", str(pushed.image.digest), b"signature", pushed.image.repository)
    there = ecr.create("web", THERE)
    with odd(ecr, (status, body)):
        with pytest.raises(RegistryRefused, match=rf"{status}.* what points to"):
            ecr.copy(pushed, there, "1.0")
        assert ecr.tags(there, THERE) == {}
        ecr.copy(pushed, there, "1.0")
    assert signature in images(ecr, there)


def test_ecr_in_trouble_is_asked_again_what_points_to_an_image(ecr: World, tmp_path: Path):
    pushed = pushed_multi(ecr, tmp_path)
    signature = attach(ecr, tmp_path / "s", str(pushed.image.digest), b"signature", pushed.image.repository)
    there = ecr.create("web", THERE)
    with odd(ecr, (501, b""), (500, b"")):
        assert ecr.copy(pushed, there, "1.0").warnings == ()
    assert signature in images(ecr, there)


def test_ecr_that_does_not_know_the_subject_has_nothing_that_points_to_it(ecr: World, tmp_path: Path):
    pushed = ecr.push(single(tmp_path / "image"), ecr.create("web"), "1.0")
    with odd(ecr, (404, b'{"errors":[{"code":"MANIFEST_UNKNOWN","message":"Requested image not found"}]}')):
        assert ecr.copy(pushed, ecr.create("web", THERE), "1.0").warnings == ()


def test_ecr_that_does_not_know_the_address_is_told(tmp_path: Path):
    with world(OLD) as ecr:
        pushed = ecr.push(single(tmp_path / "image"), ecr.create("web"), "1.0")
        (warning,) = ecr.copy(pushed, ecr.create("web", THERE), "1.0").warnings
        assert str(pushed.image.repository) in warning
        assert "404 page not found" in warning


def test_what_lies_there_already_is_not_sent_again(ecr: World, tmp_path: Path):
    pushed = pushed_multi(ecr, tmp_path)
    attach(ecr, tmp_path / "s", str(pushed.image.digest), b"signature", pushed.image.repository)
    there = ecr.create("web", THERE)
    ecr.copy(pushed, there, "1.0")
    before = len(ecr.requests)
    ecr.copy(pushed, there, "1.0", "again")
    assert ecr.asked(before).count("PUT ecr:PutImage") == 1
    assert "POST ecr:InitiateLayerUpload" not in ecr.asked(before)


def test_a_copy_that_died_before_its_referrers_is_completed_by_the_next(ecr: World, tmp_path: Path):
    pushed = pushed_multi(ecr, tmp_path)
    signature = attach(ecr, tmp_path / "s", str(pushed.image.digest), b"signature", pushed.image.repository)
    there = ecr.create("web", THERE)
    ecr.fail("status", action="ecr:PutImage", status=403, index=_puts(ecr) + 4)
    with pytest.raises(PublishError):
        ecr.copy(pushed, there, "1.0")
    assert ecr.tags(there, THERE) == {}
    ecr.copy(pushed, there, "1.0")
    assert signature in images(ecr, there)
    assert ecr.tags(there, THERE) == {"1.0": str(pushed.image.digest)}


def test_a_referrer_that_the_registry_does_not_take_is_an_error_and_nothing_is_tagged(ecr: World, tmp_path: Path):
    pushed = pushed_multi(ecr, tmp_path)
    attach(ecr, tmp_path / "s", str(pushed.image.digest), b"signature", pushed.image.repository)
    there = ecr.create("web", THERE)
    ecr.fail("status", action="ecr:PutImage", status=405, index=_puts(ecr) + 4)
    with pytest.raises(RegistryRefused):
        ecr.copy(pushed, there, "1.0")
    assert ecr.tags(there, THERE) == {}


def test_five_generations_of_referrers_go_along(ecr: World, tmp_path: Path):
    pushed = pushed_multi(ecr, tmp_path)
    links = [str(pushed.image.digest)]
    for depth in range(5):
        links.append(attach(ecr, tmp_path / str(depth), links[-1], b"%d" % depth, pushed.image.repository))
    there = ecr.create("web", THERE)
    ecr.copy(pushed, there, "1.0")
    assert set(links) <= images(ecr, there)


def test_a_chain_of_referrers_without_end_is_refused(ecr: World, tmp_path: Path):
    pushed = pushed_multi(ecr, tmp_path)
    source = pushed.image.repository
    links = [str(pushed.image.digest)]
    for depth in range(6):
        links.append(attach(ecr, tmp_path / str(depth), links[-1], b"%d" % depth, source))
    there = ecr.create("web", THERE)
    with pytest.raises(BadImage, match="no end"):
        ecr.copy(pushed, there, "1.0")
    assert ecr.tags(there, THERE) == {}


def test_a_push_does_not_ask_for_referrers(ecr: World, tmp_path: Path):
    pushed_multi(ecr, tmp_path)
    assert not [each for each in ecr.requests if "referrers" in each.path]


def test_an_image_without_referrers_costs_one_question_for_each_manifest_and_one_for_the_tags(
    ecr: World, tmp_path: Path
):
    pushed = pushed_multi(ecr, tmp_path)
    there = ecr.create("web", THERE)
    before = len(ecr.requests)
    ecr.copy(pushed, there, "1.0")
    paths = [each.path for each in ecr.requests[before:]]
    assert sum("referrers" in path for path in paths) == 4
    assert sum("tags/list" in path for path in paths) == 1


def _puts(ecr: World) -> int:
    return sum(each.action == "ecr:PutImage" for each in ecr.requests)
