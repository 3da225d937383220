"""The embedded `/v2`: what the OCI distribution-spec asks without quirks, and ECR's own ways with them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from ecr_publish.local import embedded_ecr
from ecr_publish.local.embedded import Settings
from ecr_publish.local.quirks import Quirks
from tests.contract.local.test_embedded import OCI, Http, client

ECR = Quirks()
MIB = 1 << 20


def sha(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


@pytest.fixture
def oci() -> Iterator[Http]:
    with embedded_ecr(oci=True) as server:
        http = Http(server.url)
        http.token = None
        yield http


def registry(quirks: Quirks):
    return embedded_ecr(Settings(quirks=quirks))


def pushed(server, *tags: str) -> Http:
    client(server.url).create_repository(repositoryName="team/web")
    http = Http(server.url)
    for tag in tags:
        assert http.push("team/web", tag, tag.encode())[0] == 201
    return http


def test_without_quirks_nobody_logs_in_and_a_push_makes_the_repository(oci: Http):
    assert oci.push("new/one", "latest")[0] == 201
    assert json.loads(oci.ask("GET", "/v2/_catalog")[2]) == {"repositories": ["new/one"]}


def test_without_quirks_tags_are_sorted_and_last_is_a_tag(oci: Http):
    for tag in ("c", "a", "b"):
        oci.push("team/web", tag)
    status, headers, body = oci.ask("GET", "/v2/team/web/tags/list?n=2")
    assert (status, json.loads(body)["tags"]) == (200, ["a", "b"])
    _, _, body = oci.ask("GET", headers["link"].split(">")[0].lstrip("<"))
    assert json.loads(body)["tags"] == ["c"]


def test_without_quirks_a_blob_can_be_deleted_and_mounted_from_anywhere(oci: Http):
    digest = str(oci.push_blob("team/web", b"layer")["digest"])
    assert oci.ask("POST", f"/v2/team/api/blobs/uploads/?mount={digest}", b"")[0] == 201
    assert oci.ask("DELETE", f"/v2/team/web/blobs/{digest}")[0] == 202
    assert oci.ask("GET", f"/v2/team/web/blobs/{digest}")[0] == 404
    assert oci.ask("GET", f"/v2/team/api/blobs/{digest}")[2] == b"layer"


def test_without_quirks_sha512_names_content_too(oci: Http):
    digest = "sha512:" + hashlib.sha512(b"layer").hexdigest()
    _, headers, _ = oci.ask("POST", "/v2/team/web/blobs/uploads/", b"")
    assert oci.ask("PUT", f"{headers['location']}?digest={digest}", b"layer")[0] == 201
    assert oci.ask("GET", f"/v2/team/web/blobs/{digest}", Range="bytes=-2")[2] == b"er"


def test_referrers_are_filtered_by_their_type(oci: Http):
    oci.push("team/web", "latest")
    subject = oci.ask("HEAD", "/v2/team/web/manifests/latest")[1]["docker-content-digest"]
    empty = oci.push_blob("team/web", b"{}") | {"mediaType": "application/vnd.oci.empty.v1+json"}
    for kind in ("a/sbom", "a/signature"):
        about = {"mediaType": OCI, "digest": subject, "size": 1}
        document = {"schemaVersion": 2, "mediaType": OCI, "config": empty, "layers": [empty], "subject": about}
        body = json.dumps(document | {"artifactType": kind}).encode()
        status, headers, _ = oci.ask("PUT", f"/v2/team/web/manifests/{sha(body)}", body, Content_Type=OCI)
        assert (status, headers["oci-subject"]) == (201, subject)
    _, headers, body = oci.ask("GET", f"/v2/team/web/referrers/{subject}?artifactType=a/sbom")
    assert headers["oci-filters-applied"] == "artifactType"
    assert [each["artifactType"] for each in json.loads(body)["manifests"]] == ["a/sbom"]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v2/no/where/tags/list", 404, "NAME_UNKNOWN"),
        ("GET", "/v2/team/web/manifests/none", 404, "MANIFEST_UNKNOWN"),
        ("GET", "/v2/team/web/manifests/a+b", 400, "TAG_INVALID"),
        ("GET", "/v2/team/web/manifests/sha256:abc", 400, "DIGEST_INVALID"),
        ("GET", "/v2/team/web/tags/list?n=1001", 405, "UNSUPPORTED"),
        ("GET", "/v2/team/web/tags/list?n=many", 405, "UNSUPPORTED"),
        ("PUT", "/v2/team/web/manifests/x", 405, "UNSUPPORTED"),
        ("POST", "/v2/no/where/blobs/uploads/", 404, "NAME_UNKNOWN"),
        ("PATCH", "/v2/team/web/blobs/uploads/none", 404, "BLOB_UPLOAD_UNKNOWN"),
        ("DELETE", f"/v2/team/web/blobs/{sha(b'latest')}", 405, "UNSUPPORTED"),
    ],
)
def test_ecr_refuses_in_its_own_words(method, path, status, code):
    with registry(ECR) as server:
        found, _, body = pushed(server, "latest").ask(method, path, b"{" if method == "PUT" else None)
        assert (found, json.loads(body)["errors"][0]["code"]) == (status, code)


def test_an_unknown_route_is_plain_text():
    with registry(ECR) as server:
        assert pushed(server).ask("POST", "/v2/team/web/tags/list", b"")[2] == b"404 page not found\n"


def test_ecrs_pages_have_an_opaque_last_that_leads_through_all_tags():
    with registry(ECR) as server:
        http, path, seen = pushed(server, "c", "a", "b"), "/v2/team/web/tags/list?n=2", []
        while path:
            _, headers, body = http.ask("GET", path)
            seen += json.loads(body)["tags"]
            path = headers.get("link", "").split(">")[0].lstrip("<")
        assert sorted(seen) == ["a", "b", "c"]


def test_a_layer_that_no_image_names_is_withheld_unless_switched():
    for quirks, expected in ((ECR, 404), (replace(ECR, unreferenced_withheld=False), 307)):
        with registry(quirks) as server:
            http = pushed(server)
            digest = http.push_blob("team/web", b"alone")["digest"]
            assert http.ask("HEAD", f"/v2/team/web/blobs/{digest}")[0] == 200
            assert http.ask("GET", f"/v2/team/web/blobs/{digest}")[0] == expected


@pytest.mark.parametrize(("sizes", "expected"), [((MIB, MIB), 400), ((5 * MIB, 1), 201), ((MIB,), 201)])
def test_every_part_but_the_last_has_five_mebibytes(sizes, expected):
    with registry(ECR) as server:
        http, sent = pushed(server), b""
        _, headers, _ = http.ask("POST", "/v2/team/web/blobs/uploads/", b"")
        for size in sizes:
            span = f"{len(sent)}-{len(sent) + size - 1}"
            assert http.ask("PATCH", headers["location"], bytes(size), Content_Range=span)[0] == 201
            sent += bytes(size)
        assert http.ask("PUT", f"{headers['location']}?digest={sha(sent)}", b"")[0] == expected


@pytest.mark.parametrize("span", ["1-5", "0-9", "x", "0-" + "9" * 5000, "\u00b2-3"])
def test_a_part_that_is_not_the_next_one_is_416_and_changes_nothing(span):
    with registry(ECR) as server:
        http = pushed(server)
        _, headers, _ = http.ask("POST", "/v2/team/web/blobs/uploads/", b"")
        assert http.ask("PATCH", headers["location"], b"layer", Content_Range=span)[0] == 416
        assert http.ask("PUT", f"{headers['location']}?digest={sha(b'layer')}", b"layer")[0] == 201


def test_a_missing_repository_can_be_an_end_without_an_answer():
    with registry(replace(ECR, missing_repository_eof=True)) as server, pytest.raises(OSError):
        pushed(server).ask("POST", "/v2/no/where/blobs/uploads/", b"")


def test_the_status_of_an_upload_can_be_hidden():
    with registry(replace(ECR, no_upload_status=True)) as server:
        http = pushed(server)
        _, headers, _ = http.ask("POST", "/v2/team/web/blobs/uploads/", b"")
        assert http.ask("GET", headers["location"])[0] == 404
