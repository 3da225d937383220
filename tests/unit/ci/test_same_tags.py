"""The same commit and event give the same tags on GitHub, CodeBuild, GitLab and a laptop."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ecr_publish.ci import origin
from ecr_publish.model.origin import GitFacts
from ecr_publish.tags import Style, explanation

SHA = "b0bd943fdeff95eb270517001b478d76c2ffd8f4"
NOW = datetime(2031, 3, 4, 22, 35, 9, tzinfo=UTC)
COMMITTED = datetime(2031, 3, 2, 8, 0, tzinfo=UTC)
RULES = (
    "type=schedule",
    "type=semver,pattern={{version}}",
    "type=semver,pattern={{major}}.{{minor}}",
    "type=pep440,pattern={{version}},prefix=py-",
    "type=match,pattern=v(\\d+),group=1,prefix=m",
    "type=edge",
    "type=ref,event=branch",
    "type=ref,event=tag",
    "type=ref,event=pr",
    "type=raw,value=latest,enable={{is_default_branch}}",
    "type=raw,value=not-default,enable={{is_not_default_branch}}",
    "type=raw,value=x-{{branch}}-{{tag}}-{{sha}}",
    "type=raw,value={{commit_date 'YYYYMMDD-HHmmss' tz='Asia/Tokyo'}}",
    "type=raw,value=built-{{date 'YYYYMMDD'}}",
    "type=sha",
    "type=sha,format=long,prefix=",
)
CIS = ("github", "codebuild", "gitlab", "local")


def git(kind: str, name: str) -> GitFacts:
    """A checkout as the CIs leave it (detached), with the tag at HEAD on a laptop."""
    return GitFacts(
        sha=SHA,
        branch=name if kind == "heads" else None,
        tags=(name,) if kind == "tags" else (),
        default_branch="main",
        commit_date=COMMITTED,
    )


def told(ci: str, kind: str, name: str) -> tuple[dict[str, str], dict[str, Any] | None]:
    """Environment and payload of a push of refs/KIND/NAME."""
    ref = f"refs/{kind}/{name}"
    match ci:
        case "github":
            env = {
                "GITHUB_ACTIONS": "true",
                "GITHUB_EVENT_NAME": "push",
                "GITHUB_REPOSITORY": "twtech/web-app",
                "GITHUB_REF": ref,
                "GITHUB_REF_TYPE": "tag" if kind == "tags" else "branch",
                "GITHUB_SHA": SHA,
            }
            repository = {"default_branch": "main", "full_name": "twtech/web-app"}
            return env, {"ref": ref, "base_ref": None, "repository": repository}
        case "gitlab":
            return {
                "GITLAB_CI": "true",
                "CI_PIPELINE_SOURCE": "push",
                "CI_PROJECT_PATH": "twtech/web-app",
                "CI_COMMIT_SHA": SHA,
                "CI_COMMIT_REF_NAME": name,
                "CI_COMMIT_TAG" if kind == "tags" else "CI_COMMIT_BRANCH": name,
                "CI_DEFAULT_BRANCH": "main",
                "CI_COMMIT_TIMESTAMP": "2031-03-02T09:00:00+01:00",
            }, None
        case "codebuild":
            return {
                "CODEBUILD_BUILD_ARN": f"arn:aws:codebuild:us-east-2:111111111111:build/web:{SHA[:8]}",
                "CODEBUILD_SOURCE_REPO_URL": "https://github.com/twtech/web-app.git",
                "CODEBUILD_WEBHOOK_EVENT": "PUSH",
                "CODEBUILD_WEBHOOK_TRIGGER": f"{'tag' if kind == 'tags' else 'branch'}/{name}",
                "CODEBUILD_WEBHOOK_HEAD_REF": ref,
                "CODEBUILD_SOURCE_VERSION": SHA,
                "CODEBUILD_RESOLVED_SOURCE_VERSION": SHA,
            }, None
        case _:
            return {}, None


def tags(ci: str, kind: str, name: str) -> tuple[str, ...]:
    env, event = told(ci, kind, name)
    seen = origin(env, event, git(kind, name))
    return explanation(RULES, Style(), seen, NOW, default_branch=seen.default_branch).tags.names


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("heads", "main"),
        ("heads", "feature/ABC-12+fix"),
        ("heads", "ünï/$(id)"),
        ("heads", "x" * 250),
        ("tags", "v1.4.0"),
        ("tags", "v2.0.0-rc.1"),
        ("tags", "main"),
        ("tags", "api/v1.4.0"),
    ],
)
def test_a_push_gives_the_same_tags_everywhere(kind: str, name: str):
    found = {ci: tags(ci, kind, name) for ci in CIS}
    assert len(found["github"]) >= 5
    assert set(found.values()) == {found["github"]}


def test_a_release_has_these_tags_everywhere():
    assert tags("gitlab", "tags", "v1.4.0") == (
        "1.4.0",
        "1.4",
        "py-1.4.0",
        "m1",
        "v1.4.0",
        "not-default",
        f"x--v1.4.0-{SHA[:7]}",
        "20310302-170000",
        "built-20310304",
        f"sha-{SHA[:7]}",
        SHA,
        "latest",
    )
