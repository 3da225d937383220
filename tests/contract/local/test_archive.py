"""The archive: what is in it cannot be pulled, is listed only when asked for, and comes back in its time."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from tests.contract.local.test_embedded import OCI, Http, client, code
from tests.contract.local.test_lifecycle import WEB, tags
from tests.contract.local.test_registry import sha

ONE = {**WEB, "imageId": {"imageTag": "1"}}


@pytest.fixture
def ecr(server):
    """A repository with 1 in the archive and 2 not; both have a config in common, and each a layer of its own."""
    made = client(server.url)
    made.create_repository(**WEB)
    for tag in ("1", "2"):
        Http(server.url).push("team/web", tag, tag.encode())
    assert made.update_image_storage_class(**ONE, targetStorageClass="ARCHIVE")["imageStatus"] == "ARCHIVED"
    return made


def pulls(server, tag: str) -> int:
    return Http(server.url).ask("GET", f"/v2/team/web/manifests/{tag}", Accept=OCI)[0]


def test_what_is_archived_cannot_be_pulled(server, ecr):
    assert (pulls(server, "1"), pulls(server, "2")) == (404, 200)
    failures = ecr.batch_get_image(**WEB, imageIds=[{"imageTag": "1"}])["failures"]
    assert failures[0]["failureCode"] == "ImageNotFound"


def test_only_layers_that_nothing_else_has_are_archived(server, ecr):
    http = Http(server.url)
    own, shared = sha(b"1"), sha(b'{"os":"linux"}')
    found = ecr.batch_check_layer_availability(**WEB, layerDigests=[own, shared])["layers"]
    assert [each["layerAvailability"] for each in found] == ["ARCHIVED", "AVAILABLE"]
    assert [http.ask("HEAD", f"/v2/team/web/blobs/{each}")[0] for each in (own, shared)] == [404, 200]
    assert code(ecr.get_download_url_for_layer, **WEB, layerDigest=own) == "LayerInaccessibleException"


def test_what_is_archived_is_listed_only_when_asked_for(server, ecr):
    assert tags(ecr) == ["2"]
    assert json.loads(Http(server.url).ask("GET", "/v2/team/web/tags/list")[2])["tags"] == ["2"]
    assert tags(ecr, filter={"imageStatus": "ARCHIVED"}) == ["1"]
    assert tags(ecr, filter={"imageStatus": "ANY"}) == ["1", "2"]
    assert [each["imageTags"] for each in ecr.describe_images(**WEB)["imageDetails"]] == [["2"]]
    named = {**WEB, "imageIds": [{"imageTag": "1"}]}
    assert code(ecr.describe_images, **named) == "ImageNotFoundException"
    detail = ecr.describe_images(**named, filter={"imageStatus": "ANY"})["imageDetails"][0]
    assert (detail["imageStatus"], "lastArchivedAt" in detail) == ("ARCHIVED", True)


def test_it_comes_back_in_twenty_minutes(server, ecr):
    assert ecr.update_image_storage_class(**ONE, targetStorageClass="STANDARD")["imageStatus"] == "ACTIVATING"
    assert pulls(server, "1") == 404
    assert tags(ecr, filter={"imageStatus": "ACTIVATING"}) == ["1"]
    server.ecr.clock.advance(timedelta(minutes=20))
    assert pulls(server, "1") == 200
    assert "lastActivatedAt" in ecr.describe_images(**WEB, imageIds=[{"imageTag": "1"}])["imageDetails"][0]


def test_a_push_brings_it_back_at_once(server, ecr):
    assert Http(server.url).push("team/web", "1", b"1")[0] == 201
    assert (pulls(server, "1"), tags(ecr)) == (200, ["1", "2"])


def test_what_is_archived_is_not_scanned_and_can_be_deleted(ecr):
    assert code(ecr.start_image_scan, **ONE) == "ImageArchivedException"
    assert ecr.batch_delete_image(**WEB, imageIds=[{"imageTag": "1"}])["failures"] == []


def test_a_child_of_an_index_is_not_archived_by_itself(server, ecr):
    child = ecr.describe_images(**WEB, imageIds=[{"imageTag": "2"}])["imageDetails"][0]["imageDigest"]
    kind = "application/vnd.oci.image.index.v1+json"
    index = {"schemaVersion": 2, "mediaType": kind, "manifests": [{"mediaType": OCI, "digest": child, "size": 1}]}
    ecr.put_image(**WEB, imageManifest=json.dumps(index), imageTag="all")
    asked = {**WEB, "imageId": {"imageDigest": child}, "targetStorageClass": "ARCHIVE"}
    assert code(ecr.update_image_storage_class, **asked) == "ImageStorageClassUpdateNotSupportedException"
