"""What a CI says that contradicts itself, is cut or is missing: an error that names the variables, never a guess."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ecr_publish.ci import origin
from ecr_publish.errors import OriginUnclear

CASES = Path(__file__).parents[2] / "data" / "ci"
OTHER = "0123456789abcdef0123456789abcdef01234567"


def sample(name: str) -> tuple[dict[str, str], dict[str, Any] | None]:
    """The environment and payload of a sample."""
    case = json.loads((CASES / f"{name}.json").read_text(encoding="utf-8"))
    return case["env"], case.get("event")


@pytest.mark.parametrize(
    ("name", "changed", "variables"),
    [
        ("github-push-main", {"GITHUB_REF": ""}, ["GITHUB_REF"]),
        ("github-push-main", {"GITHUB_SHA": "", "GITHUB_REPOSITORY": ""}, ["GITHUB_SHA", "GITHUB_REPOSITORY"]),
        ("github-push-main", {"GITHUB_REF": "main"}, ["GITHUB_REF"]),
        ("github-push-main", {"GITHUB_SHA": "b0bd943"}, ["GITHUB_SHA"]),
        ("github-push-main", {"GITHUB_SHA": "***"}, ["GITHUB_SHA"]),
        ("github-push-main", {"GITHUB_REF_TYPE": "tag"}, ["GITHUB_REF", "GITHUB_REF_TYPE"]),
        ("github-push-tag", {"GITHUB_REF_TYPE": "branch"}, ["GITHUB_REF", "GITHUB_REF_TYPE"]),
        ("github-push-main", {"GITHUB_REPOSITORY": "stranger/web-app"}, ["GITHUB_REPOSITORY", "event repository"]),
        ("github-pr-same-repo", {"GITHUB_REF": "refs/pull/7/merge"}, ["GITHUB_REF", "event pull_request.number"]),
        ("gitlab-push-default", {"CI_COMMIT_SHA": ""}, ["CI_COMMIT_SHA"]),
        ("gitlab-push-default", {"CI_COMMIT_SHA": "main"}, ["CI_COMMIT_SHA"]),
        ("gitlab-push-default", {"CI_PROJECT_PATH": ""}, ["CI_PROJECT_PATH"]),
        ("gitlab-push-default", {"CI_COMMIT_TAG": "v1.4.0"}, ["CI_COMMIT_TAG", "CI_COMMIT_BRANCH"]),
        ("gitlab-push-default", {"CI_COMMIT_BRANCH": ""}, ["CI_COMMIT_TAG", "CI_COMMIT_BRANCH"]),
        ("gitlab-mr-detached", {"CI_MERGE_REQUEST_IID": "seven"}, ["CI_MERGE_REQUEST_IID"]),
        (
            "gitlab-mr-detached",
            {"CI_MERGE_REQUEST_IID": "99"},
            ["CI_MERGE_REQUEST_IID", "CI_MERGE_REQUEST_REF_PATH"],
        ),
        (
            "codebuild-webhook-tag",
            {"CODEBUILD_WEBHOOK_HEAD_REF": "refs/heads/v1.4.0"},
            ["CODEBUILD_WEBHOOK_TRIGGER", "CODEBUILD_WEBHOOK_HEAD_REF"],
        ),
        (
            "codebuild-webhook-push",
            {"CODEBUILD_WEBHOOK_TRIGGER": "branch/release"},
            ["CODEBUILD_WEBHOOK_TRIGGER", "CODEBUILD_WEBHOOK_HEAD_REF"],
        ),
        (
            "codebuild-webhook-pr",
            {"CODEBUILD_SOURCE_VERSION": "pr/99"},
            ["CODEBUILD_WEBHOOK_TRIGGER", "CODEBUILD_SOURCE_VERSION"],
        ),
        (
            "codebuild-manual-branch-sha",
            {"CODEBUILD_RESOLVED_SOURCE_VERSION": OTHER},
            ["CODEBUILD_RESOLVED_SOURCE_VERSION", "CODEBUILD_SOURCE_VERSION"],
        ),
        (
            "codebuild-webhook-push",
            {"CODEBUILD_WEBHOOK_HEAD_REF": "main", "CODEBUILD_WEBHOOK_TRIGGER": ""},
            ["CODEBUILD_WEBHOOK_HEAD_REF"],
        ),
    ],
)
def test_a_contradiction_names_its_variables(name: str, changed: dict[str, str], variables: list[str]):
    env, event = sample(name)
    with pytest.raises(OriginUnclear) as caught:
        origin({**env, **changed}, event, None)
    assert [each for each in variables if each not in f"{caught.value.where} {caught.value.what}"] == []
    assert (caught.value.exit_code, bool(caught.value.hint)) == (2, True)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("codebuild-manual-no-version", "CODEBUILD_SOURCE_VERSION is empty"),
        ("codebuild-manual-bare-name", "may be a branch or a tag"),
        ("codebuild-codepipeline", "CodePipeline"),
        ("codebuild-s3-source", "CODEBUILD_SOURCE_VERSION"),
    ],
)
def test_a_codebuild_build_without_a_ref_says_why_and_what_to_do(name: str, words: str):
    env, event = sample(name)
    found = origin(env, event, None)
    assert found.ref is None
    assert words in str(found.no_ref)
    assert found.no_ref in found.warnings


def test_a_webhook_that_only_has_its_trigger_still_tells_the_ref():
    env, event = sample("codebuild-webhook-new-branch")
    found = origin({**env, "CODEBUILD_WEBHOOK_HEAD_REF": ""}, event, None)
    assert (found.ref, dict(found.sources)["ref"]) == ("refs/heads/feature/ABC-12", "CODEBUILD_WEBHOOK_TRIGGER")


@pytest.mark.parametrize("event", [{}, {"pull_request": None}, {"pull_request": []}, {"pull_request": {"head": {}}}])
def test_a_payload_that_lacks_what_trust_needs_is_not_trusted(event: dict[str, Any]):
    env, _ = sample("github-pr-same-repo")
    found = origin(env, event, None)
    assert (found.trusted, found.pr) == (False, 42)


def test_a_payload_that_is_not_there_is_a_warning_that_names_its_variable():
    env, event = sample("github-pr-no-event-file")
    (warning,) = origin(env, event, None).warnings
    assert "GITHUB_EVENT_PATH" in warning
