"""No CI: what a local git tree says; and git's facts for what a CI does not tell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from ecr_publish.errors import OriginUnclear
from ecr_publish.model.origin import GitFacts, Origin, RefKind


def local(git: GitFacts | None, env: Mapping[str, str] | None = None) -> Origin:
    """The origin of a laptop. Without git: trusted, everything else unknown, and a warning. Raises OriginUnclear for
    several tags of which none is a version."""
    unknown = _unknown_ci(env or {})
    if git is None or git.sha is None:
        problem = f": {git.problem}" if git and git.problem else ""
        return Origin(
            ci="local",
            trusted=True,
            no_ref="there is no git commit here",
            warnings=(
                f"there is no CI and no git commit here{problem}: tags from a commit or a ref are not made",
                *unknown,
            ),
        )
    tag = _tag(git)
    ref = f"refs/tags/{tag}" if tag else f"refs/heads/{git.branch}" if git.branch else None
    no_ref = None if ref else _detached(git)
    return Origin(
        ci="local",
        repository=repository(git.remote_url),
        ref_kind=RefKind.TAG if tag else RefKind.BRANCH if git.branch else RefKind.MANUAL,
        ref=ref,
        no_ref=no_ref,
        sha=git.sha,
        checkout_sha=git.sha,
        default_branch=git.default_branch,
        trusted=True,
        commit_date=git.commit_date,
        dirty=git.dirty,
        warnings=(*((no_ref,) if no_ref else ()), *unknown),
        sources=(
            ("ref", "git tag --points-at HEAD" if tag else "git symbolic-ref HEAD"),
            ("no_ref", "git symbolic-ref HEAD, git tag --points-at HEAD"),
            ("sha", "git rev-parse HEAD"),
            ("checkout_sha", "git rev-parse HEAD"),
            ("default_branch", "git symbolic-ref refs/remotes/origin/HEAD"),
            ("repository", "git remote get-url origin"),
            ("trusted", "no CI"),
            ("commit_date", "git show HEAD"),
            ("dirty", "git status"),
        ),
    )


def _tag(git: GitFacts) -> str | None:
    """The tag of this commit: of several the greatest version."""
    if len(git.tags) > 1 and not re.match(r"v?\d", git.tags[0]):
        raise OriginUnclear(
            what=f"this commit has several tags, and none is a version: {', '.join(git.tags)}",
            where="git tag --points-at HEAD",
            hint="say which one is meant: --as-tag NAME",
        )
    return git.tags[0] if git.tags else None


def _detached(git: GitFacts) -> str:
    if git.shallow:
        return (
            "HEAD is detached and the clone is shallow, so that neither its branch nor its tags are known: clone it "
            "whole (fetch-depth: 0, GIT_DEPTH: 0, gitCloneDepth: 0) or say --as-tag"
        )
    return "HEAD is detached and no tag points at it: check out a branch or a tag, or say --as-tag"


def _unknown_ci(env: Mapping[str, str]) -> tuple[str, ...]:
    if env.get("CI", "") in ("", "false", "0"):
        return ()
    return (
        "CI is set, but this CI is not one of those known: what git says is taken, and the code is trusted as on a "
        "laptop (a plugin can tell more: docs/plugins.md)",
    )


def completed(origin: Origin, git: GitFacts | None) -> Origin:
    """A CI's origin with what only git knows: the commit's date, changes in the tree, a missing default branch, and a
    ref that the CI does not tell. Raises OriginUnclear for a name that is both a branch and a tag."""
    if git is None or git.sha is None:
        return origin
    ours = origin.checkout_sha in (None, git.sha)
    more = replace(
        origin,
        checkout_sha=origin.checkout_sha or git.sha,
        sha=origin.sha or (git.sha if ours else None),
        commit_date=(git.commit_date if ours else None) or origin.commit_date,
        dirty=git.dirty,
        default_branch=origin.default_branch or git.default_branch,
        sources=(*origin.sources, *_sources(origin, git)),
    )
    return _with_ref(more, git) if origin.ref is None and origin.pr is None and ours else more


def _sources(origin: Origin, git: GitFacts) -> tuple[tuple[str, str], ...]:
    """Where the facts are from that git added; a later source of a fact replaces an earlier one."""
    found = [("dirty", "git status"), ("commit_date", "git show HEAD")]
    found += [("default_branch", "git symbolic-ref refs/remotes/origin/HEAD")] if not origin.default_branch else []
    return tuple(found + ([("checkout_sha", "git rev-parse HEAD")] if not origin.checkout_sha else []))


def _with_ref(origin: Origin, git: GitFacts) -> Origin:
    name = origin.bare_name
    is_tag, is_branch = name in git.tags, name in git.branches
    if name and is_tag and is_branch:
        raise OriginUnclear(
            what=f"{name} is both a branch and a tag of this commit",
            where=dict(origin.sources).get("bare_name", "git"),
            hint=f"start the run with a full ref: refs/heads/{name} or refs/tags/{name}",
        )
    if name and (is_tag or is_branch):
        return _known(origin, f"refs/{'tags' if is_tag else 'heads'}/{name}", "git for-each-ref --points-at HEAD")
    return _known(origin, f"refs/heads/{git.branch}", "git symbolic-ref HEAD") if git.branch and not name else origin


def _known(origin: Origin, ref: str, source: str) -> Origin:
    return replace(
        origin,
        ref=ref,
        no_ref=None,
        bare_name=None,
        warnings=tuple(each for each in origin.warnings if each != origin.no_ref),
        sources=(*origin.sources, ("ref", source)),
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
