"""A Jenkins environment as an Origin.

Source: Jenkins handbook, "Using environment variables"; the Branch API plugin's `BRANCH_NAME`, `TAG_NAME`, `CHANGE_*`;
the Git plugin's `GIT_*`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ecr_publish.api import GitFacts, Origin, RefKind, hookimpl


@hookimpl
def origins(env: Mapping[str, str], git: GitFacts | None) -> Origin | None:
    """The origin of a Jenkins build; None elsewhere."""
    if not (env.get("JENKINS_URL") and env.get("BUILD_TAG")):
        return None
    change = env.get("CHANGE_ID")
    ref, kind = _ref(env, change)
    return Origin(
        ci="jenkins",
        repository=_repository(env),
        ref_kind=kind,
        ref=ref,
        sha=env.get("GIT_COMMIT") or None,
        checkout_sha=env.get("GIT_COMMIT") or None,
        pr=int(change) if change and change.isdigit() else None,
        base_ref=env.get("CHANGE_TARGET") or None,
        head_ref=env.get("CHANGE_BRANCH") or None,
        trusted=_trusted(env),
        actor=env.get("BUILD_USER_ID") or env.get("CHANGE_AUTHOR") or None,
        run_url=env.get("BUILD_URL") or None,
        warnings=()
        if ref
        else ("Jenkins does not say which branch or tag this is (BRANCH_NAME, TAG_NAME, GIT_BRANCH)",),
        sources=(
            ("ci", "JENKINS_URL, BUILD_TAG"),
            ("sha", "GIT_COMMIT"),
            ("ref", "TAG_NAME, BRANCH_NAME or GIT_BRANCH"),
            ("repository", "CHANGE_URL or GIT_URL"),
            ("trusted", "CHANGE_ID, CHANGE_FORK"),
        ),
    )


def _ref(env: Mapping[str, str], change: str | None) -> tuple[str | None, RefKind]:
    if change:
        return f"refs/pull/{change}/head", RefKind.PULL_REQUEST
    if env.get("TAG_NAME"):
        return f"refs/tags/{env['TAG_NAME']}", RefKind.TAG
    if env.get("BRANCH_NAME"):
        return f"refs/heads/{env['BRANCH_NAME']}", RefKind.BRANCH
    # a classic job: `origin/main`, or `detached` where the job checks out a commit or a tag by itself
    _, slash, branch = env.get("GIT_BRANCH", "").partition("/")
    return (f"refs/heads/{branch}", RefKind.BRANCH) if slash and branch else (None, RefKind.MANUAL)


def _trusted(env: Mapping[str, str]) -> bool:
    """A change from a fork brings strangers' code; what cannot be known is not trusted."""
    if not env.get("CHANGE_ID"):
        return True
    return not env.get("CHANGE_FORK") and bool(env.get("CHANGE_BRANCH"))


def _repository(env: Mapping[str, str]) -> str | None:
    change = re.fullmatch(r"https?://[^/]+/(.+?)/(?:-/)?(?:pull|merge_requests)/\d+/?", env.get("CHANGE_URL", ""))
    if change is not None:
        return change[1]
    url = re.fullmatch(r"(?:\w+://(?:[^@/]*@)?[^/]+/|[\w.-]+@[\w.-]+:)(.+?)(?:\.git)?/?", env.get("GIT_URL", ""))
    return url[1] if url is not None else None
