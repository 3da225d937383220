"""The command line as a CI uses it: jobs split over steps, saved plans, and what is wrong told with its exit code."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from ecr_publish.local import embedded_ecr
from ecr_publish.local.embedded import Settings
from ecr_publish.local.records import Repository
from ecr_publish.run.clock import SystemClock
from ecr_publish.run.stop import StopRequest

FILE = """\
environments:
  dev:     { account: "111111111111", region: us-east-2 }
  staging: { account: "222222222222", region: us-east-2, role: arn:aws:iam::222222222222:role/publish }
images:
  web:
    repository: team/web
    tags:
      - type=raw,value=one
    build:
      files:
        - { from: system, to: / }
promote:
  - { from: dev, to: staging }
"""

PROFILES = """\
[profile publisher]
role_arn = arn:aws:iam::111111111111:role/publish
source_profile = key
[profile key]
aws_access_key_id = 111111111111
aws_secret_access_key = x
"""


class Job:
    """A checkout in which commands run, with an environment of their own."""

    def __init__(self, root: Path, url: str = "http://127.0.0.1:9") -> None:
        self.root = root
        (root / "system" / "etc").mkdir(parents=True)
        (root / "system" / "etc" / "os-release").write_text("ID=debian\n")
        self.file(FILE)
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(root),
            "AWS_ENDPOINT_URL_ECR": url,
            "AWS_ENDPOINT_URL_STS": url,
            "AWS_ACCESS_KEY_ID": "111111111111",
            "AWS_SECRET_ACCESS_KEY": "x",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def file(self, text: str) -> None:
        (self.root / "ecr-publish.yaml").write_text(text)

    def assumes_the_role_of_a_profile(self) -> None:
        """The SDK does so by itself, before the first request of ours."""
        profiles = self.root / "profiles"
        profiles.write_text(PROFILES)
        del self.env["AWS_ACCESS_KEY_ID"], self.env["AWS_SECRET_ACCESS_KEY"]
        self.env |= {"AWS_PROFILE": "publisher", "AWS_CONFIG_FILE": str(profiles)}

    def start(self, *arguments: str, **env: str) -> subprocess.Popen:
        command = [sys.executable, "-m", "ecr_publish", *arguments]
        return subprocess.Popen(
            command, cwd=self.root, env=self.env | env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def run(self, *arguments: str, **env: str) -> tuple[int, str]:
        """Exit code, and everything that was printed."""
        process = self.start(*arguments, **env)
        out, err = process.communicate(timeout=60)
        assert "Traceback" not in out + err, out + err
        return process.returncode, out + err


@pytest.fixture
def server() -> Iterator:
    with embedded_ecr(Settings(scan_takes=timedelta(0)), SystemClock(StopRequest())) as found:
        for account in ("1" * 12, "2" * 12):
            registry = found.ecr.store.registry(account, "us-east-2")
            registry.repositories["team/web"] = Repository("team/web", 0.0, scan_on_push=True)
        yield found


@pytest.fixture
def job(tmp_path: Path, server) -> Job:
    return Job(tmp_path, server.url)


@pytest.fixture
def offline(tmp_path: Path) -> Job:
    return Job(tmp_path)


def tags(server, account: str) -> dict[str, str]:
    return dict(server.ecr.store.registry(account, "us-east-2").repositories["team/web"].tags)


def test_a_pipeline_split_over_jobs_goes_on_from_the_result_files(job, server):
    assert job.run("build")[0] == 0
    assert job.run("push")[0] == 0
    assert job.run("scan-wait")[0] == 0
    code, said = job.run("promote", "--from", "dev", "--to", "staging")
    assert code == 0, said
    assert tags(server, "2" * 12) == tags(server, "1" * 12) != {}


def test_a_step_without_what_comes_before_it_says_which_command_that_is(offline):
    code, said = offline.run("push")
    assert code == 2
    assert "build" in said
    assert said.endswith("(exit 2)\n")


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "{",
        lambda text: text.replace('"version": 1', '"version": 7'),
        lambda text: text.replace("sha256:", "sha256:0", 1),
        lambda text: text.replace("layouts/web", "../../../etc", 1),
    ],
)
def test_an_edited_result_file_is_exit_code_2(job, damage):
    assert job.run("build")[0] == 0
    path = job.root / ".ecr-publish" / "result.d" / "web.json"
    path.write_text(damage(path.read_text()))
    code, said = job.run("push")
    assert code == 2, said


def test_a_saved_plan_is_run_as_it_was_saved_and_refused_when_anything_changed(job):
    assert job.run("plan", "-o", "plan.json", "--to", "dev")[0] == 0
    saved = (job.root / "plan.json").read_text()
    assert job.run("run", "--plan", "plan.json", "--to", "dev")[0] == 0
    (job.root / "plan.json").write_text(saved.replace('"name": "one"', '"name": "two"'))
    code, said = job.run("run", "--plan", "plan.json", "--to", "dev")
    assert code == 2
    assert 'saved "two", now "one"' in said
    (job.root / "plan.json").write_text(saved)
    (job.root / "system" / "etc" / "motd").write_text("changed")
    code, said = job.run("run", "--plan", "plan.json", "--to", "dev")
    assert code == 2, said


def test_a_later_job_may_not_skip_an_environment(offline):
    code, said = offline.run("promote", "--from", "dev", "--to", "prod", "--tag", "one")
    assert code == 2
    assert "prod" in said


def test_a_fork_builds_and_nothing_else(offline):
    event = offline.root / "event.json"
    event.write_text(
        json.dumps({"pull_request": {"number": 7, "head": {"sha": "a" * 40, "repo": {"full_name": "x/y"}}}})
    )
    fork = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_REPOSITORY": "team/web",
        "GITHUB_REF": "refs/pull/7/merge",
        "GITHUB_SHA": "b" * 40,
        "GITHUB_EVENT_PATH": str(event),
    }
    code, said = offline.run("run", **fork)
    assert code == 0, said
    assert "not trusted" in said
    for asked in (("--only", "push"), ("--env", "dev")):  # as jobs that a CI splits ask
        code, said = offline.run("run", *asked, **fork)
        assert (code, "build web" in said, "push web" in said) == (0, True, False), said
    code, said = offline.run("promote", "--from", "dev", "--to", "staging", "--tag", "one", **fork)
    assert code == 3, said


def test_without_credentials_it_is_exit_code_3_with_what_to_do(offline):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        del offline.env[name]
    code, said = offline.run("login", AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull)
    assert code == 3, said
    assert "no AWS credentials" in said


def test_a_service_that_does_not_answer_is_exit_code_9(offline):
    code, said = offline.run("login", "--env", "dev")
    assert code == 9, said


def test_a_missing_docker_is_exit_code_4_with_what_to_do(offline):
    offline.file(FILE.replace("      files:\n        - { from: system, to: / }\n", "      context: .\n"))
    (offline.root / "Dockerfile").write_text("FROM scratch\nCOPY system /\n")
    code, said = offline.run("build", DOCKER_HOST="unix:///nonexistent/docker.sock")
    assert code == 4, said
    assert "no Docker engine answers" in said


def test_a_missing_dockerfile_and_a_context_outside_are_exit_code_4(offline):
    docker = FILE.replace("      files:\n        - { from: system, to: / }\n", "      context: CONTEXT\n")
    offline.file(docker.replace("CONTEXT", "."))
    code, said = offline.run("build")
    assert code == 4
    assert "there is no Dockerfile" in said
    (offline.root / "outside").symlink_to("/etc")
    offline.file(docker.replace("CONTEXT", "outside"))
    code, said = offline.run("build")
    assert code == 4
    assert "leads outside" in said


@pytest.mark.parametrize(
    "hostile",
    [
        {"HTTP_PROXY": "http://127.0.0.1:1", "http_proxy": "http://127.0.0.1:1", "HTTPS_PROXY": "http://127.0.0.1:1"},
        {"AWS_PROFILE": "nope"},
        {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
        {"AWS_REGION": "nowhere", "AWS_USE_FIPS_ENDPOINT": "true", "AWS_CONFIG_FILE": "/nonexistent"},
    ],
    ids=lambda value: next(iter(value)),
)
def test_a_rehearsal_does_not_care_about_the_environment_and_never_leaves_the_machine(offline, hostile):
    code, said = offline.run("rehearse", **hostile)
    assert code == 0, said


def test_a_rehearsal_prints_json_that_names_every_published_digest(offline):
    process = offline.start("rehearse", "--format", "json")
    out, _ = process.communicate(timeout=60)
    value = json.loads(out)
    assert value["exit_code"] == 0
    assert len({each["digest"] for each in value["published"]}) == 1


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_during_the_cpu_part_of_a_build_stops_it_and_says_what_was_not_done(offline, number, code):
    with (offline.root / "system" / "big").open("wb") as file:
        for _ in range(40):
            file.write(os.urandom(1 << 20))
    process = offline.start("rehearse")
    spool = offline.root / ".ecr-publish"
    for _ in range(400):
        if any(spool.rglob(".spool-*")) or any(spool.rglob("sha256/*")):
            break
        time.sleep(0.02)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == code, out + err
    assert "not started" in out
    assert f"(exit {code})" in out + err
    assert not list(spool.rglob(".spool-*"))


PLAIN = """\
environments:
  lab: {{ registry: "127.0.0.1:{port}" }}
