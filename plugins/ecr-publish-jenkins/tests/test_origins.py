"""Jenkins environments, and what each must be understood as."""

from __future__ import annotations

import pytest
from ecr_publish_jenkins.plugin import origins

from ecr_publish.api import RefKind

BASE = {
    "JENKINS_URL": "https://ci.example.com/",
    "BUILD_TAG": "jenkins-web-12",
    "BUILD_URL": "https://ci.example.com/job/web/12/",
    "GIT_COMMIT": "b0bd943fdeff95eb270517001b478d76c2ffd8f4",
    "GIT_URL": "https://github.com/twtech/web-app.git",
}


def test_elsewhere_it_says_nothing():
    assert origins({"CI": "true"}, None) is None


@pytest.mark.parametrize(
    ("more", "ref", "kind", "trusted"),
    [
        ({"BRANCH_NAME": "main"}, "refs/heads/main", RefKind.BRANCH, True),
        ({"BRANCH_NAME": "feature/ABC-1"}, "refs/heads/feature/ABC-1", RefKind.BRANCH, True),
        ({"BRANCH_NAME": "v1.4.0", "TAG_NAME": "v1.4.0"}, "refs/tags/v1.4.0", RefKind.TAG, True),
        ({"GIT_BRANCH": "origin/release/2.x"}, "refs/heads/release/2.x", RefKind.BRANCH, True),
        ({"GIT_BRANCH": "detached"}, None, RefKind.MANUAL, True),
        (
            {"BRANCH_NAME": "PR-7", "CHANGE_ID": "7", "CHANGE_BRANCH": "x"},
            "refs/pull/7/head",
            RefKind.PULL_REQUEST,
            True,
        ),
        (
            {"BRANCH_NAME": "PR-8", "CHANGE_ID": "8", "CHANGE_BRANCH": "main", "CHANGE_FORK": "stranger"},
            "refs/pull/8/head",
            RefKind.PULL_REQUEST,
            False,
        ),
        ({"BRANCH_NAME": "PR-9", "CHANGE_ID": "9"}, "refs/pull/9/head", RefKind.PULL_REQUEST, False),
    ],
)
def test_a_build_is_understood(more, ref, kind, trusted):
    found = origins({**BASE, **more}, None)
    assert (found.ref, found.ref_kind, found.trusted) == (ref, kind, trusted)


def test_the_commit_run_and_repository_are_taken():
    found = origins({**BASE, "BRANCH_NAME": "main"}, None)
    assert (found.sha, found.run_url, found.repository) == (BASE["GIT_COMMIT"], BASE["BUILD_URL"], "twtech/web-app")


@pytest.mark.parametrize(
    ("url", "repository"),
    [
        ("git@github.com:twtech/web-app.git", "twtech/web-app"),
        ("https://user:secret@git.example.com/group/sub/web.git", "group/sub/web"),
        ("/srv/git/web.git", None),
    ],
)
def test_the_repository_of_any_form_of_url(url, repository):
    assert origins({**BASE, "GIT_URL": url}, None).repository == repository
