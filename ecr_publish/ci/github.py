"""GitHub Actions. Source: GitHub docs, "Variables reference" and "Events that trigger workflows"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ecr_publish.ci.consistent import agreeing, commit, contradiction, required
from ecr_publish.model.origin import Origin, RefKind

Payload = Mapping[str, Any]


def github(env: Mapping[str, str], event: Payload | None) -> Origin | None:
    """The origin of a GitHub Actions job; None elsewhere. `event` None: the payload cannot be read. Raises
    OriginUnclear for variables that are missing or contradict each other or the payload."""
    if env.get("GITHUB_ACTIONS") != "true":
        return None
    payload = event or {}
    _check(env, payload)
    ref, kind = env["GITHUB_REF"], _kind(env)
    pull = _map(payload.get("pull_request"))
    # A merged pull request and pull_request_target run on a branch of ours: there GITHUB_SHA is the commit to look up.
    pull_head = _text(_map(pull.get("head")).get("sha"))
    head_sha = pull_head if ref.startswith("refs/pull/") else None
    checkout = commit(env, "GITHUB_SHA")
    repository = env.get("GITHUB_REPOSITORY") or None
    return Origin(
        ci="github",
        repository=repository,
        ref_kind=kind,
        ref=ref,
        sha=head_sha or checkout,
        checkout_sha=checkout,
        head_sha=pull_head,
        pr=_number(payload, ref) if kind is RefKind.PULL_REQUEST else None,
        default_branch=_text(_map(payload.get("repository")).get("default_branch")),
        base_ref=env.get("GITHUB_BASE_REF") or _branch(payload.get("base_ref")),
        head_ref=env.get("GITHUB_HEAD_REF") or None,
        trusted=_trusted(env, payload, kind),
        event=env.get("GITHUB_EVENT_NAME") or None,
        actor=env.get("GITHUB_TRIGGERING_ACTOR") or env.get("GITHUB_ACTOR") or None,
        run_url=_run_url(env),
        commit_date=_commit_date(payload, checkout),
        warnings=_warnings(env, event),
        sources=(
            ("ci", "GITHUB_ACTIONS"),
            ("repository", "GITHUB_REPOSITORY"),
            ("ref", "GITHUB_REF"),
            ("ref_kind", "GITHUB_EVENT_NAME"),
            ("sha", "event pull_request.head.sha" if head_sha else "GITHUB_SHA"),
            ("checkout_sha", "GITHUB_SHA"),
            ("head_sha", "event pull_request.head.sha"),
            ("pr", "event pull_request.number" if pull else "GITHUB_REF"),
            ("default_branch", "event repository.default_branch"),
            ("base_ref", "GITHUB_BASE_REF" if env.get("GITHUB_BASE_REF") else "event base_ref"),
            ("head_ref", "GITHUB_HEAD_REF"),
            ("trusted", "GITHUB_EVENT_NAME, event pull_request.head.repo, GITHUB_ACTOR"),
            ("event", "GITHUB_EVENT_NAME"),
            ("actor", "GITHUB_TRIGGERING_ACTOR" if env.get("GITHUB_TRIGGERING_ACTOR") else "GITHUB_ACTOR"),
            ("run_url", "GITHUB_SERVER_URL, GITHUB_REPOSITORY, GITHUB_RUN_ID, GITHUB_RUN_ATTEMPT"),
            ("commit_date", "event head_commit.timestamp"),
        ),
    )


def _check(env: Mapping[str, str], payload: Payload) -> None:
    """Source: these are set in every job, and the payload is of the repository and pull request that is built."""
    required(env, ("GITHUB_REPOSITORY", "GITHUB_EVENT_NAME", "GITHUB_REF", "GITHUB_SHA"), "GITHUB_ACTIONS")
    ref, of_type = env["GITHUB_REF"], env.get("GITHUB_REF_TYPE")
    if not ref.startswith("refs/"):
        raise contradiction(f"GITHUB_REF={ref} is no full ref (refs/heads/…, refs/tags/…)", "GITHUB_REF")
    if of_type and (of_type == "tag") != ref.startswith("refs/tags/"):
        raise contradiction(f"GITHUB_REF_TYPE={of_type}, but GITHUB_REF={ref}", "GITHUB_REF, GITHUB_REF_TYPE")
    repository = _text(_map(payload.get("repository")).get("full_name"))
    agreeing(
        "the repository",
        ("GITHUB_REPOSITORY", env["GITHUB_REPOSITORY"].lower()),
        ("event repository.full_name", repository.lower() if repository else None),
    )
    pull, built = _number(payload, None), _number({}, ref)
    agreeing(
        "the pull request",
        ("event pull_request.number", str(pull) if pull else None),
        ("GITHUB_REF", str(built) if built else None),
    )


def _commit_date(payload: Payload, sha: str | None) -> datetime | None:
    """When the pushed commit was made, as far as the payload tells."""
    head = _map(payload.get("head_commit"))
    if head.get("id") != sha or not isinstance(head.get("timestamp"), str):
        return None
    try:
        told = datetime.fromisoformat(head["timestamp"])
    except ValueError:
        return None
    return told.astimezone(UTC) if told.tzinfo else None


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
