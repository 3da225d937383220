"""Whatever comes over the sockets of the embedded ECR: an answer that is no 5xx, in time, and no file elsewhere.

`ECR_PUBLISH_FUZZ` is the number of requests of each kind (100).
"""

from __future__ import annotations

import http.client
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecr_publish.local import embedded_ecr
from ecr_publish.local.aliases import made_up
from ecr_publish.local.embedded import Settings
from tests.contract.local import requests
from tests.contract.local.requests import Wire
from tests.contract.local.test_embedded import Http, client
from tests.contract.local.test_public import Public, made

EXAMPLES = int(os.environ.get("ECR_PUBLISH_FUZZ") or "100")
SECONDS = 5
many = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)


@dataclass(frozen=True)
class Ground:
    """A server on a directory that has nothing beside it."""

    home: Path
    api: int
    v2: int
    token: str
    bearer: str

    def strays(self) -> list[Path]:
        return [path for path in self.home.rglob("*") if self.home / "a/b/store" not in (path, *path.parents)]


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    home = tmp_path_factory.mktemp("fuzz")
    (home / "a" / "b").mkdir(parents=True)
    with embedded_ecr(Settings(directory=home / "a" / "b" / "store")) as server:
        client(server.url, region="us-east-1").create_repository(repositoryName="team/web")
        client(server.url).create_repository(repositoryName="team/web")
        http_client = Http(server.url)
        http_client.push("team/web", "latest")
        made(server.url).create_repository(repositoryName="team/web")
        public = Public(server.url)
        public.push(f"{server.ecr.aliases.of('1' * 12)[0]}/team/web", "latest")
        port = int(http_client.base.rpartition(":")[2])
        yield Ground(home, server.port, port, http_client.token, public.bearer)


def status_of(port: int, content: bytes) -> int | None:
    """The answer's status; None where the connection was closed instead. Raises TimeoutError."""
    with socket.create_connection(("127.0.0.1", port), SECONDS) as link:
        try:
            link.sendall(content)
            answer = http.client.HTTPResponse(link, method=content.partition(b" ")[0].decode("latin-1"))
            answer.begin()
            answer.read()
        except TimeoutError:
            raise
        except (OSError, http.client.HTTPException):
            return None
        return answer.status


def holds(ground: Ground, port: int, content: bytes) -> None:
    status = status_of(port, content)
    assert status is None or status < 500
    assert sorted(path.relative_to(ground.home).as_posix() for path in ground.strays()) == ["a", "a/b"]


@given(request=requests.api("ecr", "AmazonEC2ContainerRegistry_V20150921."))
@many
def test_any_call_of_the_api(ground: Ground, request: Wire):
    holds(ground, ground.api, request.framed())


@given(request=requests.api("ecr-public", "SpencerFrontendService."))
@many
def test_any_call_of_ecr_public(ground: Ground, request: Wire):
    holds(ground, ground.api, request.framed())


@given(data=st.data())
@many
def test_anything_asked_of_ecr_public_s_registry(ground: Ground, data: st.DataObject):
    name = f"{made_up('1' * 12)}/team/web".encode()
    holds(ground, ground.api, data.draw(requests.registry(ground.bearer, b"Bearer", name)).framed())


@given(request=requests.sts())
@many
def test_any_form_of_sts(ground: Ground, request: Wire):
    holds(ground, ground.api, request.framed())


@given(data=st.data())
@many
def test_any_askedto_the_registry(ground: Ground, data: st.DataObject):
    holds(ground, ground.v2, data.draw(requests.registry(ground.token)).framed())


@given(data=st.data(), noise=st.binary(min_size=1, max_size=8), where=st.integers(0, 200))
@many
def test_any_damaged_bytes(ground: Ground, data: st.DataObject, noise: bytes, where: int):
    content = data.draw(requests.registry(ground.token)).framed()
    damaged = content[:where] + noise + content[where:]
    with socket.create_connection(("127.0.0.1", ground.v2), SECONDS) as link:
        link.sendall(damaged)
        link.shutdown(socket.SHUT_WR)  # a length that the damage has made longer is not waited for
        assert b" 500 " not in link.makefile("rb").read(4096).partition(b"\r\n")[0]


def test_after_all_that_it_still_answers(ground: Ground):
    assert status_of(ground.api, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n") == 403


def form(body: bytes) -> bytes:
    signed = (b"Authorization", b"AWS4-HMAC-SHA256 Credential=111111111111/20260101/us-east-2/sts/aws4_request")
    return Wire(b"POST", b"/", ((b"Host", b"x"), signed), body).framed()


def call(region: bytes, name: bytes, body: bytes) -> bytes:
    signed = (b"Authorization", b"AWS4-HMAC-SHA256 Credential=111111111111/20260101/%s/ecr/aws4_request" % region)
    target = (b"X-Amz-Target", b"AmazonEC2ContainerRegistry_V20150921." + name)
    return Wire(b"POST", b"/", ((b"Host", b"x"), signed, target), body).framed()


ROLE = b"Action=AssumeRole&RoleArn=arn:aws:iam::111111111111:role/x&RoleSessionName=run&DurationSeconds="
UTF16 = '{"mediaType": "application/vnd.oci.image.manifest.v1+json"}'.encode("utf-16")


@pytest.mark.parametrize(
    "content",
    [
        form(ROLE + b"many"),
        form(ROLE + b"9" * 5000),
        call(b"x" * 300, b"PutRegistryScanningConfiguration", b'{"scanType": "BASIC"}'),
        call(b"us-east-2", b"PutImage", b'{"repositoryName": "team/web", "imageManifest": "\\ud800"}'),
    ],
    ids=["a duration in words", "a long duration", "a long region", "half a character"],
)
def test_what_was_a_500_once_is_a_400(ground: Ground, content: bytes):
    assert status_of(ground.api, content) == 400


@pytest.mark.parametrize(
    "asked",
    [
        Wire(b"GET", b"/v2/team/web/tags/list?n=%C2%B2", (), b""),
        Wire(b"PUT", b"/v2/team/web/manifests/x", (), UTF16),
        Wire(b"PUT", b"/v2/team/web/manifests/x", (), b'{"mediaType": {"a": 1}}'),
    ],
    ids=["a superscript", "another encoding", "a type that is no text"],
)
def test_what_was_a_500_once_is_unsupported(ground: Ground, asked: Wire):
    pairs = ((b"Host", b"x"), (b"Authorization", b"Basic " + ground.token.encode()))
    assert status_of(ground.v2, Wire(asked.method, asked.target, pairs, asked.body).framed()) == 405
