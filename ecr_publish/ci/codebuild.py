"""AWS CodeBuild. Source: AWS CodeBuild User Guide, "Environment variables in build environments"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from ecr_publish.model.origin import Origin, RefKind

_SHA = re.compile(r"[0-9a-f]{40}")
_CONSOLES = {"aws-cn": "console.amazonaws.cn", "aws-us-gov": "console.amazonaws-us-gov.com"}


def codebuild(env: Mapping[str, str]) -> Origin | None:
    """The origin of a CodeBuild build; None elsewhere. Nothing in it tells a fork, so a pull request is never
    trusted; a bare name typed by hand may be a branch or a tag, so `ref` then stays unknown."""
    if not env.get("CODEBUILD_BUILD_ARN"):
        return None
    trigger, version = env.get("CODEBUILD_WEBHOOK_TRIGGER", ""), env.get("CODEBUILD_SOURCE_VERSION", "")
    spelled, _, pinned = version.partition("^{")
    pr = _pull_request(trigger) or _pull_request(spelled)
    ref = f"refs/pull/{pr}/head" if pr else _ref(env, spelled)
    resolved = env.get("CODEBUILD_RESOLVED_SOURCE_VERSION") or pinned.rstrip("}") or spelled
    sha = resolved if _SHA.fullmatch(resolved) else None
    return Origin(
        ci="codebuild",
        repository=_repository(env.get("CODEBUILD_SOURCE_REPO_URL", "")),
        ref_kind=RefKind.PULL_REQUEST if pr else _kind(env, trigger),
        ref=ref,
        sha=sha,
        checkout_sha=sha,
        pr=pr,
        base_ref=env.get("CODEBUILD_WEBHOOK_BASE_REF", "").removeprefix("refs/heads/") or None,
        head_ref=env.get("CODEBUILD_WEBHOOK_HEAD_REF", "").removeprefix("refs/heads/") or None if pr else None,
        trusted=pr is None,
        event=env.get("CODEBUILD_WEBHOOK_EVENT") or None,
        actor=env.get("CODEBUILD_INITIATOR") or None,
        run_url=_run_url(env["CODEBUILD_BUILD_ARN"]),
        sources=(
            ("ci", "CODEBUILD_BUILD_ARN"),
            ("repository", "CODEBUILD_SOURCE_REPO_URL"),
            ("ref", "CODEBUILD_WEBHOOK_HEAD_REF or CODEBUILD_SOURCE_VERSION"),
            ("ref_kind", "CODEBUILD_WEBHOOK_TRIGGER, CODEBUILD_INITIATOR"),
            ("sha", "CODEBUILD_RESOLVED_SOURCE_VERSION"),
            ("trusted", "CODEBUILD_WEBHOOK_TRIGGER, CODEBUILD_SOURCE_VERSION"),
        ),
    )


def _pull_request(text: str) -> int | None:
    match = re.fullmatch(r"pr/(\d+)|refs/pull/(\d+)/\w+", text)
    return int(match[1] or match[2]) if match else None


def _ref(env: Mapping[str, str], spelled: str) -> str | None:
    head = env.get("CODEBUILD_WEBHOOK_HEAD_REF")
    return head or (spelled if spelled.startswith(("refs/heads/", "refs/tags/")) else None)


def _kind(env: Mapping[str, str], trigger: str) -> RefKind:
    if trigger.startswith("tag/"):
        return RefKind.TAG
    if trigger.startswith("branch/"):
        return RefKind.BRANCH
    return RefKind.SCHEDULE if env.get("CODEBUILD_INITIATOR", "").startswith("rule/") else RefKind.MANUAL


def _repository(url: str) -> str | None:
    """`owner/name` of a clone URL; a CodeCommit repository has no owner."""
    if not url or url.startswith("s3://"):
        return None
    path = urlsplit(url).path if "://" in url else url.partition(":")[2]
    return path.removeprefix("/v1/repos/").strip("/").removesuffix(".git") or None


def _run_url(arn: str) -> str | None:
    """The console page of a build. Source: the ARN, `arn:PARTITION:codebuild:REGION:ACCOUNT:build/PROJECT:UUID`."""
    match = re.fullmatch(r"arn:([\w-]+):codebuild:([\w-]+):(\d{12}):build/([^:/]+):([\w-]+)", arn)
    if match is None:
        return None
    partition, region, account, project, build = match.groups()
    console = _CONSOLES.get(partition, "console.aws.amazon.com")
    name = quote(f"{project}:{build}", safe="")
    return f"https://{region}.{console}/codesuite/codebuild/{account}/projects/{project}/build/{name}/?region={region}"
