"""GitLab CI. Source: GitLab docs, "Predefined CI/CD variables reference"."""

from __future__ import annotations

from collections.abc import Mapping

from ecr_publish.model.origin import Origin, RefKind


def gitlab(env: Mapping[str, str]) -> Origin | None:
    """The origin of a GitLab job; None elsewhere. Merge request variables win over the pipeline's source, because a
    child pipeline only says `parent_pipeline`."""
    if env.get("GITLAB_CI") != "true":
        return None
    merge_request, external = env.get("CI_MERGE_REQUEST_IID"), env.get("CI_EXTERNAL_PULL_REQUEST_IID")
    head = env.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or env.get("CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_SHA")
    number = merge_request or external
    return Origin(
        ci="gitlab",
        repository=env.get("CI_PROJECT_PATH") or None,
        ref_kind=RefKind.PULL_REQUEST if number else _kind(env),
        ref=_ref(env),
        sha=head or env.get("CI_COMMIT_SHA") or None,
        checkout_sha=env.get("CI_COMMIT_SHA") or None,
        pr=int(number) if number and number.isdigit() else None,
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
        sources=(
            ("ci", "GITLAB_CI"),
            ("repository", "CI_PROJECT_PATH"),
            ("ref", "CI_COMMIT_TAG, CI_COMMIT_BRANCH or CI_MERGE_REQUEST_REF_PATH"),
            ("ref_kind", "CI_PIPELINE_SOURCE"),
            ("sha", "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA" if head else "CI_COMMIT_SHA"),
            ("checkout_sha", "CI_COMMIT_SHA"),
            ("default_branch", "CI_DEFAULT_BRANCH"),
            ("trusted", "CI_MERGE_REQUEST_SOURCE_PROJECT_ID, CI_MERGE_REQUEST_PROJECT_ID"),
        ),
    )


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
