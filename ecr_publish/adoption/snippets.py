"""The file that makes a CI run ecr-publish, as text to be put beside what the project has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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
# are assumed by the job's identity token. Name full commits after each @.
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
      - uses: actions/checkout@v4
        with:
          persist-credentials: false
      - uses: OWNER/ecr-publish@COMMIT
"""
CODEBUILD = """\
# Builds, pushes and promotes what ecr-publish.yaml says: name this file in the project's settings. A Dockerfile needs a
# project with privileged mode.
version: 0.2
env:
  shell: bash
phases:
  install:
    on-failure: ABORT
    runtime-versions:
      python: "3.12"
    commands:
      - python3 -m venv /tmp/ecr-publish
      - /tmp/ecr-publish/bin/python -m pip install --quiet --disable-pip-version-check ecr-publish
  build:
    on-failure: ABORT
    commands:
      - /tmp/ecr-publish/bin/ecr-publish run
"""
GITLAB = """\
# Builds, pushes and promotes what ecr-publish.yaml says: include this file, or copy its lines into .gitlab-ci.yml.
include:
  - component: $CI_SERVER_FQDN/GROUP/ecr-publish/ecr-publish@VERSION
    inputs:
      stage: deploy
      role: %(role)s
"""
_WHERE: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "github": (".github/workflows/ecr-publish.yml", GITHUB, "put the action's owner and commit into it"),
        "codebuild": ("buildspec.ecr-publish.yml", CODEBUILD, "name it as the project's buildspec"),
        "gitlab": (".gitlab/ecr-publish.yml", GITLAB, "include it from .gitlab-ci.yml, with the component's group"),
    }
)


def snippet(ci: str, there: Destination, *, branch: str | None) -> Snippet:
    """The file for one CI (`github`, `codebuild`, `gitlab`)."""
    path, text, next_step = _WHERE[ci]
    if "%(" in text:
        role = there.role or f"arn:aws:iam::{there.account or 'ACCOUNT'}:role/ecr-publish"
        text %= {"branch": branch or "main", "role": role}
    return Snippet(path, text, next_step)
