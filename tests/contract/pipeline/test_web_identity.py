"""Roles by the CI's identity token, end to end: a local issuer that signs as GitHub's does, the embedded STS that
trusts it, and jobs that have no AWS key at all."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from ecr_publish.app.project import open_project
from ecr_publish.app.world import real_world
from ecr_publish.errors import NotAuthorised
from ecr_publish.local import embedded_ecr
from ecr_publish.local.embedded import Settings
from ecr_publish.local.planting import plant
from ecr_publish.local.seed import load_seed
from ecr_publish.plan.targets import targets
from ecr_publish.run.clock import SystemClock
from ecr_publish.run.stop import StopRequest
from tests.contract.pipeline.test_commands import Job
from tests.unit.outputs.jobs import GITHUB, GITLAB

URL = "https://token.actions.githubusercontent.com"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SUBJECT = "repo:team/web:environment:staging"
FILE = """\
version: 1
environments:
  staging: { account: "222222222222", region: us-east-2, role: "arn:aws:iam::222222222222:role/ecr-publish" }
images:
  web:
    repository: team/web
    build: { builder: files, files: [{ from: system, to: / }] }
    tags: [ "type=raw,value=1" ]
"""
SEED = f"""\
issuers:
  - {{ url: "{URL}", keys: keys.json }}
roles:
  - {{ arn: "arn:aws:iam::222222222222:role/ecr-publish", issuer: "{URL}", subject: "{SUBJECT}" }}
repositories:
  - {{ account: "222222222222", region: us-east-2, name: team/web }}
