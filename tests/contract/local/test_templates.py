"""Creation templates: kept, checked, and what a push makes of them."""

from __future__ import annotations

import json

import pytest

from tests.contract.local.test_access import allow, policy
from tests.contract.local.test_embedded import Http, client, code
from tests.contract.local.test_lifecycle import keep
from tests.contract.local.test_lifecycle import policy as lifecycle

PUSH = {"appliedFor": ["CREATE_ON_PUSH"]}


@pytest.fixture
def ecr(server):
    return client(server.url)


def mutability(ecr, name: str) -> str:
    return ecr.describe_repositories(repositoryNames=[name])["repositories"][0]["imageTagMutability"]


def test_a_push_makes_the_repository_with_the_templates_settings(server, ecr):
    ecr.create_repository_creation_template(
        prefix="team",
        description="ours",
        imageTagMutability="IMMUTABLE_WITH_EXCLUSION",
        imageTagMutabilityExclusionFilters=[{"filterType": "WILDCARD", "filter": "latest"}],
        repositoryPolicy=policy(allow("ecr:BatchGetImage")),
        lifecyclePolicy=lifecycle(keep(1)),
        resourceTags=[{"Key": "owner", "Value": "team"}],
        customRoleArn="arn:aws:iam::111111111111:role/templates",
        **PUSH,
    )
    assert Http(server.url).push("team/web", "1.0")[0] == 201
    made = ecr.describe_repositories(repositoryNames=["team/web"])["repositories"][0]
    assert made["imageTagMutability"] == "IMMUTABLE_WITH_EXCLUSION"
    assert made["imageTagMutabilityExclusionFilters"] == [{"filterType": "WILDCARD", "filter": "latest"}]
    assert ecr.list_tags_for_resource(resourceArn=made["repositoryArn"])["tags"] == [{"Key": "owner", "Value": "team"}]
    assert json.loads(ecr.get_lifecycle_policy(repositoryName="team/web")["lifecyclePolicyText"])["rules"]
    assert ecr.get_repository_policy(repositoryName="team/web")["policyText"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("team/deep/web", "IMMUTABLE"), ("team/web", "MUTABLE"), ("teamwork", "IMMUTABLE_WITH_EXCLUSION")],
)
def test_the_longest_prefix_decides_and_root_is_for_all_others(server, ecr, name, expected):
    filters = {"imageTagMutabilityExclusionFilters": [{"filterType": "WILDCARD", "filter": "x"}]}
    ecr.create_repository_creation_template(
        prefix="ROOT", imageTagMutability="IMMUTABLE_WITH_EXCLUSION", **filters, **PUSH
    )
    ecr.create_repository_creation_template(prefix="team/", **PUSH)
    ecr.create_repository_creation_template(prefix="team/deep", imageTagMutability="IMMUTABLE", **PUSH)
    assert Http(server.url).push(name, "1.0")[0] == 201
    assert mutability(ecr, name) == expected


def test_no_template_no_repository(server, ecr):
    ecr.create_repository_creation_template(prefix="team", appliedFor=["PULL_THROUGH_CACHE", "REPLICATION"])
    status, _, body = Http(server.url).ask("POST", "/v2/team/web/blobs/uploads/", b"")
    assert (status, json.loads(body)["errors"][0]["code"]) == (404, "NAME_UNKNOWN")


def test_who_may_not_create_repositories_makes_none_by_a_push(server, ecr):
    ecr.create_repository_creation_template(prefix="team", **PUSH)
    server.ecr.denials.deny("ecr:CreateRepository")
    status, _, body = Http(server.url).ask("POST", "/v2/team/web/blobs/uploads/", b"")
    assert status == 403
    assert "ecr:CreateRepository" in body.decode()
    assert ecr.describe_repositories()["repositories"] == []


def test_templates_are_one_per_prefix_changed_listed_and_deleted(server, ecr):
    ecr.create_repository_creation_template(prefix="team", **PUSH)
    again = {"prefix": "team/", **PUSH}
    assert code(ecr.create_repository_creation_template, **again) == "TemplateAlreadyExistsException"
    ecr.create_repository_creation_template(prefix="other", **PUSH)
    changed = ecr.update_repository_creation_template(prefix="team", imageTagMutability="IMMUTABLE")
    assert changed["repositoryCreationTemplate"]["appliedFor"] == ["CREATE_ON_PUSH"]
    assert Http(server.url).push("team/web", "1.0")[0] == 201
    assert mutability(ecr, "team/web") == "IMMUTABLE"
    pages = [*ecr.get_paginator("describe_repository_creation_templates").paginate(PaginationConfig={"PageSize": 1})]
    assert [each["prefix"] for page in pages for each in page["repositoryCreationTemplates"]] == ["other", "team"]
    one = ecr.describe_repository_creation_templates(prefixes=["team", "none"])["repositoryCreationTemplates"]
    assert [each["prefix"] for each in one] == ["team"]
    assert ecr.delete_repository_creation_template(prefix="team")["repositoryCreationTemplate"]["prefix"] == "team"
    assert code(ecr.delete_repository_creation_template, prefix="team") == "TemplateNotFoundException"
    assert code(ecr.update_repository_creation_template, prefix="team") == "TemplateNotFoundException"


@pytest.mark.parametrize(
    "bad",
    [
        {"repositoryPolicy": "{}"},
        {"lifecyclePolicy": "{}"},
        {"imageTagMutability": "IMMUTABLE_WITH_EXCLUSION"},
        {"imageTagMutabilityExclusionFilters": [{"filterType": "WILDCARD", "filter": "x"}]},
        {"resourceTags": [{"Key": "a", "Value": "b"}]},
        {"encryptionConfiguration": {"encryptionType": "KMS"}},
        {"encryptionConfiguration": {"encryptionType": "KMS", "kmsKey": "alias/ours"}},
        {"appliedFor": []},
    ],
)
def test_a_template_that_no_repository_could_be_made_from_is_refused(ecr, bad):
    asked = {"prefix": "team", **PUSH, **bad}
    assert code(ecr.create_repository_creation_template, **asked) == "InvalidParameterException"
    assert ecr.describe_repository_creation_templates()["repositoryCreationTemplates"] == []


@pytest.mark.parametrize("name", ["team//web", "team/-web", "team..web", "a" * 257])
def test_a_push_makes_no_repository_whose_name_none_may_have(server, ecr, name):
    ecr.create_repository_creation_template(prefix="ROOT", appliedFor=["CREATE_ON_PUSH"])
    assert Http(server.url).ask("POST", f"/v2/{name}/blobs/uploads/", b"")[0] == 404
    assert ecr.describe_repositories()["repositories"] == []
