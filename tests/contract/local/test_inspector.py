"""Amazon Inspector as far as it is embedded, by the real SDK; the rest fails by name."""

from __future__ import annotations

from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from tests.contract.aws.conftest import DEV, ground

__all__ = ["ground"]  # a fixture


@pytest.fixture
def inspector(ground):
    return ground.sessions.client("inspector2", DEV)


@pytest.fixture
def digest(ground):
    ground.create("web")
    ground.create("other")
    ground.sessions.client("ecr", DEV).put_registry_scanning_configuration(scanType="ENHANCED")
    ground.put("other", files=("etc/os-release", "b"))
    return ground.put("web", "1")


def criteria(**values):
    return {name: [{"comparison": "EQUALS", "value": value}] for name, value in values.items()}


def test_coverage_tells_each_image_of_the_registry_and_when_it_was_scanned(ground, inspector, digest):
    (found,) = inspector.list_coverage(filterCriteria=criteria(ecrRepositoryName="web"))["coveredResources"]
    assert found["resourceId"] == f"arn:aws:ecr:eu-west-1:222222222222:repository/web/{digest}"
    assert found["scanStatus"] == {"statusCode": "ACTIVE", "reason": "PENDING_INITIAL_SCAN"}
    assert "lastScannedAt" not in found
    pushed = ground.clock.now()
    ground.advance(minutes=1)
    first, second = inspector.list_coverage()["coveredResources"]
    assert {first["scanStatus"]["reason"], second["scanStatus"]["reason"]} == {"SUCCESSFUL"}
    assert first["lastScannedAt"] == pushed + timedelta(seconds=20)


def test_coverage_comes_in_pages(ground, inspector, digest):
    pages = inspector.get_paginator("list_coverage").paginate(PaginationConfig={"PageSize": 1})
    assert [len(page["coveredResources"]) for page in pages] == [1, 1]


def test_basic_scanning_is_not_inspectors(ground, inspector, digest):
    ground.sessions.client("ecr", DEV).put_registry_scanning_configuration(scanType="BASIC")
    assert inspector.list_coverage()["coveredResources"] == []


@pytest.mark.parametrize(
    ("ask", "code", "words"),
    [
        (lambda client: client.list_findings(), "UnsupportedOperationException", "does not serve 'ListFindings'"),
        (
            lambda client: client.list_coverage(filterCriteria=criteria(scanStatusCode="ACTIVE")),
            "ValidationException",
            "resourceId",
        ),
        (
            lambda client: client.list_coverage(
                filterCriteria={"resourceId": [{"comparison": "NOT_EQUALS", "value": "x"}]}
            ),
            "ValidationException",
            "EQUALS only",
        ),
    ],
)
def test_what_is_not_served_is_an_error_with_its_name(inspector, ask, code, words):
    with pytest.raises(ClientError) as caught:
        ask(inspector)
    assert caught.value.response["Error"]["Code"] == code
    assert words in caught.value.response["Error"]["Message"]


def test_who_may_not_ask_is_refused_as_aws_does(ground, inspector):
    ground.ecr.denials.deny("inspector2:*")
    with pytest.raises(ClientError, match="not authorized to perform: inspector2:ListCoverage") as caught:
        inspector.list_coverage()
    assert caught.value.response["Error"]["Code"] == "AccessDeniedException"
