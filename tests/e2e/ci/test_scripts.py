"""The scripts inside the three CI files under hostile names: nothing runs, nothing leaks, every file stays readable.

act, gitlab-ci-local and git itself refuse many of these names; here the scripts are run by the shells that the CIs run
them with, in an environment that holds the names as the CIs would put them there.
"""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.ci.runners import Toolbox, codebuild, project
from tests.e2e.embedded import Embedded
from tests.e2e.programs import ROOT, Shell
from tests.unit.outputs.jobs import GITHUB, GITLAB
from tests.unit.outputs.readers import dotenv, github_commands, github_output

EVIL = {
    "quotes": "a\"b'c`touch stolen`",
    "substitution": "$(touch stolen)-${IFS}touch${IFS}stolen;touch stolen",
    "newlines": "x\ndigest=stolen\n::error::x\ntags<<E\nstolen\nE",
    "commands": "::set-output name=digest::stolen %0A::add-mask::a ##[error]x",
    "unicode": "日本語-ünïcödé-\u202e-\u200b",
    "long": "a" * 250,
}
# What the tool itself says to the runner.
OURS = {"add-mask", "warning", "group", "endgroup", "stop-commands"}


@dataclass(frozen=True)
class Step:
    """What one run of action.yml printed and left."""

    code: int
    log: str
    outputs: dict[str, str]


