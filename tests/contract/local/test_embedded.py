"""The embedded ECR with real clients of its two faces: boto3 and plain HTTP."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError

from ecr_publish.errors import MachineFault
from ecr_publish.local import embedded_ecr
from ecr_publish.local.embedded import Settings

REGION = "us-east-2"
OCI = "application/vnd.oci.image.manifest.v1+json"


def client(url: str, service: str = "ecr", account: str = "1" * 12, region: str = REGION):
    return boto3.client(
        service, region_name=region, endpoint_url=url, aws_access_key_id=account, aws_secret_access_key="x"
    )


def code(call, *arguments, **more) -> str:
    with pytest.raises(ClientError) as caught:
        call(*arguments, **more)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    return caught.value.response["Error"]["Code"]


class Http:
    """Plain requests to one registry, with its token."""

    def __init__(self, url: str, account: str = "1" * 12) -> None:
        data = client(url, account=account).get_authorization_token()["authorizationData"][0]
        self.base, self.token = data["proxyEndpoint"], data["authorizationToken"]

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str):
        sent = {key.replace("_", "-"): value for key, value in headers.items()}
        if self.token is not None:
            sent["Authorization"] = f"Basic {self.token}"
        url = path if path.startswith("http") else self.base + path
        request = urllib.request.Request(url, body, sent, method=method)
        opener = urllib.request.build_opener(Unredirected, urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=10) as answer:
                return answer.status, dict(answer.headers), answer.read()
        except urllib.error.HTTPError as error:
            return error.code, dict(error.headers), error.read()

    def push_blob(self, repository: str, content: bytes) -> dict[str, object]:
        digest = "sha256:" + hashlib.sha256(content).hexdigest()
        _, headers, _ = self.ask("POST", f"/v2/{repository}/blobs/uploads/", b"")
        status, _, body = self.ask("PUT", f"{headers['location']}?digest={digest}", content)
        assert status == 201, body
        return {"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": digest, "size": len(content)}

    def push(self, repository: str, tag: str, content: bytes = b"layer"):
        layer, config = self.push_blob(repository, content), self.push_blob(repository, b'{"os":"linux"}')
        config["mediaType"] = "application/vnd.oci.image.config.v1+json"
        manifest = json.dumps({"schemaVersion": 2, "mediaType": OCI, "config": config, "layers": [layer]}).encode()
        return self.ask("PUT", f"/v2/{repository}/manifests/{tag}", manifest, Content_Type=OCI)


class Unredirected(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments):
        return None


@pytest.fixture
def server() -> Iterator:
    with embedded_ecr() as found:
        yield found


@pytest.fixture
def ecr(server):
    made = client(server.url)
    made.create_repository(repositoryName="team/web")
    return made


def test_account_and_region_come_from_the_signature(server):
    one, other = client(server.url, account="2" * 12), client(server.url, account="3" * 12, region="eu-west-1")
    assert one.create_repository(repositoryName="a/b")["repository"]["repositoryUri"].startswith(
        "222222222222.dkr.ecr.us-east-2."
    )
    assert other.describe_repositories()["repositories"] == []
    assert other.get_authorization_token()["authorizationData"][0]["proxyEndpoint"].startswith("http://127.0.0.1:")


def test_a_role_session_belongs_to_the_roles_account(server):
    got = client(server.url, "sts").assume_role(RoleArn="arn:aws:iam::444444444444:role/x", RoleSessionName="run")
    key = got["Credentials"]["AccessKeyId"]
    assert client(server.url, "sts", key).get_caller_identity()["Arn"] == "arn:aws:sts::444444444444:assumed-role/x/run"


@pytest.mark.parametrize(
    ("call", "arguments", "expected"),
    [
        ("create_repository", {"repositoryName": "team/web"}, "RepositoryAlreadyExistsException"),
        ("create_repository", {"repositoryName": "Team"}, "InvalidParameterException"),
        ("create_repository", {"repositoryName": "x" * 257}, "InvalidParameterException"),
        ("describe_repositories", {"repositoryNames": ["no/where"]}, "RepositoryNotFoundException"),
        ("describe_images", {"repositoryName": "team/web", "imageIds": [{"imageTag": "x"}]}, "ImageNotFoundException"),
        ("start_image_scan", {"repositoryName": "team/web", "imageId": {"imageTag": "x"}}, "ImageNotFoundException"),
        ("get_lifecycle_policy", {"repositoryName": "team/web"}, "LifecyclePolicyNotFoundException"),
        ("get_repository_policy", {"repositoryName": "team/web"}, "RepositoryPolicyNotFoundException"),
        ("put_image", {"repositoryName": "team/web", "imageManifest": "{}"}, "InvalidParameterException"),
        ("delete_pull_through_cache_rule", {"ecrRepositoryPrefix": "hub"}, "PullThroughCacheRuleNotFoundException"),
        ("put_image_tag_mutability", {"repositoryName": "team/web", "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION"},
         "InvalidParameterException"),
    ],
)  # fmt: skip
def test_errors_have_awss_names_and_status(ecr, call, arguments, expected):
    assert code(getattr(ecr, call), **arguments) == expected


def test_what_is_put_reads_back(ecr):
    text = json.dumps(
        {
            "rules": [
                {
                    "rulePriority": 1,
                    "selection": {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 1},
                    "action": {"type": "expire"},
                }
            ]
        }
    )
    ecr.put_lifecycle_policy(repositoryName="team/web", lifecyclePolicyText=text)
    assert ecr.get_lifecycle_policy(repositoryName="team/web")["lifecyclePolicyText"] == text
    ecr.put_account_setting(name="BLOB_MOUNTING", value="ENABLED")
    assert ecr.get_account_setting(name="BLOB_MOUNTING")["value"] == "ENABLED"
    arn = ecr.describe_repositories()["repositories"][0]["repositoryArn"]
    ecr.tag_resource(resourceArn=arn, tags=[{"Key": "team", "Value": "a"}])
    assert ecr.list_tags_for_resource(resourceArn=arn)["tags"] == [{"Key": "team", "Value": "a"}]


def test_an_image_pushed_on_one_face_is_seen_on_the_other(server, ecr):
    status, headers, _ = Http(server.url).push("team/web", "1.0")
    assert status == 201
    detail = ecr.describe_images(repositoryName="team/web")["imageDetails"][0]
    assert detail["imageTags"] == ["1.0"]
    assert detail["imageDigest"] == headers["docker-content-digest"]
    got = ecr.batch_get_image(repositoryName="team/web", imageIds=[{"imageTag": "1.0"}])["images"][0]
    again = {"repositoryName": "team/web", "imageManifest": got["imageManifest"]}
    ecr.put_image(**again, imageTag="2.0")
    assert code(ecr.put_image, **again, imageTag="2.0") == "ImageAlreadyExistsException"
    assert {each["imageTag"] for each in ecr.list_images(repositoryName="team/web")["imageIds"]} == {"1.0", "2.0"}


@pytest.mark.parametrize(
    ("image_id", "expected"),
    [
        ({}, "MissingDigestAndTag"),
        ({"imageTag": "a:b"}, "InvalidImageTag"),
        ({"imageDigest": "no digest"}, "InvalidImageDigest"),
        ({"imageTag": "2.0"}, "ImageNotFound"),
        ({"imageTag": "1.0", "imageDigest": "sha256:" + "0" * 64}, "ImageTagDoesNotMatchDigest"),
    ],
)
def test_an_id_that_names_nothing_is_a_failure_in_an_answer(server, ecr, image_id, expected):
    Http(server.url).push("team/web", "1.0")
    for call in (ecr.batch_get_image, ecr.batch_delete_image):
        failures = call(repositoryName="team/web", imageIds=[image_id])["failures"]
        assert [each["failureCode"] for each in failures] == [expected]
    got = ecr.batch_get_image(repositoryName="team/web", imageIds=[{"imageTag": "1.0"}])["images"][0]
    again = {"repositoryName": "team/web", "imageManifest": got["imageManifest"], "imageTag": "a:b"}
    assert code(ecr.put_image, **again) == "InvalidParameterException"


def test_deleting_the_last_tag_deletes_the_image(server, ecr):
    http = Http(server.url)
    http.push("team/web", "1.0")
    ecr.batch_delete_image(repositoryName="team/web", imageIds=[{"imageTag": "1.0"}])
    assert ecr.list_images(repositoryName="team/web")["imageIds"] == []
    failures = ecr.batch_delete_image(repositoryName="team/web", imageIds=[{"imageTag": "1.0"}])["failures"]
    assert failures[0]["failureCode"] == "ImageNotFound"


def test_layers_go_up_in_parts_by_the_api(server, ecr):
    upload = ecr.initiate_layer_upload(repositoryName="team/web")["uploadId"]
    body = b"1" * (5 << 20) + b"part two"
    for first, last in ((0, (5 << 20) - 1), (5 << 20, len(body) - 1)):
        ecr.upload_layer_part(
            repositoryName="team/web", uploadId=upload, partFirstByte=first, partLastByte=last,
            layerPartBlob=body[first : last + 1],
        )  # fmt: skip
    digest = "sha256:" + hashlib.sha256(body).hexdigest()
    ecr.complete_layer_upload(repositoryName="team/web", uploadId=upload, layerDigests=[digest])
    again = ecr.initiate_layer_upload(repositoryName="team/web")["uploadId"]
    ecr.upload_layer_part(
        repositoryName="team/web", uploadId=again, partFirstByte=0, partLastByte=len(body) - 1, layerPartBlob=body
    )
    sent = {"repositoryName": "team/web", "uploadId": again, "layerDigests": [digest]}
    assert code(ecr.complete_layer_upload, **sent) == "LayerAlreadyExistsException"
    found = ecr.batch_check_layer_availability(repositoryName="team/web", layerDigests=[digest, "sha256:" + "0" * 64])
    assert [each["layerAvailability"] for each in found["layers"]] == ["AVAILABLE", "UNAVAILABLE"]


def test_a_registry_wants_a_token_and_says_how(server, ecr):
    http = Http(server.url)
    http.token = None
    status, headers, body = http.ask("GET", "/v2/")
    assert (status, body) == (401, b"Not Authorized\n")
    assert headers["www-authenticate"].startswith('Basic realm="https://111111111111.dkr.ecr.us-east-2')
    http.token = base64.b64encode(b"AWS:nonsense").decode()
    assert http.ask("GET", "/v2/")[0] == 400


def test_a_token_expires_after_twelve_hours_with_ecrs_words(server, ecr):
    http = Http(server.url)
    server.ecr.clock.advance(timedelta(hours=11, minutes=59))
    assert http.ask("GET", "/v2/")[0] == 200
    server.ecr.clock.advance(timedelta(minutes=2))
    status, _, body = http.ask("GET", "/v2/")
    assert status == 403
    assert "Your authorization token has expired" in body.decode()


def test_a_token_of_another_region_is_not_taken(server, ecr):
    elsewhere = client(server.url, region="eu-west-1").get_authorization_token()["authorizationData"][0]
    http = Http(server.url)
    http.token = elsewhere["authorizationToken"]
    assert http.ask("GET", "/v2/")[0] == 400


def test_another_account_may_only_what_the_repositorys_policy_allows(server, ecr):
    Http(server.url).push("team/web", "1.0")
    stranger = Http(server.url, account="2" * 12)
    stranger.base = Http(server.url).base
    status, _, body = stranger.ask("GET", "/v2/team/web/manifests/1.0", Accept=OCI)
    assert status == 403
    assert "not authorized to perform: ecr:BatchGetImage" in body.decode()
    allow = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::222222222222:root"}, "Action": "ecr:BatchGetImage"}
    ecr.set_repository_policy(repositoryName="team/web", policyText=json.dumps({"Statement": [allow]}))
    assert stranger.ask("GET", "/v2/team/web/manifests/1.0", Accept=OCI)[0] == 200
    assert stranger.ask("POST", "/v2/team/web/blobs/uploads/", b"")[0] == 403


def test_an_immutable_tag_is_not_moved_and_an_excepted_one_is(server, ecr):
    http = Http(server.url)
    ecr.put_image_tag_mutability(
        repositoryName="team/web", imageTagMutability="IMMUTABLE_WITH_EXCLUSION",
        imageTagMutabilityExclusionFilters=[{"filterType": "WILDCARD", "filter": "lat*"}],
    )  # fmt: skip
    assert http.push("team/web", "1.0", b"a")[0] == 201
    status, _, body = http.push("team/web", "1.0", b"b")
    assert (status, json.loads(body)["errors"][0]["code"]) == (400, "TAG_INVALID")
    assert http.push("team/web", "latest", b"a")[0] == 201
    assert http.push("team/web", "latest", b"b")[0] == 201


def test_a_blob_redirects_to_storage_that_refuses_authorization(server, ecr):
    http = Http(server.url)
    http.push("team/web", "latest", b"layer")
    status, headers, _ = http.ask("GET", f"/v2/team/web/blobs/sha256:{hashlib.sha256(b'layer').hexdigest()}")
    assert status == 307
    assert http.ask("GET", headers["location"])[0] == 400
    with urllib.request.urlopen(headers["location"], timeout=10) as answer:
        assert answer.read() == b"layer"


def test_bytes_with_another_digest_are_not_kept(server, ecr):
    http = Http(server.url)
    _, headers, _ = http.ask("POST", "/v2/team/web/blobs/uploads/", b"")
    status, _, body = http.ask("PUT", f"{headers['location']}?digest=sha256:{'0' * 64}", b"layer")
    assert (status, json.loads(body)["errors"][0]["code"]) == (400, "BLOB_UPLOAD_INVALID")


def test_a_manifest_needs_its_layers(server, ecr):
    http = Http(server.url)
    part = {"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": "sha256:" + "1" * 64, "size": 1}
    manifest = json.dumps({"schemaVersion": 2, "mediaType": OCI, "config": part, "layers": [part]}).encode()
    status, _, body = http.ask("PUT", "/v2/team/web/manifests/1", manifest, Content_Type=OCI)
    assert (status, json.loads(body)["errors"][0]["code"]) == (404, "BLOB_UPLOAD_UNKNOWN")


def test_a_scan_takes_its_time_and_a_layer_without_system_is_unsupported(server, ecr):
    ecr.put_image_scanning_configuration(repositoryName="team/web", imageScanningConfiguration={"scanOnPush": True})
    Http(server.url).push("team/web", "1.0")
    asked = {"repositoryName": "team/web", "imageId": {"imageTag": "1.0"}}
    assert ecr.describe_image_scan_findings(**asked)["imageScanStatus"]["status"] == "IN_PROGRESS"
    server.ecr.clock.advance(timedelta(minutes=1))
    assert ecr.describe_image_scan_findings(**asked)["imageScanStatus"]["status"] == "UNSUPPORTED_IMAGE"
    assert code(ecr.start_image_scan, **asked) == "LimitExceededException"


def test_an_unsigned_call_is_refused(server):
    request = urllib.request.Request(
        server.url, b"{}", {"X-Amz-Target": "AmazonEC2ContainerRegistry_V20150921.ListImages"}
    )
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=10)
    assert "MissingAuthenticationTokenException" in caught.value.read().decode()


def test_everything_is_there_after_a_restart_tokens_and_ports_too(tmp_path):
    with embedded_ecr(Settings(directory=tmp_path)) as first:
        client(first.url).create_repository(repositoryName="team/web", imageTagMutability="IMMUTABLE")
        http = Http(first.url)
        http.push("team/web", "1.0")
        port = first.port
    with embedded_ecr(Settings(directory=tmp_path), port=port) as second:
        assert second.ecr.registry_url("1" * 12, REGION) == http.base
        assert http.ask("GET", "/v2/team/web/manifests/1.0", Accept=OCI)[0] == 200
        assert http.push("team/web", "1.0", b"other")[0] == 400


def test_what_was_acknowledged_survives_a_kill_at_any_moment(tmp_path):
    """Pushes until the process is killed; every tag that was acknowledged resolves to blobs that verify."""
    store, lines = tmp_path / "store", tmp_path / "env"
    for _ in range(2):
        lines.unlink(missing_ok=True)
        command = [
            sys.executable,
            "-m",
            "ecr_publish",
            "local",
            "--port",
            "0",
            "--store",
            str(store),
            "--env-file",
            str(lines),
        ]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        acknowledged = _push_until_killed(process, lines)
        assert acknowledged
    with embedded_ecr(Settings(directory=store)) as after:
        registry = after.ecr.store.registry("1" * 12, REGION)
        repository = registry.repositories["team/web"]
        assert set(acknowledged) <= set(repository.tags)
        for image in repository.images.values():
            for layer in image.layers:
                content = (store / "blobs" / "sha256" / layer[7:]).read_bytes()
                assert "sha256:" + hashlib.sha256(content).hexdigest() == layer
        assert list((store / "uploads").iterdir()) == []


def _push_until_killed(process: subprocess.Popen, lines: Path) -> list[str]:
    for _ in range(200):
        if lines.exists():
            break
        time.sleep(0.05)
    url = next(line for line in lines.read_text().splitlines() if "URL_ECR" in line).partition("=")[2]
    with suppress(ClientError):  # the second process finds it
        client(url).create_repository(repositoryName="team/web")
    http, acknowledged = Http(url), []
    deadline = time.monotonic() + 0.8
    while time.monotonic() < deadline:
        tag = f"{process.pid}-{len(acknowledged)}"
        if http.push("team/web", tag, os.urandom(2000))[0] == 201:
            acknowledged.append(tag)
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    return acknowledged


def test_local_stops_cleanly_on_sigterm(tmp_path):
    lines = tmp_path / "env"
    command = [sys.executable, "-m", "ecr_publish", "local", "--port", "0", "--env-file", str(lines)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for _ in range(200):
        if lines.exists():
            break
        time.sleep(0.05)
    process.terminate()
    out, _ = process.communicate(timeout=10)
    assert process.returncode == 0
    assert "export AWS_ENDPOINT_URL_ECR=http://127.0.0.1:" in out
    assert "unset AWS_PROFILE" in out


def test_a_registry_whose_port_is_taken_gets_the_next_one():
    for port in range(20000, 30000, 2):  # below those that the system gives away
        with suppress(OSError, MachineFault), socket.socket() as taken:
            taken.bind(("127.0.0.1", port + 1))
            taken.listen()
            with embedded_ecr(port=port) as server:
                assert int(Http(server.url).base.rpartition(":")[2]) > port + 1
                return


def test_a_layer_s_url_is_given_before_anybody_has_asked_for_the_registry_s_port(server):
    ecr = client(server.url)
    ecr.create_repository(repositoryName="team/api")
    layers = []
    for content in (b"{}", b"layer"):
        upload = ecr.initiate_layer_upload(repositoryName="team/api")["uploadId"]
        sent = {"partFirstByte": 0, "partLastByte": len(content) - 1, "layerPartBlob": content}
        ecr.upload_layer_part(repositoryName="team/api", uploadId=upload, **sent)
        digest = "sha256:" + hashlib.sha256(content).hexdigest()
        ecr.complete_layer_upload(repositoryName="team/api", uploadId=upload, layerDigests=[digest])
        layers.append({"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": digest, "size": len(content)})
    config = {**layers[0], "mediaType": "application/vnd.oci.image.config.v1+json"}
    manifest = json.dumps({"schemaVersion": 2, "mediaType": OCI, "config": config, "layers": layers[1:]})
    ecr.put_image(repositoryName="team/api", imageManifest=manifest, imageTag="1")
    url = ecr.get_download_url_for_layer(repositoryName="team/api", layerDigest=layers[1]["digest"])["downloadUrl"]
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=10) as answer:
        assert answer.read() == b"layer"


@pytest.mark.parametrize(
    ("region", "partition", "suffix"),
    [("cn-north-1", "aws-cn", "amazonaws.com.cn"), ("eusc-de-east-1", "aws-eusc", "amazonaws.eu"),
     ("us-isob-east-1", "aws-iso-b", "sc2s.sgov.gov")],
)  # fmt: skip
def test_a_repository_is_named_as_its_partition_names_it(server, region, partition, suffix):
    ecr = client(server.url, region=region)
    made = ecr.create_repository(repositoryName="team/api", tags=[{"Key": "a", "Value": "b"}])["repository"]
    assert made["repositoryArn"] == f"arn:{partition}:ecr:{region}:111111111111:repository/team/api"
    assert made["repositoryUri"] == f"111111111111.dkr.ecr.{region}.{suffix}/team/api"
    assert ecr.list_tags_for_resource(resourceArn=made["repositoryArn"])["tags"] == [{"Key": "a", "Value": "b"}]
