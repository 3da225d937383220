"""GitHub Actions. Source: GitHub docs, "Variables reference" and "Events that trigger workflows"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ecr_publish.model.origin import Origin, RefKind

Payload = Mapping[str, Any]


def github(env: Mapping[str, str], event: Payload | None) -> Origin | None:
    """The origin of a GitHub Actions job; None elsewhere. `event` None: the payload cannot be read."""
    if env.get("GITHUB_ACTIONS") != "true":
        return None
    payload = event or {}
    ref, kind = env.get("GITHUB_REF") or None, _kind(env)
    pull = _map(payload.get("pull_request"))
    # A merged pull request and pull_request_target run on a branch of ours: there GITHUB_SHA is the commit to look up.
    pull_head = _text(_map(pull.get("head")).get("sha"))
    head_sha = pull_head if (ref or "").startswith("refs/pull/") else None
    repository = env.get("GITHUB_REPOSITORY") or None
    return Origin(
        ci="github",
        repository=repository,
        ref_kind=kind,
        ref=ref,
        sha=head_sha or env.get("GITHUB_SHA") or None,
        checkout_sha=env.get("GITHUB_SHA") or None,
        head_sha=pull_head,
        pr=_number(payload, ref) if kind is RefKind.PULL_REQUEST else None,
        default_branch=_text(_map(payload.get("repository")).get("default_branch")),
        base_ref=env.get("GITHUB_BASE_REF") or _branch(payload.get("base_ref")),
        head_ref=env.get("GITHUB_HEAD_REF") or None,
        trusted=_trusted(env, payload, kind),
        event=env.get("GITHUB_EVENT_NAME") or None,
        actor=env.get("GITHUB_TRIGGERING_ACTOR") or env.get("GITHUB_ACTOR") or None,
        run_url=_run_url(env),
        warnings=_warnings(env, event),
        sources=(
            ("ci", "GITHUB_ACTIONS"),
            ("repository", "GITHUB_REPOSITORY"),
            ("ref", "GITHUB_REF"),
            ("ref_kind", "GITHUB_EVENT_NAME"),
            ("sha", "event pull_request.head.sha" if head_sha else "GITHUB_SHA"),
            ("checkout_sha", "GITHUB_SHA"),
            ("default_branch", "event repository.default_branch"),
            ("trusted", "event pull_request.head.repo, GITHUB_ACTOR"),
        ),
    )


def _kind(env: Mapping[str, str]) -> RefKind:
    event, ref = env.get("GITHUB_EVENT_NAME", ""), env.get("GITHUB_REF", "")
    if event in ("pull_request", "pull_request_target", "pull_request_review", "pull_request_review_comment"):
        return RefKind.PULL_REQUEST
    if event == "schedule":
        return RefKind.SCHEDULE
    if event in ("workflow_dispatch", "repository_dispatch"):
        return RefKind.MANUAL
    if ref.startswith("refs/tags/"):
        return RefKind.TAG
    return RefKind.BRANCH if ref.startswith("refs/heads/") else RefKind.MANUAL


def _number(payload: Payload, ref: str | None) -> int | None:
    """The payload's number, else the one in refs/pull/N/…."""
    for number in (_map(payload.get("pull_request")).get("number"), payload.get("number")):
        if isinstance(number, int):
            return number
    match = re.fullmatch(r"refs/pull/(\d+)/\w+", ref or "")
    return int(match[1]) if match else None


def _trusted(env: Mapping[str, str], payload: Payload, kind: RefKind) -> bool:
    """May this run's code be given credentials? What cannot be known is not trusted."""
    ours = env.get("GITHUB_REPOSITORY")
    match env.get("GITHUB_EVENT_NAME"):
        case "pull_request_target" | "issue_comment":
            # These run with secrets beside data that strangers control.
            return False
        case "workflow_run":
            head = _map(_map(payload.get("workflow_run")).get("head_repository"))
            return bool(ours) and head.get("full_name") == ours
    if kind is not RefKind.PULL_REQUEST:
        return True
    # Branch names cannot tell a fork (its main -> our main); a deleted fork has no head repository at all.
    head = _map(_map(_map(payload.get("pull_request")).get("head")).get("repo"))
    return bool(ours) and head.get("full_name") == ours and env.get("GITHUB_ACTOR") != "dependabot[bot]"


def _run_url(env: Mapping[str, str]) -> str | None:
    parts = [env.get(name) for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")]
    attempt = env.get("GITHUB_RUN_ATTEMPT", "1")
    again = f"/attempts/{attempt}" if attempt not in ("", "1") else ""
    return f"{parts[0]}/{parts[1]}/actions/runs/{parts[2]}{again}" if all(parts) else None


def _warnings(env: Mapping[str, str], event: Payload | None) -> tuple[str, ...]:
    warnings = []
    if event is None and env.get("GITHUB_EVENT_PATH"):
        warnings.append(
            "the event payload (GITHUB_EVENT_PATH) cannot be read: the default branch is unknown, and a pull request "
            "is not trusted"
        )
    if event and event.get("deleted") is True:
        warnings.append("this push deletes its ref: there is nothing to publish")
    return tuple(warnings)


def _branch(ref: object) -> str | None:
    return ref.removeprefix("refs/heads/") if isinstance(ref, str) and ref else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _map(value: object) -> Payload:
    return value if isinstance(value, Mapping) else {}
