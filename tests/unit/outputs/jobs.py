"""Environments of jobs, as much of each as its CI always sets."""

from __future__ import annotations

SHA = "0123456789abcdef0123456789abcdef01234567"
GITHUB = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_REPOSITORY": "team/web",
    "GITHUB_EVENT_NAME": "push",
    "GITHUB_REF": "refs/heads/main",
    "GITHUB_SHA": SHA,
}
GITLAB = {
    "GITLAB_CI": "true",
    "CI_PROJECT_PATH": "team/web",
    "CI_COMMIT_SHA": SHA,
    "CI_COMMIT_BRANCH": "main",
    "CI_DEFAULT_BRANCH": "main",
    "CI_PIPELINE_SOURCE": "push",
}
CODEBUILD = {
    "CODEBUILD_BUILD_ARN": "arn:aws:codebuild:us-east-2:111111111111:build/web:00000000-0000-0000-0000-0000000001",
    "CODEBUILD_SOURCE_REPO_URL": "https://github.com/team/web.git",
    "CODEBUILD_SOURCE_VERSION": SHA,
    "CODEBUILD_RESOLVED_SOURCE_VERSION": SHA,
}
