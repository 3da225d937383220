"""The shipped Dockerfile example through three accounts, with a real daemon, looked at by clients of others."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.embedded import Embedded
from tests.e2e.images import BUSYBOX
from tests.e2e.programs import ROOT
from tests.e2e.projects import committed

ACCOUNTS = {"dev": "111111111111", "staging": "222222222222", "prod": "333333333333"}
REPOSITORY = "twtech/hello"


@pytest.fixture
def report(embedded: Embedded, tmp_path: Path) -> dict[str, Any]:
    """The JSON report of a run on a copy of the example."""
    project = tmp_path / "docker"
    shutil.copytree(ROOT / "examples" / "docker", project, ignore=shutil.ignore_patterns(".ecr-publish", "busybox"))
    shutil.copy(BUSYBOX, project)
    committed(embedded.shell, project, tag="v1.4.0")
    done = embedded.shell.publish("run", "-f", str(project), "--format", "json")
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def pulled(embedded: Embedded, report: dict[str, Any]) -> Iterator[str]:
    """The image by digest from the prod registry, in the docker engine."""
    prod = embedded.account(ACCOUNTS["prod"])
    (digest,) = {each["digest"] for each in report["published"]}
    reference = f"{prod.docker_login()}/{REPOSITORY}@{digest}"
    prod.shell.run("docker", "pull", reference)
    yield reference
    prod.shell.run("docker", "image", "rm", "--force", reference)


def test_the_image_runs_by_its_digest_from_the_prod_registry(embedded: Embedded, pulled: str):
    assert embedded.shell.run("docker", "run", "--rm", pulled) == "hello from examples/docker\n"


def test_all_clients_agree_on_one_digest_in_all_environments(embedded: Embedded, report: dict[str, Any]):
    told = {each["environment"]: each["digest"] for each in report["published"]}
    described, fetched = {}, {}
    for name, account in ACCOUNTS.items():
        caller = embedded.account(account)
        images = caller.shell.aws("ecr", "describe-images", "--repository-name", REPOSITORY)["imageDetails"]
        described[name] = {tag: image["imageDigest"] for image in images for tag in image.get("imageTags", [])}
        host, _ = caller.login()
        fetched[name] = caller.raw_digest(f"{host}/{REPOSITORY}:1.4.0")

    digest = told["dev"]
    tags = {"1.4.0": digest, "example": digest, "latest": digest}
    assert told == fetched == dict.fromkeys(ACCOUNTS, digest)
    assert described == dict.fromkeys(ACCOUNTS, tags)
