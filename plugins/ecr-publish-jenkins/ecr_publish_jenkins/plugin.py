"""A Jenkins environment as an Origin.

Source: Jenkins handbook, "Using environment variables"; the Branch API plugin's `BRANCH_NAME`, `TAG_NAME`, `CHANGE_*`;
the Git plugin's `GIT_*`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ecr_publish.api import GitFacts, Origin, OriginUnclear, RefKind, hookimpl

_NO_REF = "Jenkins does not say which branch or tag this is (CHANGE_ID, TAG_NAME, BRANCH_NAME, GIT_BRANCH)"


@hookimpl
def origins(env: Mapping[str, str], git: GitFacts | None) -> Origin | None:
    """The origin of a Jenkins build; None elsewhere. Raises OriginUnclear for a build of a tag and a change at once."""
    if not (env.get("JENKINS_URL") and env.get("BUILD_TAG")):
        return None
    change = env.get("CHANGE_ID")
    if change and env.get("TAG_NAME"):
        raise OriginUnclear(
            what=f"the build is of the change {change} and of the tag {env['TAG_NAME']} at once",
            where="CHANGE_ID, TAG_NAME",
            hint="start it anew from Jenkins; if you set these variables yourself, set one of them",
        )
    ref, kind, whence = _ref(env, change)
    no_ref = None if ref else _NO_REF
    return Origin(
        ci="jenkins",
        repository=_repository(env),
        ref_kind=kind,
        ref=ref,
        no_ref=no_ref,
        sha=env.get("GIT_COMMIT") or None,
        checkout_sha=env.get("GIT_COMMIT") or None,
        pr=int(change) if change and ref else None,
        base_ref=env.get("CHANGE_TARGET") or None,
        head_ref=env.get("CHANGE_BRANCH") or None,
        trusted=_trusted(env),
        actor=env.get("BUILD_USER_ID") or env.get("CHANGE_AUTHOR") or None,
        run_url=env.get("BUILD_URL") or None,
        warnings=(no_ref,) if no_ref else (),
        sources=(
            ("ci", "JENKINS_URL, BUILD_TAG"),
            ("sha", "GIT_COMMIT"),
            ("checkout_sha", "GIT_COMMIT"),
            ("ref", whence),
            ("pr", "CHANGE_ID"),
            ("base_ref", "CHANGE_TARGET"),
            ("head_ref", "CHANGE_BRANCH"),
            ("actor", "BUILD_USER_ID" if env.get("BUILD_USER_ID") else "CHANGE_AUTHOR"),
            ("run_url", "BUILD_URL"),
            ("repository", "CHANGE_URL or GIT_URL"),
            ("trusted", "CHANGE_ID, CHANGE_FORK"),
        ),
    )


def _ref(env: Mapping[str, str], change: str | None) -> tuple[str | None, RefKind, str]:
    """The ref, what started the run, and the variable that tells it."""
    # set by the EnvInject plugin; Jenkins itself does not say who or what started a build
    kind = RefKind.SCHEDULE if env.get("BUILD_CAUSE") == "TIMERTRIGGER" else None
    if change:
        ref = f"refs/pull/{change}/head" if re.fullmatch(r"[0-9]{1,18}", change) else None
        return ref, RefKind.PULL_REQUEST, "CHANGE_ID"
    if env.get("TAG_NAME"):
        return f"refs/tags/{env['TAG_NAME']}", kind or RefKind.TAG, "TAG_NAME"
    if env.get("BRANCH_NAME"):
        return f"refs/heads/{env['BRANCH_NAME']}", kind or RefKind.BRANCH, "BRANCH_NAME"
    # a classic job: `origin/main`, or `detached` where the job checks out a commit or a tag by itself
    spelled = env.get("GIT_BRANCH", "")
    if spelled.startswith(("refs/heads/", "refs/tags/")):
        return spelled, kind or (RefKind.TAG if spelled.startswith("refs/tags/") else RefKind.BRANCH), "GIT_BRANCH"
    remote, slash, branch = spelled.partition("/")
    if slash and branch and remote not in ("refs", "remotes"):
        return f"refs/heads/{branch}", kind or RefKind.BRANCH, "GIT_BRANCH"
    return None, kind or RefKind.MANUAL, ""


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
