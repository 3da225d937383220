"""Where a CI has its identity token, and that nobody can print it by accident."""

from __future__ import annotations

from ecr_publish.ci.idtoken import Given, OnRequest, id_token

GITHUB = {
    "ACTIONS_ID_TOKEN_REQUEST_URL": "https://x.example/t?api-version=2",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "s3cret",
}


def test_github_signs_one_for_any_audience():
    found = id_token(GITHUB)
    assert isinstance(found, OnRequest)
    assert found.address("sts.amazonaws.com") == "https://x.example/t?api-version=2&audience=sts.amazonaws.com"
    assert OnRequest("https://x.example/t", "s").address("a b&c") == "https://x.example/t?audience=a%20b%26c"


def test_gitlab_puts_one_into_a_variable():
    assert id_token({"ECR_PUBLISH_ID_TOKEN": "jwt"}) == Given("jwt")


def test_a_job_that_may_have_none_has_none():
    assert id_token({}) is None
    assert id_token({"ACTIONS_ID_TOKEN_REQUEST_URL": "https://x.example"}) is None
    assert id_token({"ECR_PUBLISH_ID_TOKEN": ""}) is None


def test_it_can_be_left_alone():
    assert id_token({**GITHUB, "ECR_PUBLISH_WEB_IDENTITY": "off"}) is None


def test_a_token_is_not_in_what_is_printed():
    assert "s3cret" not in repr(id_token(GITHUB))
    assert "s3cret" not in repr(Given("s3cret"))
