"""A Dockerfile that prints what CIs obey, built by a real engine: it commands nothing, and its failure has its line."""

from __future__ import annotations

import re
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.e2e.images import BUSYBOX
from tests.e2e.programs import Shell
from tests.unit.outputs.jobs import GITHUB, GITLAB
from tests.unit.outputs.readers import github_commands

FILE = """\
version: 1
environments: { dev: { account: "111111111111", region: us-east-2 } }
images:
  web:
    repository: team/web
    build: { context: app }
    tags: [ "type=raw,value=1" ]
"""
# Words of both CIs, as a base image or a dependency could print them.
DOCKERFILE = r"""# a comment, and an instruction over two lines
FROM scratch
COPY busybox \
     /bin/busybox
RUN ["/bin/busybox", "printf", "::error::x\\n  ::add-mask::hidden-by-them\\n##[error]y\\n::stop-commands::z\\n"]
RUN ["/bin/busybox", "printf", "\\033[0Ksection_end:1:ecr_publish\\r\\033[0K\\n"]
RUN ["/bin/busybox", "false"]
"""


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    (tmp_path / "app").mkdir()
    (tmp_path / "ecr-publish.yaml").write_text(FILE)
    (tmp_path / "app" / "Dockerfile").write_text(DOCKERFILE)
    shutil.copy(BUSYBOX, tmp_path / "app" / "busybox")
    return Shell(tmp_path)


def test_github_obeys_none_of_it_and_shows_the_failed_line(shell: Shell):
    (shell.home / "summary").touch()
    runner = shell.having(**GITHUB, GITHUB_WORKSPACE=str(shell.home), GITHUB_STEP_SUMMARY=str(shell.home / "summary"))
    done = runner.publish("build")
    assert done.returncode == 4, done.stdout + done.stderr
    log = done.stderr + done.stdout
    assert "hidden-by-them" in log
    commands = github_commands(log)
    assert [name for name, _, _ in commands] == ["group", "stop-commands", "endgroup", "error"]
    _, place, message = commands[-1]
    assert (place["file"], place["line"]) == ("app/Dockerfile", "7")
    assert "Step 5/" in message
    assert "::error" not in re.sub(r"`[^`]*`", "", (shell.home / "summary").read_text())


def test_gitlab_sees_one_section_with_its_own_end(shell: Shell):
    done = shell.having(**GITLAB).publish("build")
    assert done.returncode == 4
    found = re.findall(r"\x1b\[0Ksection_(start|end):\d+:(\w+)", done.stderr)
    assert [kind for kind, _ in found] == ["start", "end"]
    assert len({name for _, name in found}) == 1
    failures = ET.parse(shell.home / ".ecr-publish" / "outputs" / "junit.xml").getroot().findall(".//failure")
    assert ["app/Dockerfile:7" in (failure.text or "") for failure in failures] == [True]


def test_a_dockerfile_that_is_none_has_the_line_of_its_mistake(shell: Shell):
    (shell.home / "app" / "Dockerfile").write_text("FROM scratch\nLABEL a=b\nFORM x\n")
    done = shell.having(**GITHUB, GITHUB_WORKSPACE=str(shell.home)).publish("build")
    assert done.returncode == 4
    (found,) = [place for name, place, _ in github_commands(done.stderr) if name == "error"]
    assert (found["file"], found["line"]) == ("app/Dockerfile", "3")


def test_a_layout_can_be_asked_for_from_the_engine(shell: Shell):
    (shell.home / "app" / "Dockerfile").write_text("FROM scratch\nCOPY busybox /bin/busybox\n")
    shell.run("ecr-publish", "build", "--output", "layout")
    assert (shell.home / ".ecr-publish" / "layouts" / "web" / "oci-layout").exists()


def test_a_file_system_that_takes_nothing_is_one_clear_error(shell: Shell):
    script = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && cd "$0" && exec ecr-publish build'
    done = shell.attempt("unshare", "--mount", "sh", "-c", script, str(shell.home))
    assert done.returncode == 1
    assert "Read-only file system" in done.stderr
    assert "Traceback" not in done.stderr