"""


@dataclass
class Issuer:
    """Signs a token for whoever brings the job's bearer token, as the runner's token service does."""

    subject: str = SUBJECT
    asked: list[str] = field(default_factory=list)  # audiences
    signed: list[str] = field(default_factory=list)
    answer: bytes | None = None  # instead of a token
    troubles: list[int] = field(default_factory=list)  # statuses that come before any token
    url: str = ""

    def respond(self, handler: BaseHTTPRequestHandler) -> None:
        audience = parse_qs(urlsplit(handler.path).query).get("audience", [""])[0]
        allowed = handler.headers.get("authorization") == "Bearer job-secret"
        self.asked.append(audience)
        now = SystemClock(StopRequest()).now()
        claims = {"iss": URL, "sub": self.subject, "aud": audience, "exp": now + timedelta(minutes=5)}
        token = jwt.encode(claims, KEY, "RS256", {"kid": "one"})
        self.signed.append(token)
        body = self.answer or json.dumps({"value": token}).encode()
        handler.send_response(self.troubles.pop(0) if self.troubles else 200 if allowed else 401)
        handler.send_header("content-length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    made = Issuer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.respond(self)

        def log_message(self, *words: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    made.url = f"http://127.0.0.1:{server.server_port}/token?api-version=2"
    yield made
    server.shutdown()
    server.server_close()


@pytest.fixture
def job(tmp_path: Path, issuer: Issuer) -> Iterator[Job]:
    keys = {"keys": [{**json.loads(RSAAlgorithm.to_jwk(KEY.public_key())), "kid": "one"}]}
    (tmp_path / "keys.json").write_text(json.dumps(keys))
    with embedded_ecr(Settings(), SystemClock(StopRequest())) as server:
        plant(load_seed(SEED, "seed.yaml"), server.ecr, tmp_path)
        made = Job(tmp_path, server.url)
        made.file(FILE)
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            del made.env[name]
        yield made


def github(issuer: Issuer, **more: str) -> dict[str, str]:
    """A job with `id-token: write`."""
    return {
        **GITHUB,
        "ACTIONS_ID_TOKEN_REQUEST_URL": issuer.url,
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "job-secret",
        **more,
    }


def test_a_github_job_without_any_key_publishes_as_the_environments_role(job: Job, issuer: Issuer):
    code, said = job.run("run", **github(issuer))
    assert code == 0, said
    assert "assumed-role/ecr-publish/ecr-publish-github" in said
    assert set(issuer.asked) == {"sts.amazonaws.com"}
    assert [secret for secret in (*issuer.signed, "job-secret") if secret in said] == []


def test_a_gitlab_job_brings_its_token_in_a_variable(job: Job, issuer: Issuer):
    now = SystemClock(StopRequest()).now()
    claims = {"iss": URL, "sub": SUBJECT, "aud": "sts.amazonaws.com", "exp": now + timedelta(minutes=5)}
    token = jwt.encode(claims, KEY, "RS256", {"kid": "one"})
    code, said = job.run("login", **GITLAB, ECR_PUBLISH_ID_TOKEN=token)
    assert code == 0, said
    assert token not in said


def test_the_token_comes_before_keys_that_lie_around(job: Job, issuer: Issuer):
    code, said = job.run("login", **github(issuer), AWS_ACCESS_KEY_ID="999999999999", AWS_SECRET_ACCESS_KEY="x")
    assert code == 0, said
    assert issuer.asked


def test_it_can_be_turned_off(job: Job, issuer: Issuer):
    keys = {"AWS_ACCESS_KEY_ID": "111111111111", "AWS_SECRET_ACCESS_KEY": "x"}
    code, said = job.run("login", **github(issuer), **keys, ECR_PUBLISH_WEB_IDENTITY="off")
    assert code == 0, said
    assert issuer.asked == []


def test_a_role_that_trusts_another_environment_says_what_the_token_says(job: Job, issuer: Issuer):
    issuer.subject = "repo:team/web:ref:refs/heads/main"
    code, said = job.run("login", **github(issuer))
    assert code == 3
    assert "sub=repo:team/web:ref:refs/heads/main" in said
    assert [token for token in issuer.signed if token in said] == []


@pytest.mark.parametrize("answer", [b"{}", b"no json", b'{"value": ""}', b"[1]"])
def test_a_service_that_gives_no_token_is_named(job: Job, issuer: Issuer, answer: bytes):
    issuer.answer = answer
    code, said = job.run("login", **github(issuer))
    assert code == 3
    assert "id-token: write" in said


def test_a_service_that_is_in_trouble_for_a_moment_is_asked_again(job: Job, issuer: Issuer):
    issuer.troubles = [503, 429]
    code, said = job.run("login", **github(issuer))
    assert code == 0, said
    assert issuer.troubles == []


def test_a_service_that_stays_in_trouble_is_unavailable_and_no_missing_permission(job: Job, issuer: Issuer):
    issuer.troubles = [500] * 100
    code, said = job.run("login", **github(issuer))
    assert code == 9, said
    assert "token service is in trouble (it answers 500)" in said
    assert "id-token: write" not in said


def test_a_pull_request_from_a_fork_builds_and_asks_for_no_token(job: Job, issuer: Issuer):
    pull = {"number": 7, "head": {"sha": "1" * 40, "repo": {"full_name": "stranger/web"}}}
    (job.root / "event.json").write_text(json.dumps({"pull_request": pull, "repository": {"default_branch": "main"}}))
    fork = {"GITHUB_EVENT_NAME": "pull_request", "GITHUB_REF": "refs/pull/7/merge"}
    event = {"GITHUB_EVENT_PATH": str(job.root / "event.json")}
    code, said = job.run("run", "--report", "json=report.json", **{**github(issuer), **fork, **event})
    assert code == 0, said
    report = json.loads((job.root / "report.json").read_text())
    assert {step["step"] for step in report["steps"] if step["outcome"] == "done"} <= {"build", "tag"}
    assert report["published"] == []
    assert issuer.asked == []


def test_code_that_is_not_trusted_gets_no_identity_whatever_is_planned(
    job: Job, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
):
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", job.env["AWS_ENDPOINT_URL_STS"])
    env = github(issuer)
    trusted = open_project(job.root / "ecr-publish.yaml", env=env, event={}, git=None)
    (target,) = targets(trusted.config)
    stranger = replace(trusted, origin=replace(trusted.origin, trusted=False))
    with real_world(env)(stranger, StopRequest()) as world, pytest.raises(NotAuthorised):
        world.ports.identities.identity(target)
    assert issuer.asked == []
    with real_world(env)(trusted, StopRequest()) as world:
        assert world.ports.identities.identity(target).account == "222222222222"
    assert issuer.asked == ["sts.amazonaws.com"]
