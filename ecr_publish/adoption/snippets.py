"""The file that makes a CI run ecr-publish, as text to be put beside what the project has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType

from ecr_publish.adoption.found import Destination


@dataclass(frozen=True, slots=True)
class Snippet:
    """A file of a CI: where it goes, its text, and what is left to do by hand."""

    path: str
    text: str
    next_step: str


GITHUB = """\
# Builds, pushes and promotes what ecr-publish.yaml says; a pull request from a fork only builds. The roles in that file
# are assumed by the job's identity token. The last line needs the action's owner and a full commit.
name: ecr-publish
on:
  push:
    branches: [%(branch)s]
    tags: ["v*"]
  pull_request:
permissions:
  contents: read
  id-token: write
concurrency:
  group: ecr-publish-${{ github.ref }}
jobs:
  publish:
    runs-on: ubuntu-latest
    timeout-minutes: 60
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
        with:
          persist-credentials: false
      - uses: OWNER/ecr-publish@COMMIT
"""
GITLAB = """\
# Builds, pushes and promotes what ecr-publish.yaml says: include this file, or copy its lines into .gitlab-ci.yml. The
# role is for environments that name none; dind is a Docker daemon beside the job and needs a privileged runner.
include:
  - component: $CI_SERVER_FQDN/GROUP/ecr-publish/ecr-publish@VERSION
    inputs:
      stage: deploy
      docker: dind
      role: %(role)s
"""
_WHERE: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "github": (".github/workflows/ecr-publish.yml", GITHUB, "put the action's owner and commit into it"),
        "codebuild": ("buildspec.ecr-publish.yml", "", "name it as the project's buildspec"),
        "gitlab": (
            ".gitlab/ecr-publish.yml",
            GITLAB,
            "include it, with the component's group and a stage of yours",
        ),
    }
)


def snippet(ci: str, there: Destination, *, branch: str | None) -> Snippet:
    """The file for one CI (`github`, `codebuild`, `gitlab`). CodeBuild's is the buildspec that ecr-publish comes with,
    word for word: its outputs, reports and artifacts stand in it."""
    path, text, next_step = _WHERE[ci]
    if ci == "codebuild":
        text = (files(__package__) / "codebuild.yml").read_text(encoding="utf-8")
    if "%(" in text:
        role = there.role or f"arn:aws:iam::{there.account or 'ACCOUNT'}:role/ecr-publish"
        text %= {"branch": branch or "main", "role": role}
    return Snippet(path, text, next_step)
