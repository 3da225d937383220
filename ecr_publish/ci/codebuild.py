"""AWS CodeBuild. Source: AWS CodeBuild User Guide, "Environment variables in build environments"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from ecr_publish.ci.consistent import agreeing, contradiction
from ecr_publish.model.origin import Origin, RefKind

_SHA = re.compile(r"[0-9a-f]{40}")
_SHA_SOURCE = "CODEBUILD_RESOLVED_SOURCE_VERSION"
_PR_SOURCE = "CODEBUILD_WEBHOOK_TRIGGER or CODEBUILD_SOURCE_VERSION"
_CONSOLES = {"aws-cn": "console.amazonaws.cn", "aws-us-gov": "console.amazonaws-us-gov.com"}


def codebuild(env: Mapping[str, str]) -> Origin | None:
    """The origin of a CodeBuild build; None elsewhere. Nothing in it tells a fork, so a pull request is never
    trusted; a bare name typed by hand may be a branch or a tag, so `ref` then stays unknown until git is asked. Raises
    OriginUnclear for variables that contradict each other."""
    if not env.get("CODEBUILD_BUILD_ARN"):
        return None
    trigger, version = env.get("CODEBUILD_WEBHOOK_TRIGGER", ""), env.get("CODEBUILD_SOURCE_VERSION", "")
    spelled, _, pinned = version.partition("^{")
    _check(env, trigger, spelled, pinned.rstrip("}"))
    pr = _pull_request(trigger) or _pull_request(spelled)
    ref, whence = (f"refs/pull/{pr}/head", _PR_SOURCE) if pr else _ref(env, trigger, spelled)
    resolved = env.get("CODEBUILD_RESOLVED_SOURCE_VERSION") or pinned.rstrip("}") or spelled
    sha = resolved if _SHA.fullmatch(resolved) else None
    no_ref, bare_name = (None, None) if ref else _without_ref(spelled)
    return Origin(
        ci="codebuild",
        repository=_repository(env.get("CODEBUILD_SOURCE_REPO_URL", "")),
        ref_kind=RefKind.PULL_REQUEST if pr else _kind(env, trigger),
        ref=ref,
        no_ref=no_ref,
        bare_name=bare_name,
        sha=sha,
        checkout_sha=sha,
        head_sha=sha if pr else None,
        pr=pr,
        base_ref=env.get("CODEBUILD_WEBHOOK_BASE_REF", "").removeprefix("refs/heads/") or None,
        head_ref=env.get("CODEBUILD_WEBHOOK_HEAD_REF", "").removeprefix("refs/heads/") or None if pr else None,
        trusted=pr is None,
        event=env.get("CODEBUILD_WEBHOOK_EVENT") or None,
        actor=env.get("CODEBUILD_INITIATOR") or None,
        run_url=_run_url(env["CODEBUILD_BUILD_ARN"]),
        warnings=(no_ref,) if no_ref else (),
        sources=(
            ("ci", "CODEBUILD_BUILD_ARN"),
            ("repository", "CODEBUILD_SOURCE_REPO_URL"),
            ("ref", whence),
            ("no_ref", "CODEBUILD_WEBHOOK_HEAD_REF, CODEBUILD_SOURCE_VERSION"),
            ("bare_name", "CODEBUILD_SOURCE_VERSION"),
            ("ref_kind", "CODEBUILD_WEBHOOK_TRIGGER, CODEBUILD_INITIATOR"),
            ("sha", _SHA_SOURCE if env.get(_SHA_SOURCE) else "CODEBUILD_SOURCE_VERSION"),
            ("checkout_sha", _SHA_SOURCE if env.get(_SHA_SOURCE) else "CODEBUILD_SOURCE_VERSION"),
            ("head_sha", _SHA_SOURCE if env.get(_SHA_SOURCE) else "CODEBUILD_SOURCE_VERSION"),
            ("pr", _PR_SOURCE),
            ("base_ref", "CODEBUILD_WEBHOOK_BASE_REF"),
            ("head_ref", "CODEBUILD_WEBHOOK_HEAD_REF"),
            ("trusted", "CODEBUILD_WEBHOOK_TRIGGER, CODEBUILD_SOURCE_VERSION"),
            ("event", "CODEBUILD_WEBHOOK_EVENT"),
            ("actor", "CODEBUILD_INITIATOR"),
            ("run_url", "CODEBUILD_BUILD_ARN"),
        ),
    )


def _pull_request(text: str) -> int | None:
    match = re.fullmatch(r"pr/(\d+)|refs/pull/(\d+)/\w+", text)
    return int(match[1] or match[2]) if match else None


def _check(env: Mapping[str, str], trigger: str, spelled: str, pinned: str) -> None:
    """A webhook's variables tell the same ref, pull request and commit as the source version does."""
    number, typed = _pull_request(trigger), _pull_request(spelled)
    agreeing(
        "the pull request",
        ("CODEBUILD_WEBHOOK_TRIGGER", str(number) if number else None),
        ("CODEBUILD_SOURCE_VERSION", str(typed) if typed else None),
    )
    agreeing("the commit", (_SHA_SOURCE, env.get(_SHA_SOURCE)), ("CODEBUILD_SOURCE_VERSION", pinned))
    head = env.get("CODEBUILD_WEBHOOK_HEAD_REF")
    agreeing("the ref", ("CODEBUILD_WEBHOOK_TRIGGER", _triggered(trigger)), ("CODEBUILD_WEBHOOK_HEAD_REF", head))
    if head and not head.startswith("refs/"):
        raise contradiction(f"CODEBUILD_WEBHOOK_HEAD_REF={head} is no full ref", "CODEBUILD_WEBHOOK_HEAD_REF")


def _triggered(trigger: str) -> str | None:
    """The ref of `branch/NAME` or `tag/NAME`; a name may hold slashes."""
    kind, _, name = trigger.partition("/")
    folder = {"branch": "heads", "tag": "tags"}.get(kind)
    return f"refs/{folder}/{name}" if folder and name else None


def _ref(env: Mapping[str, str], trigger: str, spelled: str) -> tuple[str | None, str]:
    """The ref, and the variable that tells it."""
    if head := env.get("CODEBUILD_WEBHOOK_HEAD_REF"):
        return head, "CODEBUILD_WEBHOOK_HEAD_REF"
    if triggered := _triggered(trigger):
        return triggered, "CODEBUILD_WEBHOOK_TRIGGER"
    if spelled.startswith(("refs/heads/", "refs/tags/")):
        return spelled, "CODEBUILD_SOURCE_VERSION"
    return None, ""


def _without_ref(spelled: str) -> tuple[str, str | None]:
    """Why no ref is known, in words; and the bare name that git may know."""
    start = "start the build with a full ref as its source version, such as refs/heads/main or refs/tags/v1.4.0"
    if spelled.startswith("arn:"):
        return "CodePipeline hands over a source without saying its branch (CODEBUILD_SOURCE_VERSION is an ARN)", None
    if not spelled:
        return f"no webhook started this build, and CODEBUILD_SOURCE_VERSION is empty: {start}", None
    if _SHA.fullmatch(spelled):
        return f"no webhook started this build, and CODEBUILD_SOURCE_VERSION is a commit: {start}", None
    if not re.fullmatch(r"[\w./+@#-]{1,250}", spelled):
        return f"CODEBUILD_SOURCE_VERSION={spelled} is no ref", None
    return f"CODEBUILD_SOURCE_VERSION={spelled} may be a branch or a tag: {start}", spelled


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
