"""A push killed in the middle of a large layer: nothing is tagged, and the same command finishes it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.embedded import Embedded, local
from tests.e2e.images import oci_layout
from tests.e2e.programs import ECR_PUBLISH

FILE = """\
version: 1
environments: { dev: { account: "111111111111", region: us-east-2 } }
images:
  big:
    repository: team/big
    build: { builder: layout, layout: layout }
    tags: [ "type=raw,value=1.0.0" ]
"""


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Embedded]:
    """An embedded ECR that takes 10 MB in a second."""
    home = tmp_path / "home"
    home.mkdir()
    with local(home, "--bandwidth", "10MB/s") as running:
        yield running


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    oci_layout(folder / "layout", layer_bytes=300_000_000)
    (folder / "ecr-publish.yaml").write_text(FILE)
    return folder


def killed_after(seconds: float, embedded: Embedded, project: Path) -> int:
    """The status of a run that is killed, with all its children, after so many seconds."""
    process = subprocess.Popen(
        [*ECR_PUBLISH, "run"],
        cwd=project,
        env=embedded.shell.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    time.sleep(seconds)
    os.killpg(process.pid, signal.SIGKILL)
    return process.wait()


def test_a_killed_push_leaves_no_tag_and_the_same_command_heals_it(slow: Embedded, project: Path):
    dev = slow.account("111111111111")
    dev.create("team/big", "--image-tag-mutability", "IMMUTABLE")

    assert killed_after(12, slow, project) == -signal.SIGKILL
    assert dev.shell.aws("ecr", "list-images", "--repository-name", "team/big") == {"imageIds": []}

    again = slow.shell.publish("run", "--format", "json", cwd=project)
    assert again.returncode == 0, again.stdout + again.stderr
    assert list(dev.tags("team/big")) == ["1.0.0"]

    third = slow.shell.publish("run", "--format", "json", cwd=project)
    assert third.returncode == 0, third.stdout + third.stderr
    assert json.loads(third.stdout)
