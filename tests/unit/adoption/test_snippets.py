"""The files that `init` writes for a CI: they agree with the adapters that the project ships."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from ecr_publish.adoption.found import Destination
from ecr_publish.adoption.snippets import snippet

ROOT = Path(__file__).parents[3]


def text(ci: str, there: Destination | None = None, branch: str | None = None) -> str:
    return snippet(ci, there or Destination(), branch=branch).text


def test_codebuild_s_is_the_shipped_buildspec_word_for_word():
    shipped = (ROOT / "buildspec.yml").read_text(encoding="utf-8")
    assert text("codebuild") == shipped, "cp buildspec.yml ecr_publish/adoption/codebuild.yml"


def test_gitlab_s_gives_inputs_that_the_component_has():
    spec = next(iter(yaml.safe_load_all((ROOT / "templates" / "ecr-publish.yml").read_text(encoding="utf-8"))))
    declared = spec["spec"]["inputs"]
    given = yaml.safe_load(text("gitlab", Destination("111111111111")))["include"][0]["inputs"]
    assert given == {"stage": "deploy", "docker": "dind", "role": "arn:aws:iam::111111111111:role/ecr-publish"}
    assert given.keys() <= declared.keys()
    assert given["docker"] in declared["docker"]["options"]


@pytest.mark.parametrize("branch", [None, "main", "trunk", "release/2"])
def test_github_s_starts_on_the_default_branch_and_may_ask_for_an_identity_and_no_more(branch: str | None):
    tree = yaml.safe_load(text("github", branch=branch))
    assert tree[True]["push"]["branches"] == [branch or "main"]
    assert tree["permissions"] == {"contents": "read", "id-token": "write"}
    checkout, publish = tree["jobs"]["publish"]["steps"]
    assert checkout["with"] == {"persist-credentials": False}
    inputs = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))["inputs"]
    assert re.fullmatch(r"actions/checkout@[0-9a-f]{40}", checkout["uses"])
    assert publish.get("with", {}).keys() <= inputs.keys()


def test_github_s_is_never_started_with_secrets_beside_a_stranger_s_code():
    assert "pull_request_target" not in text("github")
    assert yaml.safe_load(text("github"))[True].keys() == {"push", "pull_request"}
