"""The scripts inside the three CI files, run by the shells that the CIs run them with.

What is around them (contexts, phases, inputs) is filled in here as each CI documents it, no further than these files
use it. Each installs the tool from a copy of this checkout.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.programs import ROOT, Shell

FILE = """\
version: 1
environments: { dev: { account: "111111111111", region: us-east-2 } }
images:
  web:
    repository: team/web
    build: { builder: files, files: [{ from: app, to: /app }] }
    tags: [ "type=semver,pattern={{version}}" ]
"""
ARGS = "--as-tag\nv1.4.0\n"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """What a CI has of this project: a copy, since an installation from a folder writes into it."""
    folder = tmp_path / "source"
    folder.mkdir()
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "ecr_publish", folder / "ecr_publish", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.fixture
def job(tmp_path: Path) -> Shell:
    """A job's shell in a workspace that holds a project."""
    home = tmp_path / "workspace"
    home.mkdir()
    (home / "ecr-publish.yaml").write_text(FILE)
    (home / "app").write_text("x")
    return Shell(home)


def expanded(text: str, inputs: dict[str, Any]) -> str:
    """The text with inputs filled in, the only expression that the action's `env` holds."""
    return re.sub(r"\$\{\{ inputs\.([a-z-]+) \}\}", lambda match: str(inputs[match[1]]), text)


def composite(job: Shell, source: Path, **given: str) -> tuple[str, dict[str, str]]:
    """Run the steps of action.yml; what the last one printed, and the outputs written."""
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    inputs = {name: entry.get("default", "") for name, entry in action["inputs"].items()} | given
    outputs = job.home / "outputs"
    outputs.touch()
    runner = job.having(GITHUB_ACTION_PATH=str(source), GITHUB_OUTPUT=str(outputs), RUNNER_TEMP=str(job.home / "temp"))
    printed = ""
    for step in action["runs"]["steps"]:
        variables = {name: expanded(value, inputs) for name, value in step["env"].items()}
        (job.home / "step.sh").write_text(step["run"])
        bash = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "step.sh")
        done = runner.having(**variables).attempt(*bash)
        printed = done.stdout + done.stderr
        if done.returncode:
            break
    return printed, dict(line.split("=", 1) for line in outputs.read_text().splitlines())


def test_the_action_runs_the_command_with_its_arguments_as_they_stand(job: Shell, source: Path):
    printed, outputs = composite(job, source, command="plan", args=ARGS)
    assert "1.4.0" in printed
    assert outputs == {"exit-code": "0"}

    printed, outputs = composite(job, source, command="plan", args="--as-tag\n$(touch stolen); `touch stolen`\n")
    assert not (job.home / "stolen").exists()
    assert outputs["exit-code"] == "2", printed


def test_the_buildspec_exports_the_exit_code_and_fails_with_it(job: Shell, source: Path):
    spec = yaml.safe_load((ROOT / "buildspec.yml").read_text())
    (command,) = spec["phases"]["build"]["commands"]
    variables = spec["env"]["variables"] | {"ECR_PUBLISH_PACKAGE": str(source), "ECR_PUBLISH_COMMAND": "plan"}
    build = job.having(**variables)
    script = f'{command}\necho "status $?, exported $(printenv ECR_PUBLISH_EXIT_CODE)"'

    fine = build.having(ECR_PUBLISH_ARGS=ARGS).run(spec["env"]["shell"], "-c", script)
    assert "1.4.0" in fine
    assert "status 0, exported 0" in fine

    (job.home / "ecr-publish.yaml").write_text("")
    assert "status 2, exported 2" in build.run(spec["env"]["shell"], "-c", script)


def test_the_components_script_runs_in_a_plain_shell(job: Shell, source: Path):
    _, jobs = yaml.safe_load_all((ROOT / "templates" / "ecr-publish.yml").read_text())
    (script,) = jobs["$[[ inputs.job-name ]]"]["script"]
    runner = job.having(
        ECR_PUBLISH_PACKAGE=str(source),
        ECR_PUBLISH_FILE="ecr-publish.yaml",
        ECR_PUBLISH_COMMAND="plan",
        ECR_PUBLISH_ARGS=ARGS,
        ECR_PUBLISH_ROLE="",
    )
    assert "1.4.0" in runner.run("sh", "-c", script)
