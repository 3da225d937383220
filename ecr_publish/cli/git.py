"""What git says of the work tree: asked once, without a shell, and never an error."""

from __future__ import annotations

import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from ecr_publish.model.origin import GitFacts

TIMEOUT_SECONDS = 20


def git_facts(directory: Path) -> GitFacts | None:
    """The facts of the repository that holds `directory`; None where there is no git or no repository.

    `problem` says why git could not be asked (a repository of another user: git's `safe.directory`).
    """
    inside, said = _git(directory, "rev-parse", "--is-inside-work-tree")
    if inside != "true":
        return GitFacts(problem=said) if said and "not a git repository" not in said else None
    sha, _ = _git(directory, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    if not sha:
        return GitFacts(problem="the repository has no commit yet")
    # in full: git shortens main to heads/main where a tag has that name too
    branch, _ = _git(directory, "symbolic-ref", "--quiet", "HEAD")
    pointing, _ = _git(
        directory, "for-each-ref", "--points-at=HEAD", "--format=%(refname)", "refs/heads", "refs/remotes/origin"
    )
    tags, _ = _git(directory, "tag", "--points-at", "HEAD")
    top, _ = _git(directory, "rev-parse", "--show-toplevel")
    status, _ = _git(directory, "status", "--porcelain", "-z", "--untracked-files=normal")
    changes = [entry for entry in status.split("\0") if entry]
    origin_head, _ = _git(directory, "symbolic-ref", "--quiet", "refs/remotes/origin/HEAD")
    url, _ = _git(directory, "remote", "get-url", "origin")
    seconds, _ = _git(directory, "show", "--no-patch", "--format=%ct", "HEAD")
    shallow, _ = _git(directory, "rev-parse", "--is-shallow-repository")
    return GitFacts(
        sha=sha,
        branch=branch.removeprefix("refs/heads/") or None,
        tags=tuple(sorted(tags.split(), key=_version, reverse=True)),
        branches=_branches(pointing.split()),
        dirty=any(not entry.startswith("?? ") for entry in changes),
        untracked=tuple(Path(top, entry[3:]) for entry in changes if entry.startswith("?? ")),
        default_branch=origin_head.removeprefix("refs/remotes/origin/") or None,
        remote_url=_without_user(url) or None,
        commit_date=datetime.fromtimestamp(int(seconds), UTC) if seconds.isdigit() else None,
        shallow=shallow == "true",
    )


def _git(directory: Path, *arguments: str) -> tuple[str, str]:
    """Standard output and standard error, stripped; an absent git is as a directory without a repository."""
    command = [
        "git",
        "-c",
        f"safe.directory={directory}",
        "-c",
        "core.fsmonitor=false",
        "-C",
        str(directory),
        *arguments,
    ]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",  # as in the environment: a name in any encoding is no crash
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return "", f"not a git repository as far as can be told: {error}"
    return done.stdout.strip(), done.stderr.strip()


def _branches(refs: list[str]) -> tuple[str, ...]:
    names = {re.sub(r"^refs/(heads|remotes/origin)/", "", ref) for ref in refs} - {"HEAD"}
    return tuple(sorted(names))


def _version(tag: str) -> tuple[bool, list[int], bool, str]:
    """Sorts versions highest first when reversed: full releases above their prereleases, other names last."""
    match = re.fullmatch(r"v?(\d+(?:\.\d+)*)(.*)", tag)
    if match is None:
        return (False, [], False, tag)
    return (True, [int(part) for part in match[1].split(".")], not match[2], tag)


def _without_user(url: str) -> str:
    """A remote URL without user and token: it may be printed."""
    if "://" not in url:
        return url
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
