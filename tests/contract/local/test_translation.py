"""An image asked for by tag comes in a format that the client takes; by digest it never does."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import pytest

from ecr_publish.local import embedded_ecr
from ecr_publish.local.embedded import Settings
from ecr_publish.local.quirks import Quirks
from ecr_publish.oci.manifest import DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST
from tests.contract.local.test_embedded import Http, client

WEB = "/v2/team/web/manifests"


@pytest.fixture
def http():
    with embedded_ecr() as server:
        client(server.url).create_repository(repositoryName="team/web")
        yield Http(server.url)


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def test_an_oci_image_comes_in_dockers_format_by_tag_with_the_same_config_and_layers(http: Http):
    http.push("team/web", "1.0")
    _, _, stored = http.ask("GET", f"{WEB}/1.0", Accept=OCI_MANIFEST)
    status, headers, body = http.ask("GET", f"{WEB}/1.0", Accept=DOCKER_MANIFEST)
    assert (status, headers["content-type"]) == (200, DOCKER_MANIFEST)
    given, kept = json.loads(body), json.loads(stored)
    assert (given["schemaVersion"], given["mediaType"]) == (2, DOCKER_MANIFEST)
    assert given["config"] == {**kept["config"], "mediaType": "application/vnd.docker.container.image.v1+json"}
    assert given["layers"] == [{**kept["layers"][0], "mediaType": "application/vnd.docker.image.rootfs.diff.tar"}]
    _, headers, _ = http.ask("HEAD", f"{WEB}/1.0", Accept=DOCKER_MANIFEST)
    assert headers["docker-content-digest"] == digest(body)


def test_what_was_translated_can_be_pushed_and_comes_back_in_ocis_format(http: Http):
    http.push("team/web", "1.0")
    _, _, body = http.ask("GET", f"{WEB}/1.0", Accept=DOCKER_MANIFEST)
    assert http.ask("PUT", f"{WEB}/docker", body, Content_Type=DOCKER_MANIFEST)[0] == 201
    _, headers, back = http.ask("GET", f"{WEB}/docker", Accept=OCI_MANIFEST)
    assert headers["content-type"] == OCI_MANIFEST
    _, _, stored = http.ask("GET", f"{WEB}/1.0", Accept=OCI_MANIFEST)
    assert {**json.loads(back), "mediaType": OCI_MANIFEST} == json.loads(stored)


def test_by_digest_nothing_is_translated(http: Http):
    http.push("team/web", "1.0")
    _, _, stored = http.ask("GET", f"{WEB}/1.0", Accept=OCI_MANIFEST)
    assert http.ask("GET", f"{WEB}/{digest(stored)}", Accept=DOCKER_MANIFEST)[0] == 404


def test_neither_an_index_nor_an_artifact_is_translated(http: Http):
    http.push("team/web", "1.0")
    _, _, stored = http.ask("GET", f"{WEB}/1.0", Accept=OCI_MANIFEST)
    child = {"mediaType": OCI_MANIFEST, "digest": digest(stored), "size": len(stored)}
    index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [child]}
    http.ask("PUT", f"{WEB}/index", json.dumps(index).encode(), Content_Type=OCI_INDEX)
    artifact = json.loads(stored)
    artifact["config"]["mediaType"] = "application/vnd.example.config+json"
    http.ask("PUT", f"{WEB}/artifact", json.dumps(artifact).encode(), Content_Type=OCI_MANIFEST)
    assert [http.ask("GET", f"{WEB}/{tag}", Accept=DOCKER_MANIFEST)[0] for tag in ("index", "artifact")] == [404, 404]


def test_without_the_quirk_nothing_is_translated():
    with embedded_ecr(Settings(quirks=replace(Quirks(), translated=False))) as server:
        client(server.url).create_repository(repositoryName="team/web")
        http = Http(server.url)
        http.push("team/web", "1.0")
        assert http.ask("GET", f"{WEB}/1.0", Accept=DOCKER_MANIFEST)[0] == 404


def test_the_api_translates_as_v2_does_by_tag_and_not_by_digest():
    with embedded_ecr() as server:
        ecr = client(server.url)
        ecr.create_repository(repositoryName="team/web")
        http = Http(server.url)
        http.push("team/web", "1.0")
        _, _, body = http.ask("GET", f"{WEB}/1.0", Accept=DOCKER_MANIFEST)
        _, _, stored = http.ask("GET", f"{WEB}/1.0", Accept=OCI_MANIFEST)
        ids = [{"imageTag": "1.0"}, {"imageDigest": digest(stored)}]
        answer = ecr.batch_get_image(
            repositoryName="team/web", imageIds=ids, acceptedMediaTypes=[DOCKER_MANIFEST, OCI_INDEX]
        )
    (image,), (failure,) = answer["images"], answer["failures"]
    assert (image["imageManifest"].encode(), image["imageManifestMediaType"]) == (body, DOCKER_MANIFEST)
    assert image["imageId"] == {"imageTag": "1.0", "imageDigest": digest(body)}
    assert (failure["imageId"], failure["failureCode"]) == (ids[1], "ImageNotFound")
