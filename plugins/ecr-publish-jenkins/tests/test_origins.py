"""Jenkins environments, and what each must be understood as."""

from __future__ import annotations

import pytest
from ecr_publish_jenkins.plugin import origins

from ecr_publish.api import OriginUnclear, RefKind

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
        ({"GIT_BRANCH": "refs/tags/v1.4.0"}, "refs/tags/v1.4.0", RefKind.TAG, True),
        ({"GIT_BRANCH": "refs/heads/a/b"}, "refs/heads/a/b", RefKind.BRANCH, True),
        ({"GIT_BRANCH": "refs/changes/1"}, None, RefKind.MANUAL, True),
        ({"BRANCH_NAME": "main", "BUILD_CAUSE": "TIMERTRIGGER"}, "refs/heads/main", RefKind.SCHEDULE, True),
        (
            {"BRANCH_NAME": "PR-7-merge", "CHANGE_ID": "7", "CHANGE_BRANCH": "x"},
            "refs/pull/7/head",
            RefKind.PULL_REQUEST,
            True,
        ),
        ({"CHANGE_ID": "Iabc", "CHANGE_BRANCH": "x", "CHANGE_FORK": "s"}, None, RefKind.PULL_REQUEST, False),
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


def test_a_build_of_a_tag_and_a_change_at_once_is_refused():
    with pytest.raises(OriginUnclear) as caught:
        origins({**BASE, "CHANGE_ID": "7", "TAG_NAME": "v1.4.0"}, None)
    assert caught.value.where == "CHANGE_ID, TAG_NAME"


def test_a_classic_job_that_does_not_say_its_branch_says_why_no_ref_is_known():
    found = origins({**BASE, "GIT_BRANCH": "detached"}, None)
    assert "GIT_BRANCH" in found.no_ref
    assert found.warnings == (found.no_ref,)


def test_each_fact_names_its_variable():
    sources = dict(origins({**BASE, "BRANCH_NAME": "v1.4.0", "TAG_NAME": "v1.4.0"}, None).sources)
    assert (sources["ref"], sources["sha"]) == ("TAG_NAME", "GIT_COMMIT")


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
