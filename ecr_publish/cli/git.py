"""What git says of the work tree: asked once, without a shell, and never an error."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from ecr_publish.model.origin import GitFacts

TIMEOUT_SECONDS = 20


def git_facts(directory: Path) -> GitFacts | None:
    """The facts of the repository that holds `directory`; None where there is no git or no repository.

    `problem` says why git could not be asked (a repository of another user: git's `safe.directory`).
    """
    told, said = _ended(
        _begun(
            directory,
            "rev-parse",
            "--is-inside-work-tree",
            "--is-shallow-repository",
            "HEAD^{commit}",
            "--symbolic-full-name",  # in full: git shortens main to heads/main where a tag has that name too
            "HEAD",
            "--show-toplevel",
        )
    )
    inside, shallow, sha, head, top = (*told.split("\n", 4), "", "", "", "", "")[:5]
    if inside != "true":
        return GitFacts(problem=said) if said and not inside and "not a git repository" not in said else None
    if not top:
        return GitFacts(problem="the repository has no commit yet")
    # side by side: each waits for the disk, and in a large tree the status for a long time
    pointing, status, origin_head, url, seconds = (
        _ended(process)[0]
        for process in [
            _begun(
                directory,
                "for-each-ref",
                "--points-at=HEAD",
                "--format=%(refname)",
                "refs/heads",
                "refs/remotes/origin",
                "refs/tags",
            ),
            _begun(directory, "status", "--porcelain", "-z", "--untracked-files=normal"),
            _begun(directory, "symbolic-ref", "--quiet", "refs/remotes/origin/HEAD"),
            _begun(directory, "remote", "get-url", "origin"),
            _begun(directory, "show", "--no-patch", "--format=%ct", "HEAD"),
        ]
    )
    changes = [entry for entry in status.split("\0") if entry]
    tags = [ref.removeprefix("refs/tags/") for ref in pointing.split() if ref.startswith("refs/tags/")]
    return GitFacts(
        sha=sha,
        branch=head.removeprefix("refs/heads/") if head != "HEAD" else None,
        tags=tuple(sorted(tags, key=_version, reverse=True)),
        branches=_branches(ref for ref in pointing.split() if not ref.startswith("refs/tags/")),
        dirty=any(not entry.startswith("?? ") for entry in changes),
        untracked=tuple(Path(top, entry[3:]) for entry in changes if entry.startswith("?? ")),
        default_branch=origin_head.removeprefix("refs/remotes/origin/") or None,
        remote_url=_without_user(url) or None,
        commit_date=datetime.fromtimestamp(int(seconds), UTC) if seconds.isdigit() else None,
        shallow=shallow == "true",
    )


def _begun(directory: Path, *arguments: str) -> subprocess.Popen[str] | OSError:
    """A git that runs; the reason where it cannot be run."""
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
        return subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="surrogateescape",  # as in the environment: a name in any encoding is no crash
        )
    except OSError as error:
        return error


def _ended(process: subprocess.Popen[str] | OSError) -> tuple[str, str]:
    """Standard output and standard error, stripped; an absent git is as a directory without a repository."""
    if isinstance(process, OSError):
        return "", f"not a git repository as far as can be told: {process}"
    with process:
        try:
            out, err = process.communicate(timeout=TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired as error:
            process.kill()
            return "", f"not a git repository as far as can be told: {error}"
        except BaseException:
            process.kill()
            raise
    return out.strip(), err.strip()


def _branches(refs: Iterable[str]) -> tuple[str, ...]:
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
