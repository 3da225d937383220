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
from tests.e2e.programs import ECR_PUBLISH, Shell
from tests.e2e.projects import committed

LAYER_BYTES = 300_000_000

FILE = """\
version: 1
environments: { dev: { account: "111111111111", region: us-east-2 } }
images:
  big:
    repository: team/big
    build: { builder: files, files: [{ from: data, to: /data }] }
    tags: [ "type=raw,value=1.0.0" ]
"""


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Embedded]:
    """An embedded ECR that takes 10 MB in a second, and keeps what it gets in the folder `store`."""
    home = tmp_path / "home"
    home.mkdir()
    with local(home, "--bandwidth", "10MB/s", "--store", str(tmp_path / "store")) as running:
        yield running


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """One image with 300 MB that cannot be compressed; git has the file only."""
    folder = tmp_path / "project"
    folder.mkdir()
    with (folder / "data").open("wb") as data:
        for _ in range(LAYER_BYTES // 1_000_000):
            data.write(os.urandom(1_000_000))
    (folder / ".gitignore").write_text("data\n")
    (folder / "ecr-publish.yaml").write_text(FILE)
    committed(Shell(tmp_path), folder)
    return folder


def received_bytes(store: Path) -> int:
    return sum(file.stat().st_size for file in store.rglob("*") if file.is_file())


def killed_in_mid_layer(embedded: Embedded, project: Path, store: Path) -> int:
    """Start a run, kill it when a third of the layer has arrived; how much had."""
    process = subprocess.Popen(
        [*ECR_PUBLISH, "run"],
        cwd=project,
        env=embedded.shell.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    for _ in range(1200):
        if received_bytes(store) > LAYER_BYTES // 3 or process.poll() is not None:
            break
        time.sleep(0.1)
    received = received_bytes(store)
    assert process.poll() is None, "it ended before it could be killed"
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return received


def outcomes(embedded: Embedded, project: Path) -> dict[str, str]:
    """step -> outcome of a run that must succeed."""
    done = embedded.shell.publish("run", "--format", "json", cwd=project)
    assert done.returncode == 0, done.stdout + done.stderr
    return {step["step"]: step["outcome"] for step in json.loads(done.stdout)["steps"]}


def test_a_killed_push_leaves_no_tag_and_the_same_command_heals_it(slow: Embedded, project: Path, tmp_path: Path):
    dev = slow.account("111111111111")
    dev.create("team/big", "--image-tag-mutability", "IMMUTABLE")

    received = killed_in_mid_layer(slow, project, tmp_path / "store")
    assert LAYER_BYTES // 3 < received < LAYER_BYTES
    assert dev.shell.aws("ecr", "list-images", "--repository-name", "team/big") == {"imageIds": []}

    assert outcomes(slow, project)["push"] == "done"
    assert list(dev.tags("team/big")) == ["1.0.0"]

    third = outcomes(slow, project)
    assert {third["build"], third["push"]} == {"already done"}
