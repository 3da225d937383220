"""One job per image, as the CIs take it: a child pipeline under gitlab-ci-local, CodeBuild's batch build by build.

GitHub's matrix is read by its own `fromJSON`; the contract tests read it as JSON.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tests.e2e.ci.runners import Toolbox, codebuild, gitlab, project
from tests.e2e.embedded import Embedded
from tests.e2e.programs import Shell

TWO = """
  worker:
    repository: team/web
    build: { builder: files, files: [{ from: ci, to: /ci }] }
    tags: [ "type=raw,value=worker" ]
promote:
"""
PIPELINE = """\
stages: [build, deploy]
plan:
  stage: build
  script:
    - >
      ecr-publish matrix --for gitlab --include /ci/ecr-publish.yml
      --input command=build --input "wheels=$ECR_PUBLISH_WHEELS" -o child.yml
  artifacts: { paths: [child.yml] }
publish:
  stage: deploy
  needs: [plan]
  trigger:
    include: [{ artifact: child.yml, job: plan }]
    strategy: depend
"""


@pytest.fixture
def folder(served: Embedded, toolbox: Toolbox, tmp_path: Path) -> Path:
    """A project with two images."""
    made = project(tmp_path / "job" / "web", served.shell, toolbox)
    file = made / "ecr-publish.yaml"
    file.write_text(file.read_text().replace("\npromote:\n", TWO))
    (made / ".gitlab-ci.yml").write_text(PIPELINE)
    git = (
        "git",
        "-c",
        "user.name=e2e",
        "-c",
        "user.email=e2e@example.com",
        "commit",
        "--quiet",
        "--all",
        "--message",
        "two",
    )
    served.shell.run(*git, cwd=made)
    return made


@pytest.fixture
def shell(served: Embedded, toolbox: Toolbox, folder: Path) -> Shell:
    return toolbox.shell(folder, served.shell)


def test_a_child_pipeline_has_a_job_for_each_image(shell: Shell, toolbox: Toolbox, folder: Path):
    done = gitlab(shell, folder, toolbox, CI_COMMIT_BRANCH="main")
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    for image, other in (("web", "worker"), ("worker", "web")):
        lines = [line for line in re.sub(r"\x1b\[[0-9;]*m", "", said).splitlines() if f"publish {image}" in line]
        assert any(f"build {image}" in line for line in lines), said
        assert not any(f"build {other} " in line for line in lines), said


def test_a_batch_has_a_build_for_each_image(shell: Shell, toolbox: Toolbox, folder: Path):
    batch = shell.run("ecr-publish", "matrix", "--for", "codebuild", cwd=folder)
    whole = (folder / "buildspec.yml").read_text() + batch
    listed = yaml.safe_load(whole)["batch"]["build-list"]
    assert [each["identifier"] for each in listed] == ["web", "worker"]
    for each in listed:
        given = {**each["env"]["variables"], "ECR_PUBLISH_COMMAND": "build"}
        build = codebuild(shell, folder, toolbox, "refs/heads/main", "0" * 40, **given)
        assert build.exit_code == 0, build.log
        assert f"build {each['identifier']}" in build.log
