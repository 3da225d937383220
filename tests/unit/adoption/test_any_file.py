"""Whatever stands in a CI's file: something is found in it, or one error says where it is no YAML."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ecr_publish.adoption.draft import draft
from ecr_publish.adoption.survey import CIS
from ecr_publish.config.loader import load
from ecr_publish.errors import ConfigError

KEYS = st.sampled_from(
    ["jobs", "steps", "run", "uses", "with", "env", "tags", "images", "script", "phases", "commands", "extends", "<<"]
)
WORDS = st.sampled_from(
    [
        "docker build -t $X:1 .",
        "docker push 111111111111.dkr.ecr.us-east-2.amazonaws.com/web:1",
        "docker/build-push-action@v6",
        "docker/metadata-action@v5",
        "${{ steps.x.outputs.tags }}",
        "cd ../..",
        "for x in a b; do docker push $x; done",
        "",
    ]
) | st.text(max_size=12)
TREES = st.recursive(
    WORDS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=14
)


def found(ci: str, content: bytes) -> None:
    try:
        had = CIS[ci][1](content, "file.yml")
    except ConfigError:
        return
    if had.images:
        load(draft(had, project="project", region="us-east-2", default_branch=None).text.encode(), "draft")


@pytest.mark.parametrize("ci", CIS)
@given(content=st.binary(max_size=80))
def test_bytes(ci: str, content: bytes):
    found(ci, content)


@pytest.mark.parametrize("ci", CIS)
@given(tree=st.dictionaries(KEYS | st.text(max_size=5), TREES, max_size=4))
def test_trees(ci: str, tree: dict[str, object]):
    found(ci, json.dumps(tree).encode())


HOSTS = st.sampled_from(
    ["111111111111.dkr.ecr.us-east-2.amazonaws.com", "$R", "public.ecr.aws/x", "localhost:5000", "ghcr.io", "$A.$B"]
)
NAMES = st.sampled_from(["web", "Team/Web", "a", "x/$NAME", "über", "a--b", "a/../b", "-", "web.", "1"])
TAGS = st.sampled_from(["latest", "$CI_COMMIT_SHA", "$(date)", "a b", "${X:-y}", "$CI_PIPELINE_ID", "é", "", "1.0"])
CONTEXTS = st.sampled_from([".", "./a", "../b", "/abs", "$DIR", "a b", "-", "https://example.com/x.git"])
BUILT = st.tuples(HOSTS, NAMES, TAGS, CONTEXTS)


@example(
    images=[
        ("$R", "web", "latest", "./a"),
        ("111111111111.dkr.ecr.us-east-2.amazonaws.com", "web", "$CI_COMMIT_SHA", "."),
        ("public.ecr.aws/x", "web", "$CI_COMMIT_SHA", "./a"),
    ],
    environments=[""],
)
@given(
    images=st.lists(BUILT, min_size=1, max_size=4),
    environments=st.lists(st.sampled_from(["", "prod", "staging", "a b", "review/$X", "é"]), min_size=1, max_size=3),
)
def test_every_draft_passes_check(images: list[tuple[str, str, str, str]], environments: list[str]):
    lines = [
        line
        for host, name, tag, context in images
        for line in (f'docker build -t "{host}/{name}:{tag}" "{context}"', f'docker push "{host}/{name}:{tag}"')
    ]
    jobs = {f"job{number}": {"environment": name, "script": lines} for number, name in enumerate(environments)}
    found("gitlab", json.dumps(jobs).encode())
