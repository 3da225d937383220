"""Manifests are read from exact bytes; what is not clearly one thing is refused."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecr_publish.errors import BadImage
from ecr_publish.model.digest import digest_of
from ecr_publish.oci.manifest import DOCKER_INDEX, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST, Index, Manifest, parse

DIGEST = "sha256:" + "a" * 64
LAYER = {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": DIGEST, "size": 3}
IMAGE = {"config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": DIGEST, "size": 2},
         "layers": [LAYER]}  # fmt: skip


def body(**members: object) -> bytes:
    return json.dumps({"schemaVersion": 2, **members}, indent=2).encode()


@pytest.mark.parametrize("kind", [OCI_MANIFEST, DOCKER_MANIFEST])
def test_a_manifest_is_read_and_its_digest_is_of_the_exact_bytes(kind: str):
    content = body(mediaType=kind, **IMAGE)
    document = parse(content, None, "here")
    assert isinstance(document, Manifest)
    assert document.digest == digest_of(content)
    assert document.is_image


@pytest.mark.parametrize("kind", [OCI_INDEX, DOCKER_INDEX])
def test_an_index_is_read(kind: str):
    platform = {"os": "linux", "architecture": "arm64", "variant": "v8"}
    document = parse(body(mediaType=kind, manifests=[{**LAYER, "platform": platform}]), None, "here")
    assert isinstance(document, Index)
    assert str(document.children[0].platform) == "linux/arm64/v8"


def test_a_document_without_a_media_type_is_what_the_registry_says():
    assert parse(body(**IMAGE), f"{OCI_MANIFEST}; charset=utf-8", "here").media_type == OCI_MANIFEST


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[]",
        b"[" * 100_000,
        b"\xff\xfe",
        body(mediaType="application/vnd.docker.distribution.manifest.v1+json", **IMAGE),
        body(mediaType="text/html", **IMAGE),
        body(mediaType=OCI_MANIFEST, manifests=[LAYER]),
        body(mediaType=OCI_INDEX, manifests=[LAYER], **IMAGE),
        body(mediaType=OCI_MANIFEST, config=None, layers=[]),
        body(mediaType=OCI_MANIFEST, config=LAYER, layers=[{**LAYER, "digest": "sha512:" + "a" * 128}]),
        body(mediaType=OCI_MANIFEST, config=LAYER, layers=[{**LAYER, "size": -1}]),
        body(mediaType=OCI_MANIFEST, config=LAYER, layers=[{**LAYER, "size": True}]),
        body(mediaType=OCI_MANIFEST, config=LAYER, layers=[{**LAYER, "size": 10**30}]),
        body(mediaType=OCI_MANIFEST, config=LAYER, layers=[{**LAYER, "digest": "sha256:../../etc/passwd"}]),
        body(mediaType=OCI_INDEX, manifests="all"),
        b"\xef\xbb\xbf" + body(mediaType=OCI_MANIFEST, **IMAGE),
        body(mediaType=OCI_MANIFEST, **IMAGE).decode().encode("utf-16"),
    ],
)
def test_what_is_not_clearly_a_manifest_or_an_index_is_refused(content: bytes):
    with pytest.raises(BadImage):
        parse(content, None, "here")


@pytest.mark.parametrize(
    "more",
    [
        {"layers": [{**LAYER, "mediaType": "application/vnd.in-toto+json"}]},
        {"layers": [{**LAYER, "mediaType": "application/spdx+json"}], "artifactType": "application/spdx+json"},
        {"layers": []},
    ],
)
def test_an_artifact_is_no_image(more: dict[str, object]):
    document = parse(body(mediaType=OCI_MANIFEST, **{**IMAGE, **more}), None, "here")
    assert isinstance(document, Manifest)
    assert not document.is_image


@pytest.mark.parametrize("more", [{"subject": LAYER}, {"artifactType": "application/spdx+json"}])
def test_what_an_engine_would_run_is_an_image_whatever_it_calls_itself(more: dict[str, object]):
    document = parse(body(mediaType=OCI_MANIFEST, **{**IMAGE, **more}), None, "here")
    assert isinstance(document, Manifest)
    assert document.is_image


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["digest", "size", "x"]), inner),
    max_leaves=8,
)
_MEMBERS = st.sampled_from(["mediaType", "config", "layers", "manifests", "subject", "annotations", "artifactType"])


@given(st.dictionaries(_MEMBERS, _JSON | st.just(LAYER) | st.just([LAYER]) | st.just(OCI_INDEX)))
def test_any_json_is_a_document_or_bad(value: dict[str, object]):
    try:
        document = parse(json.dumps(value).encode(), None, "here")
    except BadImage:
        return
    assert document.digest == digest_of(json.dumps(value).encode())


@pytest.mark.parametrize(
    "content",
    [
        body(mediaType=OCI_MANIFEST, config=LAYER, layers=[], Layers=[LAYER]),
        body(mediaType=OCI_MANIFEST, config=LAYER, layers=[], manifestS=[LAYER]),
        body(mediaType=OCI_MANIFEST, config=LAYER, layers=[{**LAYER, "mediatype": "text/plain"}]),
        body(mediaType=OCI_MANIFEST, config=LAYER, layers=[]).replace(b'"layers"', b'"layers": [1], "layers"'),
        body(mediaType=OCI_MANIFEST, **IMAGE).replace(b'"size": 3', b'"size": 3, "size": 4'),
    ],
)
def test_what_other_readers_would_read_otherwise_is_refused(content: bytes):
    """Layers that we do not see are not copied, and an image without layers is nothing that a scanner has to read."""
    with pytest.raises(BadImage, match=r"some readers take for|twice"):
        parse(content, None, "here")


def test_members_of_annotations_have_names_of_their_own():
    found = parse(body(mediaType=OCI_MANIFEST, annotations={"Layers": "1", "layers": "2"}, **IMAGE), None, "here")
    assert found.annotations == (("Layers", "1"), ("layers", "2"))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (body(mediaType="application/vnd.docker.distribution.manifest.v1+prettyjws", fsLayers=[]), "manifest.v1"),
        (
            body(mediaType=OCI_MANIFEST, config=LAYER, layers=[{**LAYER, "digest": "sha512:" + "a" * 128}]),
            "with sha256",
        ),
    ],
)
def test_what_was_right_elsewhere_is_told_as_what_it_is(content: bytes, words: str):
    with pytest.raises(BadImage, match=words):
        parse(content, None, "here")


# As much as a manifest may hold: each of its names was counted among all of them, which takes a quarter of an hour.
MANY = """
from ecr_publish.errors import BadImage
from ecr_publish.oci.manifest import LARGEST_MANIFEST, parse

names = [b'"%d":1' % number for number in range(LARGEST_MANIFEST // 11)]
body = b"{" + b",".join([*names, names[-1]]) + b"}"
assert LARGEST_MANIFEST * 0.9 < len(body) <= LARGEST_MANIFEST
try:
    parse(body, None, "here")
except BadImage as error:
    print(error.what)
"""


def test_a_member_that_is_there_twice_is_found_behind_as_many_as_a_manifest_can_hold():
    done = subprocess.run([sys.executable, "-c", MANY], capture_output=True, text=True, timeout=120, check=True)
    assert "has the member '" in done.stdout
    assert "twice" in done.stdout
