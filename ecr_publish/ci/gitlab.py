"""GitLab CI. Source: GitLab docs, "Predefined CI/CD variables reference"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from ecr_publish.ci.consistent import commit, contradiction, required
from ecr_publish.model.origin import Origin, RefKind


def gitlab(env: Mapping[str, str]) -> Origin | None:
    """The origin of a GitLab job; None elsewhere. Merge request variables win over the pipeline's source, because a
    child pipeline only says `parent_pipeline`. Raises OriginUnclear for variables that are missing or contradict each
    other."""
    if env.get("GITLAB_CI") != "true":
        return None
    _check(env)
    merge_request, external = env.get("CI_MERGE_REQUEST_IID"), env.get("CI_EXTERNAL_PULL_REQUEST_IID")
    told = commit(env, "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or commit(
        env, "CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_SHA"
    )
    checkout, number = commit(env, "CI_COMMIT_SHA"), merge_request or external
    # a detached merge request pipeline builds the head itself
    detached = (_ref(env) or "").endswith("/head")
    return Origin(
        ci="gitlab",
        repository=env.get("CI_PROJECT_PATH") or None,
        ref_kind=RefKind.PULL_REQUEST if number else _kind(env),
        ref=_ref(env),
        sha=told or checkout,
        checkout_sha=checkout,
        head_sha=(told or (checkout if detached else None)) if number else None,
        pr=int(number) if number else None,
        default_branch=env.get("CI_DEFAULT_BRANCH") or None,
        base_ref=env.get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME")
        or env.get("CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_NAME")
        or None,
        head_ref=env.get("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME")
        or env.get("CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_NAME")
        or None,
        trusted=_trusted(env),
        event=env.get("CI_PIPELINE_SOURCE") or None,
        actor=env.get("GITLAB_USER_LOGIN") or None,
        run_url=env.get("CI_PIPELINE_URL") or None,
        commit_date=_commit_date(env),
        sources=(
            ("ci", "GITLAB_CI"),
            ("repository", "CI_PROJECT_PATH"),
            ("ref", _ref_source(env)),
            ("ref_kind", "CI_PIPELINE_SOURCE"),
            ("sha", "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA" if told else "CI_COMMIT_SHA"),
            ("checkout_sha", "CI_COMMIT_SHA"),
            ("default_branch", "CI_DEFAULT_BRANCH"),
            ("head_sha", "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA" if told else "CI_COMMIT_SHA"),
            ("pr", "CI_MERGE_REQUEST_IID" if merge_request else "CI_EXTERNAL_PULL_REQUEST_IID"),
            ("base_ref", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME"),
            ("head_ref", "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME"),
            ("trusted", "CI_MERGE_REQUEST_SOURCE_PROJECT_ID, CI_MERGE_REQUEST_PROJECT_ID"),
            ("event", "CI_PIPELINE_SOURCE"),
            ("actor", "GITLAB_USER_LOGIN"),
            ("run_url", "CI_PIPELINE_URL"),
            ("commit_date", "CI_COMMIT_TIMESTAMP"),
        ),
    )


def _check(env: Mapping[str, str]) -> None:
    """Source: predefined variables; a pipeline is for a merge request, a tag or a branch, and never for two of them."""
    required(env, ("CI_PROJECT_PATH", "CI_COMMIT_SHA"), "GITLAB_CI")
    for name in ("CI_MERGE_REQUEST_IID", "CI_EXTERNAL_PULL_REQUEST_IID"):
        if env.get(name) and not re.fullmatch(r"[0-9]{1,18}", env[name]):
            raise contradiction(f"{name}={env[name]} is no number", name)
    number, path = env.get("CI_MERGE_REQUEST_IID"), env.get("CI_MERGE_REQUEST_REF_PATH")
    if number and path and not path.startswith(f"refs/merge-requests/{number}/"):
        raise contradiction(
            f"CI_MERGE_REQUEST_REF_PATH={path} is not of merge request {number}",
            "CI_MERGE_REQUEST_IID, CI_MERGE_REQUEST_REF_PATH",
        )
    tag, branch = env.get("CI_COMMIT_TAG"), env.get("CI_COMMIT_BRANCH")
    if tag and branch:
        raise contradiction(
            f"the pipeline is for the tag {tag} and for the branch {branch} at once", "CI_COMMIT_TAG, CI_COMMIT_BRANCH"
        )
    if _ref(env) is None:
        raise contradiction(
            "the pipeline is for no branch, tag or merge request (CI_COMMIT_REF_NAME alone may be either)",
            "CI_COMMIT_BRANCH, CI_COMMIT_TAG, CI_MERGE_REQUEST_IID",
        )


def _commit_date(env: Mapping[str, str]) -> datetime | None:
    try:
        told = datetime.fromisoformat(env.get("CI_COMMIT_TIMESTAMP", ""))
    except ValueError:
        return None
    return told.astimezone(UTC) if told.tzinfo else None


def _ref_source(env: Mapping[str, str]) -> str:
    """The variable that `_ref` takes the ref from."""
    if env.get("CI_MERGE_REQUEST_IID"):
        return "CI_MERGE_REQUEST_REF_PATH" if env.get("CI_MERGE_REQUEST_REF_PATH") else "CI_MERGE_REQUEST_IID"
    if env.get("CI_EXTERNAL_PULL_REQUEST_IID"):
        return "CI_EXTERNAL_PULL_REQUEST_IID"
    return "CI_COMMIT_TAG" if env.get("CI_COMMIT_TAG") else "CI_COMMIT_BRANCH"


def _ref(env: Mapping[str, str]) -> str | None:
    if env.get("CI_MERGE_REQUEST_IID"):
        return env.get("CI_MERGE_REQUEST_REF_PATH") or f"refs/merge-requests/{env['CI_MERGE_REQUEST_IID']}/head"
    if env.get("CI_EXTERNAL_PULL_REQUEST_IID"):
        return f"refs/pull/{env['CI_EXTERNAL_PULL_REQUEST_IID']}/head"
    if env.get("CI_COMMIT_TAG"):
        return f"refs/tags/{env['CI_COMMIT_TAG']}"
    return f"refs/heads/{env['CI_COMMIT_BRANCH']}" if env.get("CI_COMMIT_BRANCH") else None


def _kind(env: Mapping[str, str]) -> RefKind:
    match env.get("CI_PIPELINE_SOURCE"):
        case "schedule":
            return RefKind.SCHEDULE
        case "push" | "parent_pipeline":
            return RefKind.TAG if env.get("CI_COMMIT_TAG") else RefKind.BRANCH
        case _:  # web, trigger, api, pipeline, chat, …: an open set
            return RefKind.MANUAL


def _trusted(env: Mapping[str, str]) -> bool:
    """A merge request from another project brings strangers' code, also where a member runs it in ours."""
    if env.get("CI_MERGE_REQUEST_IID"):
        source = env.get("CI_MERGE_REQUEST_SOURCE_PROJECT_ID")
        return bool(source) and source == env.get("CI_MERGE_REQUEST_PROJECT_ID")
    if env.get("CI_EXTERNAL_PULL_REQUEST_IID"):
        source = env.get("CI_EXTERNAL_PULL_REQUEST_SOURCE_REPOSITORY")
        return bool(source) and source == env.get("CI_EXTERNAL_PULL_REQUEST_TARGET_REPOSITORY")
    return True
