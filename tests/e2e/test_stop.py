"""Ctrl-C in the middle of a build that says nothing: the command ends, and the engine does not build on."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from pathlib import Path

from tests.e2e.embedded import Embedded
from tests.e2e.images import BUSYBOX
from tests.e2e.programs import ECR_PUBLISH, Shell

MARK = "sleep 98765"
DOCKERFILE = f'FROM scratch\nCOPY busybox /bin/busybox\nRUN ["/bin/busybox", "sh", "-c", "{MARK}"]\n'
FILE = """\
environments: { dev: { account: "111111111111", region: us-east-2, create: if-missing } }
images: { web: { repository: team/web, build: { context: . }, tags: ["type=raw,value=1"] } }
"""


def is_building(shell: Shell) -> bool:
    """Whether some container of the engine runs the Dockerfile's command."""
    return MARK in shell.run("docker", "ps", "--no-trunc", "--format", "{{.Command}}")


def soon(shell: Shell, wanted: bool, seconds: float = 60) -> bool:
    """Whether it builds, or builds no more, within that time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if is_building(shell) == wanted:
            return True
        time.sleep(0.2)
    return False


def test_a_stop_ends_a_build_that_says_nothing(embedded: Embedded, tmp_path: Path):
    project = tmp_path / "project"
    project.mkdir()
    shutil.copy(BUSYBOX, project)
    (project / "Dockerfile").write_text(DOCKERFILE)
    (project / "ecr-publish.yaml").write_text(FILE)
    shell = embedded.account("111111111111").shell
    process = subprocess.Popen(
        [*ECR_PUBLISH, "run"],
        cwd=project,
        env=shell.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert soon(shell, wanted=True), "no build began"
    asked = time.monotonic()
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert (process.returncode, "Traceback" in said) == (130, False), said
    assert time.monotonic() - asked < 10
    assert soon(shell, wanted=False), "the engine builds on"