images:
  web: {{ repository: team/web, tags: ["type=raw,value=one"], build: {{ files: [{{ from: system, to: / }}] }} }}
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("whose", ["API", "API behind TLS", "registry", "role of a profile"])
def test_a_signal_does_not_wait_for_somebody_who_says_nothing(tmp_path, whose, number, code):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        job = Job(tmp_path, f"{'https' if 'TLS' in whose else 'http'}://127.0.0.1:{port}")
        job.file(PLAIN.format(port=port) if whose == "registry" else FILE)
        if "profile" in whose:
            job.assumes_the_role_of_a_profile()
        process = job.start("run")
        silent.settimeout(60)
        with silent.accept()[0] as asking:
            asking.recv(1)  # the request, or the greeting before it, is on its way
            asked = time.monotonic()
            process.send_signal(number)
            out, err = process.communicate(timeout=60)
    assert (process.returncode, "Traceback" in out + err) == (code, False), out + err
    assert time.monotonic() - asked < 10


def test_no_token_is_in_anything_that_is_printed_or_kept(job, server):
    code, said = job.run("run", "--to", "dev", "--format", "json")
    assert code == 0
    kept = said + "".join(path.read_text(errors="replace") for path in (job.root / ".ecr-publish").rglob("*.json"))
    assert "QVdTO" not in kept  # base64 of `AWS:`
    assert "Basic " not in kept
