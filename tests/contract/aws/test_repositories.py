"""Repositories by the real SDK: described, created with safe defaults, asked whether they may be written."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from ecr_publish.aws.repositories import EcrRepositories
from ecr_publish.errors import NotAuthorised, RepositoryMissing
from ecr_publish.model.digest import digest_of
from ecr_publish.model.registry import PlainRegistry
from ecr_publish.model.target import Target
from ecr_publish.ports.repositories import RepositoryState
from tests.contract.aws.conftest import DEV

WEB = DEV.repository("team/web")
LAB = Target("lab", "lab", PlainRegistry("127.0.0.1:5000"))


@pytest.fixture
def repositories(ground):
    return EcrRepositories(ground.sessions)


def test_an_absent_repository_is_none(repositories):
    assert repositories.describe(DEV, WEB) is None


def test_many_are_described_by_one_call(repositories):
    names = tuple(DEV.repository(f"team/{number}") for number in range(100))
    for each in names:
        repositories.create(DEV, each)
    assert repositories.described(DEV, names) == {each: repositories.describe(DEV, each) for each in names}


def test_many_of_which_one_is_absent_are_refused_together(repositories):
    repositories.create(DEV, WEB)
    with pytest.raises(RepositoryMissing):
        repositories.described(DEV, (WEB, DEV.repository("team/other")))


def test_a_created_one_is_scanned_on_push_and_mutable(repositories):
    created = repositories.create(DEV, WEB)
    assert created == repositories.describe(DEV, WEB) == RepositoryState(WEB, immutable=False, scan_on_push=True)


def test_creating_at_the_same_time_is_success_for_all(repositories):
    with ThreadPoolExecutor(8) as pool:
        states = set(pool.map(lambda _: repositories.create(DEV, WEB), range(8)))
    assert states == {RepositoryState(WEB, immutable=False, scan_on_push=True)}


@pytest.mark.parametrize(
    ("settings", "immutable", "filters"),
    [
        ({}, False, ()),
        ({"imageTagMutability": "IMMUTABLE"}, True, ()),
        (
            {
                "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
                "imageTagMutabilityExclusionFilters": [{"filterType": "WILDCARD", "filter": "latest*"}],
            },
            True,
            ("latest*",),
        ),
    ],
)
def test_mutability_is_read_with_its_exclusions(ground, repositories, settings, immutable, filters):
    ground.create(WEB.name, **settings)
    state = repositories.describe(DEV, WEB)
    assert (state.immutable, state.except_tags) == (immutable, filters)


def test_all_tags_of_a_digest_are_given_sorted(ground, repositories):
    ground.create(WEB.name)
    digest = ground.put(WEB.name, "b")
    ground.put(WEB.name, "a")
    assert repositories.tags_of(DEV, WEB, digest) == ("a", "b")
    assert repositories.tags_of(DEV, WEB, digest_of(b"absent")) == ()


def test_tags_are_told_by_one_of_them_too(ground, repositories):
    ground.create(WEB.name)
    ground.put(WEB.name, "b")
    ground.put(WEB.name, "a")
    assert repositories.tags_of(DEV, WEB, "b") == ("a", "b")
    assert repositories.tags_of(DEV, WEB, "absent") == ()


def test_what_was_told_of_an_image_a_moment_ago_is_not_asked_again(ground):
    repositories = EcrRepositories(ground.sessions, ground.clock)
    ground.create(WEB.name)
    digest = ground.put(WEB.name, "a")
    assert repositories.tags_of(DEV, WEB, "a") == ("a",)
    ground.put(WEB.name, "b")
    assert repositories.tags_of(DEV, WEB, digest) == ("a",)
    ground.advance(seconds=3)
    assert repositories.tags_of(DEV, WEB, digest) == ("a", "b")
    assert ground.actions.count("ecr:DescribeImages") == 2


def test_a_repository_that_was_seen_is_not_asked_for_again_before_a_push(ground, repositories):
    ground.create(WEB.name)
    repositories.describe(DEV, WEB)
    before = len(ground.actions)
    repositories.ensure(DEV, WEB)
    assert ground.actions[before:] == []


def test_a_repository_that_was_missing_is_created_without_another_look(ground, repositories):
    assert repositories.describe(DEV, WEB) is None
    repositories.ensure(DEV, WEB)
    repositories.ensure(DEV, WEB)
    assert ground.actions == ["ecr:DescribeRepositories", "ecr:CreateRepository"]
    assert EcrRepositories(ground.sessions).describe(DEV, WEB).scan_on_push


def test_a_repository_that_nobody_asked_for_is_looked_at_first(ground, repositories):
    ground.create(WEB.name)
    before = len(ground.actions)
    repositories.ensure(DEV, WEB)
    assert ground.actions[before:] == ["ecr:DescribeRepositories"]


def test_one_that_another_job_made_meanwhile_is_no_matter_of_permission(ground, repositories):
    assert repositories.describe(DEV, WEB) is None
    ground.create(WEB.name)
    ground.ecr.denials.deny("ecr:CreateRepository")
    repositories.ensure(DEV, WEB)
    other = DEV.repository("team/other")
    assert repositories.describe(DEV, other) is None
    with pytest.raises(NotAuthorised, match="ecr:CreateRepository"):
        repositories.ensure(DEV, other)


def test_whether_one_may_push_is_answered_without_changing_anything(ground, repositories):
    ground.create(WEB.name)
    assert repositories.writable(DEV, WEB)
    assert ground.sessions.client("ecr", DEV).list_images(repositoryName=WEB.name)["imageIds"] == []


def test_who_may_not_push_is_told_which_action(ground, repositories):
    ground.create(WEB.name)
    ground.ecr.denials.deny("ecr:InitiateLayerUpload")
    with pytest.raises(NotAuthorised, match="ecr:InitiateLayerUpload"):
        repositories.writable(DEV, WEB)


def test_an_absent_repository_cannot_be_written(repositories):
    with pytest.raises(RepositoryMissing, match="team/web"):
        repositories.writable(DEV, WEB)


@pytest.mark.parametrize("action", ["DescribeRepositories", "CreateRepository"])
def test_a_denied_action_is_named_with_the_principal(ground, repositories, action):
    ground.ecr.denials.deny(f"ecr:{action}")
    with pytest.raises(NotAuthorised, match=f"arn:aws:iam::222222222222:user/local.*ecr:{action}"):
        (repositories.create if action == "CreateRepository" else repositories.describe)(DEV, WEB)


def test_a_plain_registry_has_nothing_to_say(ground, repositories):
    there = LAB.repository("web")
    assert repositories.describe(LAB, there) == repositories.create(LAB, there) == RepositoryState(there)
    assert repositories.tags_of(LAB, there, digest_of(b"x")) == ()
    assert repositories.writable(LAB, there) is False
    assert ground.actions == []
