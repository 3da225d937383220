"""What lies beside an image in its layout and points to it is pushed with it, in each form that tools write."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ecr_publish.errors import BadImage
from ecr_publish.local.quirks import Quirks
from ecr_publish.model.digest import Digest
from ecr_publish.model.image import InLayout
from ecr_publish.oci.layout import open_layout
from tests.contract.oci.registries import World, world
from tests.unit.oci.layouts import INDEX, MANIFEST, Writer

REF_NAME = "org.opencontainers.image.ref.name"
SAVED = "dev.cosignproject.cosign"
Described = dict[str, object]


@pytest.fixture
def ecr() -> Iterator[World]:
    with world() as made:
        yield made


def artifact(writer: Writer, what: bytes, subject: Described | None = None, **more: object) -> Described:
    """A signature, of the subject if there is one."""
    named = {key: subject[key] for key in ("mediaType", "digest", "size")} if subject else None
    return writer.document(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": writer.blob(b"{}", "application/vnd.oci.empty.v1+json"),
            "layers": [writer.blob(what, "application/vnd.example.signature")],
            **({"artifactType": "application/vnd.example.signature", "subject": named} if named else {}),
        },
        **more,
    )


def written(writer: Writer, *entries: Described) -> Path:
    """The layout with these entries in its index."""
    writer.publish(entries[0])
    (writer.directory / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": list(entries)}))
    return writer.directory


def image_of(directory: Path, reference: str | None = None) -> InLayout:
    """As `build: { layout: ... }` finds it."""
    return InLayout(str(directory), open_layout(directory).root(reference).digest)


def name(value: str) -> dict[str, object]:
    return {"annotations": {REF_NAME: value}}


def kind(value: str) -> dict[str, object]:
    return {"annotations": {"kind": f"{SAVED}/{value}"}}


def hexed(described: Described) -> str:
    return Digest(str(described["digest"])).hex


def puts(ecr: World, since: int = 0) -> list[str]:
    return [each.path.rpartition("/")[2] for each in ecr.requests[since:] if each.action == "ecr:PutImage"]


def test_what_has_the_image_or_its_child_for_a_subject_goes_along_and_comes_before_the_tag(ecr: World, tmp_path: Path):
    writer = Writer(tmp_path)
    child = writer.manifest(b"layer")
    root = writer.index(child)
    sbom, childs = artifact(writer, b"sbom", root), artifact(writer, b"of the child", child)
    signature = artifact(writer, b"signature", sbom)
    directory = written(writer, root | name("1.0"), signature, childs, sbom)
    repository = ecr.create("web")
    ecr.push(image_of(directory), repository, "1.0")
    order = puts(ecr)
    assert {str(each["digest"]) for each in (sbom, childs, signature)} < set(ecr.stored(repository).images)
    assert order.index(str(root["digest"])) < order.index(str(sbom["digest"])) < order.index(str(signature["digest"]))
    assert order[-1] == "1.0"
    assert ecr.tags(repository) == {"1.0": str(root["digest"])}


def test_names_that_were_tags_of_the_digest_are_written_as_those_tags(ecr: World, tmp_path: Path):
    """As regctl copies them into a layout: `--digest-tags`, `--referrers`."""
    writer = Writer(tmp_path)
    image = writer.manifest(b"layer")
    signature, sbom = artifact(writer, b"signature"), artifact(writer, b"sbom", image)
    listed = writer.index(sbom)
    tag = f"sha256-{hexed(image)}"
    directory = written(writer, listed | name(tag), signature | name(f"{tag}.sig"), image | name("1.0"))
    repository = ecr.create("web")
    ecr.push(image_of(directory), repository, "1.0")
    assert ecr.tags(repository) == {"1.0": str(image["digest"]), f"{tag}.sig": str(signature["digest"])}
    assert ecr.stored(repository).images[str(sbom["digest"])].subject == image["digest"]


def test_what_cosign_saved_is_written_under_cosigns_tags(ecr: World, tmp_path: Path):
    writer = Writer(tmp_path)
    image = writer.manifest(b"layer")
    signature, attestation = artifact(writer, b"signature"), artifact(writer, b"attestation")
    directory = written(writer, image | kind("image"), signature | kind("sigs"), attestation | kind("atts"))
    repository = ecr.create("web")
    ecr.push(image_of(directory), repository, "1.0")
    tag = f"sha256-{hexed(image)}"
    expected = {"1.0": image, f"{tag}.sig": signature, f"{tag}.att": attestation}
    assert ecr.tags(repository) == {key: str(each["digest"]) for key, each in expected.items()}


def test_a_registry_that_lists_no_referrers_is_given_their_list(tmp_path: Path):
    writer = Writer(tmp_path)
    image = writer.manifest(b"layer")
    directory = written(writer, image, artifact(writer, b"sbom", image))
    with world(Quirks(no_referrers=True)) as ecr:
        repository = ecr.create("web")
        ecr.push(image_of(directory), repository, "1.0")
        assert set(ecr.tags(repository)) == {"1.0", f"sha256-{hexed(image)}"}


def test_another_images_signature_stays_where_it_is(ecr: World, tmp_path: Path):
    writer = Writer(tmp_path)
    ours, theirs = writer.manifest(b"ours"), writer.manifest(b"theirs")
    signature = artifact(writer, b"signature", theirs)
    directory = written(writer, ours | name("ours"), theirs | name("theirs"), signature)
    repository = ecr.create("web")
    ecr.push(image_of(directory, "ours"), repository, "1.0")
    assert set(ecr.stored(repository).images) == {str(ours["digest"])}


def test_a_signature_that_came_later_goes_alone(ecr: World, tmp_path: Path):
    writer = Writer(tmp_path)
    image = writer.manifest(b"layer")
    repository = ecr.create("web")
    ecr.push(image_of(written(writer, image)), repository, "1.0")
    signature = artifact(writer, b"signature", image)
    since = len(ecr.requests)
    pushed = ecr.push(image_of(written(writer, image, signature)), repository, "1.0")
    assert not pushed.already_there
    assert puts(ecr, since) == [str(signature["digest"])]
    since = len(ecr.requests)
    assert ecr.push(image_of(tmp_path), repository, "1.0").already_there
    assert [each.method for each in ecr.requests[since:]] == ["HEAD", "HEAD"]  # the tag, the signature


def test_a_signature_tag_that_names_something_else_stays_and_is_told(ecr: World, tmp_path: Path):
    writer = Writer(tmp_path)
    image, signature, other = writer.manifest(b"layer"), artifact(writer, b"signature"), artifact(writer, b"other")
    tag = f"sha256-{hexed(image)}.sig"
    repository = ecr.create("web")
    ecr.push(image_of(written(writer, other)), repository, tag)
    pushed = ecr.push(image_of(written(writer, image, signature | name(tag))), repository, "1.0")
    assert ecr.tags(repository) == {tag: str(other["digest"]), "1.0": str(image["digest"])}
    assert tag in pushed.warnings[0]


def test_two_images_without_a_reference_are_named_without_what_points_to_them(tmp_path: Path):
    writer = Writer(tmp_path)
    ours, theirs = writer.manifest(b"ours"), writer.manifest(b"theirs")
    directory = written(writer, ours | name("ours"), theirs | name("theirs"), artifact(writer, b"signature", ours))
    with pytest.raises(BadImage, match=r"2 images \(ours, theirs\)"):
        open_layout(directory).root()


def test_one_image_under_two_names_is_one_image(tmp_path: Path):
    writer = Writer(tmp_path)
    image = writer.manifest(b"layer")
    assert open_layout(written(writer, image | name("1.0"), image | name("latest"))).root().digest == Digest(
        str(image["digest"])
    )


def test_children_that_are_listed_beside_their_index_are_no_images_of_their_own(tmp_path: Path):
    """As oras lists them."""
    writer = Writer(tmp_path)
    child = writer.manifest(b"layer")
    root = writer.index(child)
    assert open_layout(written(writer, root | name("1.0"), child)).root().digest == Digest(str(root["digest"]))


def test_an_artifact_alone_is_what_is_pushed(tmp_path: Path):
    """The layout of a signature by itself, whose subject is elsewhere."""
    writer = Writer(tmp_path)
    signature = artifact(writer, b"signature", {"mediaType": MANIFEST, "digest": f"sha256:{'1' * 64}", "size": 2})
    assert open_layout(written(writer, signature)).root().digest == Digest(str(signature["digest"]))


def test_a_referrer_that_lacks_a_blob_tags_nothing(ecr: World, tmp_path: Path):
    writer = Writer(tmp_path)
    image = writer.manifest(b"layer")
    directory = written(writer, image, artifact(writer, b"signature", image))
    (blob,) = [each for each in (tmp_path / "blobs" / "sha256").iterdir() if each.read_bytes() == b"signature"]
    blob.unlink()
    repository = ecr.create("web")
    with pytest.raises(BadImage, match="is missing"):
        ecr.push(image_of(directory), repository, "1.0")
    assert ecr.tags(repository) == {}


def test_a_chain_of_signatures_without_an_end_in_sight_is_refused(ecr: World, tmp_path: Path):
    writer = Writer(tmp_path)
    chain = [writer.manifest(b"layer")]
    for number in range(8):
        chain.append(artifact(writer, b"%d" % number, chain[-1]))
    with pytest.raises(BadImage, match="no end"):
        ecr.push(image_of(written(writer, *chain)), ecr.create("web"), "1.0")


def test_an_index_that_points_to_the_image_goes_with_its_children(ecr: World, tmp_path: Path):
    writer = Writer(tmp_path)
    image, inner = writer.manifest(b"layer"), artifact(writer, b"inner")
    subject = {key: image[key] for key in ("mediaType", "digest", "size")}
    outer = writer.document({"schemaVersion": 2, "mediaType": INDEX, "manifests": [inner], "subject": subject})
    repository = ecr.create("web")
    ecr.push(image_of(written(writer, image, outer)), repository, "1.0")
    assert {str(each["digest"]) for each in (image, inner, outer)} == set(ecr.stored(repository).images)
