"""The same checkout in each CI: act and gitlab-ci-local as their users start them, the CodeBuild stand-in, a laptop."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.ci.codebuild import Build, CodeBuild
from tests.e2e.programs import ROOT, Shell

ACTION = "twtech/ecr-publish@0123456789abcdef0123456789abcdef01234567"
REPOSITORY = "team/web"
FILE = """\
version: 1
environments:
  dev: { account: "111111111111", region: us-east-2 }
  staging: { account: "222222222222", region: us-east-2, role: "arn:aws:iam::222222222222:role/ecr-publish" }
  prod: { account: "333333333333", region: us-east-2, role: "arn:aws:iam::333333333333:role/ecr-publish" }
images:
  web:
    repository: team/web
    build: { builder: files, files: [{ from: system, to: / }] }
    tags:
      - type=semver,pattern={{version}}
      - type=semver,pattern={{major}}.{{minor}}
      - type=ref,event=branch
      - type=ref,event=tag
      - type=edge,branch=main
      - type=sha
promote:
  - { from: dev, to: staging }
  - { from: staging, to: prod }
"""


@dataclass(frozen=True)
class Toolbox:
    """What jobs install from: a copy of the action, and a directory of wheels; `home` keeps the tool between jobs."""

    action: Path
    wheels: Path
    home: Path

    def shell(self, folder: Path, served: Shell) -> Shell:
        """A job's shell in a checkout, with the embedded ECR's lines and the home that keeps the tool."""
        return Shell(folder, {**served.variables, "HOME": str(self.home)})


def project(folder: Path, shell: Shell, toolbox: Toolbox, *, tag: str | None = None) -> Path:
    """A checkout with one `files` image and the example workflows, at a commit that is the same everywhere."""
    (folder / "system" / "etc").mkdir(parents=True)
    (folder / "system" / "etc" / "os-release").write_text("ID=debian\n")
    (folder / "ecr-publish.yaml").write_text(FILE)
    workflows = folder / ".github" / "workflows"
    workflows.mkdir(parents=True)
    for example in (ROOT / "examples" / "ci" / "github").glob("*.yml"):
        (workflows / example.name).write_text(example.read_text())
    (workflows / "once.yml").write_text(ONCE.replace("WHEELS", str(toolbox.wheels)))
    (folder / "ci").mkdir()
    (folder / "ci" / "ecr-publish.yml").write_text((ROOT / "templates" / "ecr-publish.yml").read_text())
    (folder / ".gitlab-ci.yml").write_text(GITLAB)
    (folder / ".gitignore").write_text(".gitlab-ci-local/\n")
    (folder / "buildspec.yml").write_text((ROOT / "buildspec.yml").read_text())
    same = {"GIT_AUTHOR_DATE": "2026-11-24T12:00:00Z", "GIT_COMMITTER_DATE": "2026-11-24T12:00:00Z"}
    for name in ("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"):
        same[name] = "e2e"
    for name in ("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"):
        same[name] = "e2e@example.com"
    git = shell.having(**same)
    git.run("git", "init", "--quiet", "--initial-branch", "main", cwd=folder)
    git.run("git", "remote", "add", "origin", f"https://github.com/{REPOSITORY}.git", cwd=folder)
    git.run("git", "add", "--all", cwd=folder)
    git.run("git", "commit", "--quiet", "--message", "one", cwd=folder)
    if tag is not None:
        git.run("git", "tag", tag, cwd=folder)
    return folder


ONCE = f"""\
on: push
jobs:
  publish:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
      - uses: {ACTION}
        with:
          wheels: WHEELS
          args: |
            --only
            push
"""
GITLAB = """\
include:
  - local: /ci/ecr-publish.yml
    inputs: { stage: deploy, args: "--only\\npush" }
"""


def act(shell: Shell, folder: Path, toolbox: Toolbox, ref: str, *options: str) -> subprocess.CompletedProcess[str]:
    """`act push` in its self-hosted mode, in a copy: no container, and the action from the copy."""
    event = shell.home.parent / "event.json"
    event.write_text(json.dumps({"ref": ref, "repository": {"default_branch": "main"}}))
    variables = shell.home.parent / "act.env"
    given = {name: value for name, value in shell.variables.items() if name != "HOME"}
    variables.write_text("".join(f"{name}={value}\n" for name, value in given.items()))
    return shell.attempt(
        "act", "push", "-P", "ubuntu-latest=-self-hosted", "--env-file", str(variables), "-e", str(event),
        "--local-repository", f"{ACTION}={toolbox.action}", *options, cwd=folder,
    )  # fmt: skip


def outputs(log: str, job: str) -> dict[str, str]:
    """The outputs that a job's action had in the end, as act prints them."""
    return dict(re.findall(rf"^\[[^]]*{job} *\] +⚙ +::set-output:: ([\w-]+)=(.*)$", log, flags=re.MULTILINE))


def gitlab(shell: Shell, folder: Path, toolbox: Toolbox, **variables: str) -> subprocess.CompletedProcess[str]:
    """gitlab-ci-local with the shell executor. It says GITLAB_CI=false of itself, and knows no reports."""
    given = {
        "GITLAB_CI": "true",
        "CI_PROJECT_PATH": REPOSITORY,
        "ECR_PUBLISH_WHEELS": str(toolbox.wheels),
        "ECR_PUBLISH_TOOLS": str(toolbox.home / "tools"),
        **{name: value for name, value in shell.variables.items() if name != "HOME"},
        **variables,
    }
    options = [word for name, value in given.items() for word in ("--variable", f"{name}={value}")]
    return shell.attempt("gitlab-ci-local", "--force-shell-executor", "--no-artifacts-to-source", *options, cwd=folder)


def codebuild(shell: Shell, folder: Path, toolbox: Toolbox, ref: str, sha: str, **more: str) -> Build:
    """A build that a webhook started."""
    kind = "tag" if ref.startswith("refs/tags/") else "branch"
    name = ref.removeprefix("refs/tags/").removeprefix("refs/heads/")
    given = {
        "CODEBUILD_BUILD_ARN": "arn:aws:codebuild:us-east-2:111111111111:build/web:00000000-0000-0000-0000-0000000001",
        "CODEBUILD_SOURCE_REPO_URL": f"https://github.com/{REPOSITORY}.git",
        "CODEBUILD_SOURCE_VERSION": sha,
        "CODEBUILD_RESOLVED_SOURCE_VERSION": sha,
        "CODEBUILD_WEBHOOK_EVENT": "PUSH",
        "CODEBUILD_WEBHOOK_HEAD_REF": ref,
        "CODEBUILD_WEBHOOK_TRIGGER": f"{kind}/{name}",
        "ECR_PUBLISH_WHEELS": str(toolbox.wheels),
        "ECR_PUBLISH_ARGS": "--only\npush",
        **more,
    }
    return CodeBuild(folder, {**shell.environment(), **given}).run((folder / "buildspec.yml").read_text())


def report(folder: Path) -> dict[str, Any]:
    """The JSON report that the last run left in a checkout."""
    return json.loads((folder / ".ecr-publish" / "outputs" / "report.json").read_text())
