"""No CI: what a local git tree says; and git's facts for what a CI does not tell."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from ecr_publish.model.origin import GitFacts, Origin, RefKind


def local(git: GitFacts | None) -> Origin:
    """The origin of a laptop. Without git: trusted, everything else unknown, and a warning."""
    if git is None or git.sha is None:
        problem = f": {git.problem}" if git and git.problem else ""
        return Origin(
            ci="local",
            trusted=True,
            warnings=(f"there is no CI and no git commit here{problem}: tags from a commit or a ref are not made",),
        )
    tag = git.tags[0] if git.tags else None
    ref = f"refs/tags/{tag}" if tag else f"refs/heads/{git.branch}" if git.branch else None
    return Origin(
        ci="local",
        repository=repository(git.remote_url),
        ref_kind=RefKind.TAG if tag else RefKind.BRANCH if git.branch else RefKind.MANUAL,
        ref=ref,
        sha=git.sha,
        checkout_sha=git.sha,
        default_branch=git.default_branch,
        trusted=True,
        commit_date=git.commit_date,
        dirty=git.dirty,
        sources=(
            ("ref", "git tag --points-at HEAD" if tag else "git symbolic-ref HEAD"),
            ("sha", "git rev-parse HEAD"),
            ("default_branch", "git symbolic-ref refs/remotes/origin/HEAD"),
            ("repository", "git remote get-url origin"),
        ),
    )


def completed(origin: Origin, git: GitFacts | None) -> Origin:
    """A CI's origin with what only git knows: the commit's date, changes in the tree, a missing default branch."""
    if git is None or git.sha is None:
        return origin
    ours = origin.checkout_sha in (None, git.sha)
    return replace(
        origin,
        checkout_sha=origin.checkout_sha or git.sha,
        commit_date=git.commit_date if ours else None,
        dirty=git.dirty,
        default_branch=origin.default_branch or git.default_branch,
    )


def seen_from(git: GitFacts | None, contexts: Iterable[Path]) -> GitFacts | None:
    """The facts as they matter to a build from these (absolute) paths: an untracked file makes the tree dirty only
    where it can get into an image."""
    if git is None or git.dirty or not git.untracked:
        return git
    used = tuple(contexts)
    meets = any(new.is_relative_to(path) or path.is_relative_to(new) for new in git.untracked for path in used)
    return replace(git, dirty=meets)


def repository(url: str | None) -> str | None:
    """`owner/name` of a remote URL in any of git's forms; None for a path on this machine."""
    match = re.fullmatch(r"(?:\w+://(?:[^@/]*@)?[^/]+/|[\w.-]+@[\w.-]+:)(.+?)(?:\.git)?/?", url or "")
    return match[1] if match else None
