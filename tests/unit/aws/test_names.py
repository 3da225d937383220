"""Names that AWS is given: role sessions, images as Inspector knows them."""

from __future__ import annotations

import pytest

from ecr_publish.aws.coverage import image_arn
from ecr_publish.aws.session import role_session_name
from ecr_publish.model.digest import digest_of
from ecr_publish.model.registry import EcrRegistry, Repository


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("ecr-publish-github", "ecr-publish-github"),
        ("a b/ü:c", "a-b-c"),
        ("x" * 100, "x" * 64),
        ("", "ecr-publish"),
        ("!", "ecr-publish"),
    ],
)
def test_a_role_session_has_a_name_that_sts_takes(text, name):
    assert role_session_name(text) == name


@pytest.mark.parametrize(
    ("region", "partition"),
    [("us-east-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), ("eusc-de-east-1", "aws-eusc")],
)
def test_inspector_knows_an_image_by_an_arn_of_its_partition(region, partition):
    digest = digest_of(b"x")
    arn = image_arn(Repository(EcrRegistry(None, region), "team/web"), digest, "123456789012")
    assert arn == f"arn:{partition}:ecr:{region}:123456789012:repository/team/web/{digest}"
