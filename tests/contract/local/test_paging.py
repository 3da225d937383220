"""Pages: opaque tokens, of one operation, that deletions do not move."""

from __future__ import annotations

import base64

import pytest

from tests.contract.local.test_embedded import Http, client, code

WEB = {"repositoryName": "team/web"}


@pytest.fixture
def ecr(server):
    made = client(server.url)
    made.create_repository(**WEB)
    for tag in "abcde":
        Http(server.url).push("team/web", tag, tag.encode())
    return made


def test_all_pages_have_everything_once(ecr):
    pages = [*ecr.get_paginator("list_images").paginate(**WEB, PaginationConfig={"PageSize": 2})]
    assert [len(page["imageIds"]) for page in pages] == [2, 2, 1]
    assert sorted(each["imageTag"] for page in pages for each in page["imageIds"]) == list("abcde")


def test_what_is_deleted_between_two_pages_skips_nothing(ecr):
    first = ecr.list_images(**WEB, maxResults=2)
    ecr.batch_delete_image(**WEB, imageIds=first["imageIds"])
    second = ecr.list_images(**WEB, nextToken=first["nextToken"])
    assert len(second["imageIds"]) == 3


@pytest.mark.parametrize(
    "token", ["x", "é", "", base64.b64encode(b"5").decode(), base64.b64encode(b'["ListImages",[1]]').decode(),
              base64.b64encode(b'["ListImages",["a",{}]]').decode(), base64.b64encode(b"[" * 9000).decode()]
)  # fmt: skip
def test_a_token_that_was_not_given_is_refused(ecr, token):
    assert code(ecr.describe_images, **WEB, nextToken=token) == "InvalidParameterException"


def test_a_token_is_of_the_operation_that_gave_it(ecr):
    token = ecr.list_images(**WEB, maxResults=1)["nextToken"]
    assert code(ecr.describe_images, **WEB, nextToken=token) == "InvalidParameterException"


def test_a_page_is_not_asked_for_together_with_names(ecr):
    for call, named in (
        (ecr.describe_repositories, {"repositoryNames": ["team/web"]}),
        (ecr.describe_images, {**WEB, "imageIds": [{"imageTag": "a"}]}),
        (ecr.describe_repository_creation_templates, {"prefixes": ["team"]}),
        (ecr.describe_pull_through_cache_rules, {"ecrRepositoryPrefixes": ["team"]}),
    ):
        assert code(call, **named, maxResults=1) == "InvalidParameterException"
