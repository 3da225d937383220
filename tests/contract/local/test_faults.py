"""Faults, quotas, the clock and the log of the embedded ECR: what goes wrong does so exactly as it is told."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from ecr_publish.local import embedded_ecr, shipped
from ecr_publish.local.embedded import Settings
from ecr_publish.local.faults import Fault
from ecr_publish.local.quotas import Limits
from ecr_publish.local.seed import faults, load_seed
from ecr_publish.run.clock import ShiftedClock
from ecr_publish.run.stop import StopRequest
from tests.contract.local.test_embedded import Http, client
from tests.contract.local.test_public import Public, made
from tests.contract.pipeline.test_commands import Job

# What a run must not get over: bytes that are not what they are called, and a scan that does not end in time.
REFUSED = {"lying-digest": 5, "corrupt-layer": 5, "slow-scan": 7}
NAME, REGION = "team/web", "us-east-2"


@pytest.fixture
def server() -> Iterator[Any]:
    with embedded_ecr(Settings(aliases=(("twtech", "1" * 12),))) as found:
        client(found.url).create_repository(repositoryName=NAME)
        yield found


@pytest.fixture
def hasty(server):
    """boto3 that does not try twice."""
    import boto3

    return boto3.client(
        "ecr", region_name=REGION, endpoint_url=server.url, aws_access_key_id="1" * 12, aws_secret_access_key="x",
        config=Config(retries={"total_max_attempts": 1}),
    )  # fmt: skip


def layer_of(registry: Http, tag: str = "1") -> str:
    document = json.loads(registry.ask("GET", f"/v2/{NAME}/manifests/{tag}")[2])
    return registry.ask("GET", f"/v2/{NAME}/blobs/{document['layers'][0]['digest']}")[1]["location"]


def at_next(server, kind: str, action: str, **more: Any) -> None:
    """The fault happens to the next request of that action."""
    seen = sum(each.action == action for each in server.ecr.script.requests)
    server.ecr.script.add(Fault(kind, **{"index": seen, "action": action, **more}))


@pytest.mark.parametrize(("status", "code"), [(429, "TOOMANYREQUESTS"), (500, "UNKNOWN"), (503, "UNAVAILABLE")])
def test_the_nth_request_of_an_action_gets_its_status(server, status, code):
    registry = Http(server.url)
    at_next(server, "status", "ecr:PutImage", index=1, status=status)
    assert registry.push(NAME, "1")[0] == 201
    found, _, body = registry.push(NAME, "2")
    assert (found, json.loads(body)["errors"][0]["code"]) == (status, code)
    assert registry.push(NAME, "2")[0] == 201


@pytest.mark.parametrize(("status", "code", "sent"), [(429, "ThrottlingException", 400), (500, "ServerException", 500)])
def test_the_api_s_faults_have_its_own_names(server, hasty, status, code, sent):
    at_next(server, "status", "ecr:DescribeRepositories", status=status)
    with pytest.raises(ClientError) as caught:
        hasty.describe_repositories()
    said = caught.value.response
    assert (said["Error"]["Code"], said["ResponseMetadata"]["HTTPStatusCode"]) == (code, sent)


def test_a_request_is_cut_after_so_many_bytes(server):
    registry = Http(server.url)
    at_next(server, "cut", "ecr:CompleteLayerUpload", after=3)
    with pytest.raises((ConnectionError, http.client.RemoteDisconnected, urllib.error.URLError)):
        registry.push_blob(NAME, b"layer")
    assert server.ecr.store.registry("1" * 12, REGION).repositories[NAME].layers == {}


def test_an_answer_is_cut_after_so_many_bytes(server):
    registry = Http(server.url)
    registry.push(NAME, "1", bytes(3 << 20))
    location = layer_of(registry)
    registry.token = None
    at_next(server, "cut-answer", "s3:GetObject", after=1 << 20)
    with pytest.raises(http.client.IncompleteRead) as caught:
        registry.ask("GET", location)
    assert len(caught.value.partial) == 1 << 20
    assert registry.ask("GET", location)[2] == bytes(3 << 20)


def test_the_answer_to_a_put_is_lost_and_the_image_is_there(server):
    registry = Http(server.url)
    at_next(server, "cut-answer", "ecr:PutImage")
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        registry.push(NAME, "1")
    assert registry.ask("GET", f"/v2/{NAME}/manifests/1")[0] == 200


def test_a_layer_has_other_bytes(server):
    registry = Http(server.url)
    registry.push(NAME, "1", b"layer")
    location = layer_of(registry)
    registry.token = None
    at_next(server, "body", "s3:GetObject")
    assert registry.ask("GET", location)[2] == bytes(5)


def test_a_manifest_has_other_bytes_or_another_digest(server):
    registry = Http(server.url)
    registry.push(NAME, "1")
    at_next(server, "body", "ecr:BatchGetImage")
    assert set(registry.ask("GET", f"/v2/{NAME}/manifests/1")[2]) == {0}
    at_next(server, "digest", "ecr:BatchGetImage")
    assert registry.ask("HEAD", f"/v2/{NAME}/manifests/1")[1]["docker-content-digest"] == "sha256:" + "0" * 64


def test_a_hang_ends_without_an_answer(server):
    at_next(server, "hang", "ecr:InitiateLayerUpload", seconds=0.1)
    with pytest.raises((ConnectionError, http.client.RemoteDisconnected)):
        Http(server.url).push_blob(NAME, b"x")


@pytest.mark.parametrize("by", ["registry", "api"])
def test_a_scan_takes_longer(server, hasty, by):
    registry = Http(server.url)
    registry.push(NAME, "0")
    at_next(server, "slow-scan", "ecr:PutImage" if by == "registry" else "ecr:StartImageScan", seconds=3600)
    registry.push(NAME, "1", b"another")
    hasty.start_image_scan(repositoryName=NAME, imageId={"imageTag": "1"})
    server.ecr.clock.advance(timedelta(minutes=59))
    scan = hasty.describe_image_scan_findings(repositoryName=NAME, imageId={"imageTag": "1"})
    assert scan["imageScanStatus"]["status"] == "IN_PROGRESS"
    server.ecr.clock.advance(timedelta(minutes=2))
    scan = hasty.describe_image_scan_findings(repositoryName=NAME, imageId={"imageTag": "1"})
    assert scan["imageScanStatus"]["status"] == "UNSUPPORTED_IMAGE"


def test_lists_lag_behind_what_was_put(server, hasty):
    registry = Http(server.url)
    at_next(server, "lag", "ecr:PutImage", seconds=60)
    registry.push(NAME, "1")
    assert hasty.describe_images(repositoryName=NAME)["imageDetails"] == []
    assert hasty.list_images(repositoryName=NAME)["imageIds"] == []
    with pytest.raises(hasty.exceptions.ImageNotFoundException):
        hasty.describe_images(repositoryName=NAME, imageIds=[{"imageTag": "1"}])
    assert registry.ask("GET", f"/v2/{NAME}/manifests/1")[0] == 200
    server.ecr.clock.advance(timedelta(seconds=61))
    assert len(hasty.describe_images(repositoryName=NAME, imageIds=[{"imageTag": "1"}])["imageDetails"]) == 1


def test_the_log_has_every_request_and_what_became_of_it(server, hasty):
    Http(server.url).push(NAME, "1", b"layer")
    entry = next(each for each in server.ecr.script.requests if each.action == "ecr:CompleteLayerUpload")
    assert set(asdict(entry)) == {
        "number", "method", "path", "action", "registry", "at", "fault", "status", "received"
    }  # fmt: skip
    assert (entry.method, entry.registry, entry.status, entry.received) == ("PUT", f"{'1' * 12}/{REGION}", 201, 5)
    assert entry.at == server.ecr.clock.now().timestamp()


def quick(server, count: int) -> list[int]:
    registry = Http(server.url)
    return [registry.push(NAME, str(number), str(number).encode())[0] for number in range(count)]


def test_quotas_throttle_by_the_embedded_clock():
    with embedded_ecr(quotas=True) as server:
        client(server.url).create_repository(repositoryName=NAME)
        assert quick(server, 12) == [201] * 10 + [429] * 2
        last = server.ecr.script.requests[-1]
        assert (last.action, last.status) == ("ecr:PutImage", 429)
        server.ecr.clock.advance(timedelta(seconds=0.5))
        assert [Http(server.url).push(NAME, "x", bytes([each]))[0] for each in range(6)] == [201] * 5 + [429]
        # another account's bucket is full, and so is another action's
        client(server.url, account="2" * 12).create_repository(repositoryName=NAME)
        assert Http(server.url, "2" * 12).push(NAME, "1")[0] == 201
        with pytest.raises(ClientError, match="ThrottlingException"):
            client(server.url).put_image(repositoryName=NAME, imageManifest="{}")


def test_without_quotas_nothing_is_throttled(server):
    assert set(quick(server, 12)) == {201}


def test_anybody_s_pulls_from_ecr_public_have_a_quota_of_their_own():
    with embedded_ecr(Settings(aliases=(("twtech", "1" * 12),)), quotas=True) as server:
        made(server.url).create_repository(repositoryName=NAME)
        Public(server.url).push(f"twtech/{NAME}", "1")
        path = f"/v2/twtech/{NAME}/manifests/1"
        for account, allowed in ((None, 1), ("1" * 12, 10)):
            registry = Public(server.url, account)
            assert [registry.ask("GET", path)[0] for _ in range(allowed + 1)] == [200] * allowed + [429]


@pytest.mark.parametrize("name", shipped.names())
def test_a_shipped_fault_is_a_faults_file_that_says_what_happens(name):
    assert faults(load_seed(shipped.file(name).read_text(), name))
    assert len(shipped.names()[name]) > 20


@pytest.mark.parametrize(
    ("name", "code"), [(each, REFUSED.get(each, 0)) for each in shipped.names()]
)  # fmt: skip
def test_a_rehearsal_meets_a_shipped_fault(tmp_path, name, code):
    found, said = Job(tmp_path).run("rehearse", "--fault", name)
    assert found == code, said


def test_a_fault_that_there_is_not_is_told_with_those_that_there_are(tmp_path):
    code, said = Job(tmp_path).run("rehearse", "--fault", "earthquake")
    assert (code, "there is no fault called 'earthquake'" in said, "lost-upload" in said) == (2, True, True)


def controlled(url: str, method: str, path: str, value: object = None, **headers: str) -> tuple[int, Any]:
    body = None if value is None else json.dumps(value).encode()
    request = urllib.request.Request(f"{url}/_local/{path}", body, headers, method=method)
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def test_the_clock_is_advanced_from_any_language():
    with embedded_ecr(clock=ShiftedClock(StopRequest())) as server:
        client(server.url).create_repository(repositoryName=NAME)
        registry = Http(server.url)
        before = controlled(server.url, "GET", "clock")[1]["now"]
        status, after = controlled(server.url, "POST", "clock", {"advance": 13 * 3600})
        assert (status, after["now"] > before) == (200, True)
        assert registry.ask("GET", f"/v2/{NAME}/tags/list")[0] == 403  # the token has expired


def test_faults_and_the_log_are_there_for_any_language(server):
    fault = {"kind": "status", "status": 503, "action": "ecr:ListImages"}
    assert controlled(server.url, "POST", "faults", fault) == (200, {})
    assert Http(server.url).ask("GET", f"/v2/{NAME}/tags/list")[0] == 503
    assert Http(server.url).ask("GET", f"/v2/{NAME}/tags/list")[0] == 200
    controlled(server.url, "POST", "faults", fault)  # what came before does not count
    assert Http(server.url).ask("GET", f"/v2/{NAME}/tags/list")[0] == 503
    last = server.ecr.script.requests[-1].number
    (entry,) = controlled(server.url, "GET", f"requests?after={last - 1}")[1]["requests"]
    assert (entry["action"], entry["status"], entry["fault"]) == ("ecr:ListImages", 503, "status")
    controlled(server.url, "POST", "faults", {**fault, "index": 1})
    assert controlled(server.url, "DELETE", "faults") == (200, {})
    assert Http(server.url).ask("GET", f"/v2/{NAME}/tags/list")[0] == 200


@pytest.mark.parametrize(
    ("method", "path", "value", "headers", "status"),
    [
        ("POST", "clock", {"advance": "soon"}, {}, 400),
        ("POST", "clock", {"advance": -1}, {}, 400),
        ("POST", "clock", {"advance": True}, {}, 400),
        ("POST", "clock", [], {}, 400),
        ("POST", "faults", {"kind": "earthquake"}, {}, 400),
        ("POST", "faults", 3, {}, 400),
        ("POST", "denials", {"action": "PutImage"}, {}, 400),
        ("GET", "requests?after=x", None, {}, 400),
        ("GET", "nothing", None, {}, 404),
        ("GET", "clock", None, {"Origin": "https://example.com"}, 403),
        ("GET", "clock", None, {"Host": "example.com"}, 403),
    ],
)
def test_control_refuses_what_makes_no_sense_and_what_a_page_sends(server, method, path, value, headers, status):
    assert controlled(server.url, method, path, value, **headers)[0] == status


@pytest.mark.parametrize(("limits", "second"), [(Limits(tags=1), b"layer"), (Limits(images=1), b"other")])
def test_what_a_repository_and_an_image_hold_has_a_limit(server, limits, second):
    server.ecr.images.limits = limits
    registry = Http(server.url)
    assert registry.push(NAME, "1")[0] == 201
    status, _, body = registry.push(NAME, "2", second)
    assert (status, json.loads(body)["errors"][0]["code"]) == (403, "DENIED")
    assert registry.push(NAME, "1")[0] == 201
    assert client(server.url).list_images(repositoryName=NAME)["imageIds"][0]["imageTag"] == "1"