def composite(shell: Shell, toolbox: Toolbox, folder: Path, **given: str) -> Step:
    """The steps of action.yml as the runner carries them out: expressions in `env` are filled in, each `run` is a file
    for `bash --noprofile --norc -eo pipefail`, and outputs are read by the runner's grammar."""
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    inputs = {name: entry.get("default", "") for name, entry in action["inputs"].items()} | given
    steps: dict[str, dict[str, str]] = {}
    code, log, outputs = 0, "", {}
    for number, step in enumerate(action["runs"]["steps"]):
        files = {name: folder.parent / f"{name}-{number}" for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for file in files.values():
            file.touch()
        variables = {name: _filled(value, inputs, steps) for name, value in step["env"].items()}
        script = folder.parent / f"step-{number}.sh"
        script.write_text(step["run"])
        runner = shell.having(
            GITHUB_ACTION_PATH=str(toolbox.action),
            RUNNER_TEMP=str(folder.parent),
            RUNNER_TOOL_CACHE=str(toolbox.home / "runner"),
            **{name: str(file) for name, file in files.items()},
            **variables,
        )
        done = runner.attempt("bash", "--noprofile", "--norc", "-eo", "pipefail", str(script), cwd=folder)
        code, log = done.returncode, log + done.stdout + done.stderr
        outputs = github_output(files["GITHUB_OUTPUT"].read_text())
        steps[step["id"]] = outputs
        if code:
            break
    return Step(code, log, outputs)


def _filled(text: str, inputs: dict[str, Any], steps: dict[str, dict[str, str]]) -> str:
    text = re.sub(r"\$\{\{ inputs\.([a-z-]+) \}\}", lambda match: str(inputs[match[1]]), text)
    text = re.sub(r"\$\{\{ steps\.([a-z-]+)\.outputs\.([a-z-]+) \}\}", lambda match: steps[match[1]][match[2]], text)
    assert "${{" not in text, f"an expression of another form: {text}"
    return text


def component(shell: Shell, toolbox: Toolbox, **variables: str) -> subprocess.CompletedProcess[str]:
    """The script of the GitLab component, in a plain shell."""
    header, jobs = yaml.safe_load_all((ROOT / "templates" / "ecr-publish.yml").read_text())
    job = jobs["$[[ inputs.job-name ]]"]
    inputs = {name: entry["default"] for name, entry in header["spec"]["inputs"].items()}
    given = {
        name: re.sub(r"\$\[\[ inputs\.([a-z-]+) \]\]", lambda match: inputs[match[1]], value)
        for name, value in job["variables"].items()
    }
    more = {"ECR_PUBLISH_WHEELS": str(toolbox.wheels), "ECR_PUBLISH_TOOLS": str(toolbox.home / "tools"), **variables}
    (script,) = job["script"]
    return shell.having(**{**GITLAB, **given, **more}).attempt("sh", "-c", script)


@pytest.fixture
def folder(served: Embedded, toolbox: Toolbox, tmp_path: Path) -> Path:
    return project(tmp_path / "job" / "web", served.shell, toolbox)


@pytest.fixture
def shell(served: Embedded, toolbox: Toolbox, folder: Path) -> Shell:
    return Shell(folder, {**toolbox.shell(folder, served.shell).variables, "TOUCHED": str(folder)})


def untouched(folder: Path) -> bool:
    """Whether no command of a name was run anywhere below."""
    return not list(folder.parent.rglob("stolen"))


@pytest.mark.parametrize("evil", EVIL.values(), ids=list(EVIL))
def test_github_carries_any_name(shell: Shell, toolbox: Toolbox, folder: Path, evil: str):
    payload = {
        "ref": f"refs/heads/{evil}",
        "head_commit": {"message": evil, "author": {"name": evil}},
        "repository": {"default_branch": "main"},
    }
    (folder.parent / "event.json").write_text(json.dumps(payload))
    hostile = shell.having(
        **{**GITHUB, "GITHUB_REF": f"refs/heads/{evil}", "GITHUB_ACTOR": evil},
        GITHUB_EVENT_PATH=str(folder.parent / "event.json"),
        GITHUB_WORKSPACE=str(folder),
    )
    step = composite(hostile, toolbox, folder, wheels=str(toolbox.wheels), args="--only\npush")
    assert step.code == 0, step.log
    assert step.outputs["digest"].startswith("sha256:")
    assert {name for name, _, _ in github_commands(step.log)} <= OURS
    assert untouched(folder)


@pytest.mark.parametrize("evil", EVIL.values(), ids=list(EVIL))
def test_a_hostile_pull_request_is_built_and_no_more(shell: Shell, toolbox: Toolbox, folder: Path, evil: str):
    pull = {"number": 7, "title": evil, "body": evil, "head": {"ref": evil, "repo": {"full_name": "stranger/web"}}}
    event = folder.parent / "event.json"
    event.write_text(json.dumps({"pull_request": pull, "repository": {"default_branch": "main"}}))
    hostile = shell.having(
        **{**GITHUB, "GITHUB_EVENT_NAME": "pull_request", "GITHUB_REF": "refs/pull/7/merge", "GITHUB_HEAD_REF": evil},
        GITHUB_EVENT_PATH=str(event),
        GITHUB_WORKSPACE=str(folder),
    )
    step = composite(hostile, toolbox, folder, wheels=str(toolbox.wheels))
    assert step.code == 0, step.log
    assert json.loads(step.outputs["images"]) == []
    assert {name for name, _, _ in github_commands(step.log)} <= OURS
    assert untouched(folder)


@pytest.mark.parametrize("evil", EVIL.values(), ids=list(EVIL))
def test_gitlab_carries_any_name(shell: Shell, toolbox: Toolbox, folder: Path, evil: str):
    names = dict.fromkeys(("CI_COMMIT_BRANCH", "CI_COMMIT_MESSAGE", "CI_COMMIT_TITLE", "GITLAB_USER_LOGIN"), evil)
    done = component(shell, toolbox, **names, CI_DEFAULT_BRANCH="main", ECR_PUBLISH_ARGS="--only\npush")
    assert done.returncode == 0, done.stdout + done.stderr
    left = dotenv((folder / ".ecr-publish" / "outputs" / "outputs.env").read_text())
    assert left["ECR_PUBLISH_DIGEST"].startswith("sha256:")
    assert untouched(folder)


@pytest.mark.parametrize("evil", EVIL.values(), ids=list(EVIL))
def test_codebuild_carries_any_name(shell: Shell, toolbox: Toolbox, folder: Path, evil: str):
    build = codebuild(shell, folder, toolbox, f"refs/heads/{evil}", "0" * 40)
    assert build.exit_code == 0, build.log
    assert build.exported["ECR_PUBLISH_DIGEST"].startswith("sha256:")
    assert untouched(folder)


def test_arguments_reach_the_command_as_they_stand(shell: Shell, toolbox: Toolbox, folder: Path):
    args = "--as-tag\n$(touch stolen); `touch stolen`\n"
    step = composite(shell, toolbox, folder, wheels=str(toolbox.wheels), command="plan", args=args)
    assert (step.code, step.outputs["exit-code"]) == (2, "2"), step.log
    assert component(shell, toolbox, ECR_PUBLISH_COMMAND="plan", ECR_PUBLISH_ARGS=args).returncode == 2
    build = codebuild(
        shell, folder, toolbox, "refs/heads/main", "0" * 40, ECR_PUBLISH_ARGS=args, ECR_PUBLISH_COMMAND="plan"
    )
    assert build.exported["ECR_PUBLISH_EXIT_CODE"] == "2"
    assert untouched(folder)


def test_a_merge_request_is_built_without_identity(shell: Shell, toolbox: Toolbox, folder: Path):
    done = component(
        shell, toolbox, CI_MERGE_REQUEST_IID="7", ECR_PUBLISH_ROLE="arn:aws:iam::111111111111:role/x",
        ECR_PUBLISH_ID_TOKEN="never-used", ECR_PUBLISH_ARGS="--only\npush",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads((folder / ".ecr-publish" / "outputs" / "report.json").read_text())["command"] == "build"


def test_a_failed_build_leaves_its_code_and_enters_no_later_phase(shell: Shell, toolbox: Toolbox, folder: Path):
    (folder / "ecr-publish.yaml").write_text("version: 1\n")
    spec = (folder / "buildspec.yml").read_text()
    (folder / "buildspec.yml").write_text(
        spec.replace("reports:\n", "  post_build:\n    commands: ['touch stolen']\nreports:\n", 1)
    )
    build = codebuild(shell, folder, toolbox, "refs/heads/main", "0" * 40)
    assert build.phases["build"] is False
    assert "post_build" not in build.phases
    assert build.exported["ECR_PUBLISH_EXIT_CODE"] == "2"
    assert untouched(folder)


def test_without_privileged_mode_the_error_says_so(shell: Shell, toolbox: Toolbox, folder: Path):
    file = (folder / "ecr-publish.yaml").read_text()
    (folder / "ecr-publish.yaml").write_text(
        file.replace("{ builder: files, files: [{ from: system, to: / }] }", "{ context: . }")
    )
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY system /\n")
    build = codebuild(
        shell, folder, toolbox, "refs/heads/main", "0" * 40, DOCKER_HOST="unix:///nonexistent/docker.sock",
        ECR_PUBLISH_COMMAND="build", ECR_PUBLISH_ARGS="",
    )  # fmt: skip
    assert build.exported["ECR_PUBLISH_EXIT_CODE"] == "4"
    assert build.exported["ECR_PUBLISH_RESULT"] == "engine"
    assert "privilegedMode: true" in build.log
