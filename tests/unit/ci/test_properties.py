"""Whatever an environment and a payload hold: an origin, or one clear error; and never trust by accident."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ecr_publish.ci import origin
from ecr_publish.errors import OriginUnclear
from ecr_publish.model.origin import GitFacts, Origin
from ecr_publish.report.origintext import origin_json, origin_text

CASES = [json.loads(path.read_text("utf-8")) for path in (Path(__file__).parents[2] / "data" / "ci").glob("*.json")]
SHA = "b0bd943fdeff95eb270517001b478d76c2ffd8f4"
WORDS = st.text(max_size=20) | st.sampled_from(
    (
        "",
        "main",
        "v1.4.0",
        SHA,
        "refs/heads/main",
        "refs/tags/v1.4.0",
        "refs/pull/7/merge",
        "pr/7",
        "tag/x",
        "true",
        "***",
    )
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | WORDS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ("pull_request", "head", "repo", "full_name", "sha", "number", "repository", "default_branch")
            )
            | st.sampled_from(
                ("base_ref", "head_commit", "id", "timestamp", "workflow_run", "head_repository", "deleted")
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)
GIT = st.none() | st.builds(
    GitFacts,
    sha=st.none() | st.just(SHA),
    branch=st.none() | WORDS,
    tags=st.lists(WORDS, max_size=2).map(tuple),
    branches=st.lists(WORDS, max_size=2).map(tuple),
    shallow=st.booleans(),
)


def understood(env: dict[str, str], event: Any, git: GitFacts | None) -> Origin | None:
    """None for one clear error."""
    try:
        found = origin(env, event, git)
    except OriginUnclear as error:
        assert error.what
        assert error.where
        assert error.hint
        return None
    assert json.loads(origin_json(found))["ci"] == found.ci
    assert origin_text(found).endswith("\n")
    return found


@st.composite
def environments(draw: st.DrawFn) -> dict[str, str]:
    """A sample's environment with some of its variables changed."""
    env: dict[str, str] = dict(draw(st.sampled_from(CASES))["env"])
    changed = draw(st.dictionaries(st.sampled_from(sorted(env)), WORDS, max_size=3)) if env else {}
    return {**env, **changed}


@given(environments(), st.none() | st.dictionaries(st.sampled_from(("pull_request", "repository")), JSON), GIT)
def test_any_environment_is_an_origin_or_one_clear_error(env: dict[str, str], event: Any, git: GitFacts | None):
    found = understood(env, event, git)
    assert found is None or found.ref is None or found.ref.startswith("refs/")


@given(JSON.filter(lambda value: isinstance(value, dict)))
def test_no_payload_makes_a_pull_request_trusted_but_one_of_our_own_repository(event: Any):
    env = next(
        case["env"] for case in CASES if case["name"] == "github: pull request where the event file cannot be read"
    )
    found = understood(env, event, None)
    if found is not None and found.trusted:
        assert event["pull_request"]["head"]["repo"]["full_name"] == env["GITHUB_REPOSITORY"]
