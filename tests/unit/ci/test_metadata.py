"""What is said of variables that tell another tool how to tag."""

from __future__ import annotations

import pytest

from ecr_publish.ci.metadata import ignored


@pytest.mark.parametrize(
    ("env", "words"),
    [
        ({"DOCKER_METADATA_PR_HEAD_SHA": "true"}, "write pr-sha: head"),
        ({"DOCKER_METADATA_SHORT_SHA_LENGTH": "12"}, "write short-sha: 12"),
    ],
)
def test_a_variable_that_asks_for_other_tags_is_told_with_its_setting(env: dict[str, str], words: str):
    (warning,) = ignored(env, pr_sha="merge", short_sha=7)
    assert words in warning
    assert next(iter(env)) in warning


@pytest.mark.parametrize(
    "env",
    [
        {},
        {"DOCKER_METADATA_PR_HEAD_SHA": "true", "DOCKER_METADATA_SHORT_SHA_LENGTH": "12"},
        {"DOCKER_METADATA_PR_HEAD_SHA": "false", "DOCKER_METADATA_SHORT_SHA_LENGTH": ""},
    ],
)
def test_one_that_agrees_with_the_file_is_not_worth_a_word(env: dict[str, str]):
    assert ignored(env, pr_sha="head", short_sha=12) == ()
