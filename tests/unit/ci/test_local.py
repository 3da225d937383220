"""What git says: for a laptop, and for what a CI leaves open."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ecr_publish.ci import as_tag, origin, tagged
from ecr_publish.errors import OriginUnclear
from ecr_publish.model.origin import GitFacts

SHA = "b0bd943fdeff95eb270517001b478d76c2ffd8f4"
BUILD = {
    "CODEBUILD_BUILD_ARN": "arn:aws:codebuild:us-east-2:111111111111:build/web:5f0f0b57-0000-4000-8000-000000000000",
    "CODEBUILD_RESOLVED_SOURCE_VERSION": SHA,
}


def of(git: GitFacts | None, **env: str) -> object:
    return origin(env, None, git)


@pytest.mark.parametrize(
    ("git", "ref"),
    [
        (GitFacts(sha=SHA, branch="main"), "refs/heads/main"),
        (GitFacts(sha=SHA, tags=("v1.4.0",)), "refs/tags/v1.4.0"),
        (GitFacts(sha=SHA, branch="main", tags=("v1.4.0", "v1.3.0", "stable")), "refs/tags/v1.4.0"),
        (GitFacts(sha=SHA), None),
    ],
)
def test_a_laptop_is_at_a_tag_else_at_a_branch(git: GitFacts, ref: str | None):
    assert origin({}, None, git).ref == ref


@pytest.mark.parametrize(("shallow", "words"), [(False, "--as-tag"), (True, "fetch-depth: 0")])
def test_a_detached_head_says_why_no_ref_is_known(shallow: bool, words: str):
    found = origin({}, None, GitFacts(sha=SHA, shallow=shallow))
    assert "HEAD is detached" in str(found.no_ref)
    assert words in str(found.no_ref)
    assert found.warnings == (found.no_ref,)


def test_of_several_tags_that_are_no_versions_none_is_guessed():
    git = GitFacts(sha=SHA, branch="main", tags=("stable", "good"))
    with pytest.raises(OriginUnclear) as caught:
        origin({}, None, git)
    assert "--as-tag" in caught.value.hint
    assert as_tag(origin({}, None, tagged(git, "good")), "good").ref == "refs/tags/good"


def test_a_ci_that_nobody_knows_is_not_taken_silently():
    assert "CI is set" in origin({"CI": "true"}, None, GitFacts(sha=SHA, branch="main")).warnings[0]
    assert origin({}, None, GitFacts(sha=SHA, branch="main")).warnings == ()


@pytest.mark.parametrize(
    ("git", "ref"),
    [
        (GitFacts(sha=SHA, tags=("release",)), "refs/tags/release"),
        (GitFacts(sha=SHA, branches=("main", "release")), "refs/heads/release"),
        (GitFacts(sha=SHA, branches=("main",), branch="main"), None),  # another commit's name
        (GitFacts(sha="0" * 40, branches=("release",)), None),  # another work tree
    ],
)
def test_git_tells_whether_a_name_typed_by_hand_is_a_branch_or_a_tag(git: GitFacts, ref: str | None):
    found = origin({**BUILD, "CODEBUILD_SOURCE_VERSION": "release"}, None, git)
    assert found.ref == ref
    assert (found.no_ref is None) is (ref is not None)


def test_a_name_that_is_both_is_refused():
    git = GitFacts(sha=SHA, tags=("release",), branches=("release",))
    with pytest.raises(OriginUnclear) as caught:
        origin({**BUILD, "CODEBUILD_SOURCE_VERSION": "release"}, None, git)
    assert "refs/tags/release" in caught.value.hint
    assert caught.value.where == "CODEBUILD_SOURCE_VERSION"


def test_a_build_without_any_version_is_of_the_branch_that_git_is_on():
    found = origin(BUILD, None, GitFacts(sha=SHA, branch="main"))
    assert (found.ref, found.warnings, dict(found.sources)["ref"]) == ("refs/heads/main", (), "git symbolic-ref HEAD")


def test_what_git_adds_has_git_as_its_source():
    git = GitFacts(sha=SHA, default_branch="main", commit_date=datetime(2031, 3, 2, tzinfo=UTC))
    sources = dict(origin({**BUILD, "CODEBUILD_SOURCE_VERSION": "refs/heads/main"}, None, git).sources)
    assert (sources["default_branch"], sources["commit_date"]) == (
        "git symbolic-ref refs/remotes/origin/HEAD",
        "git show HEAD",
    )
