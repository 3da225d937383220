"""Origin: what a CI (or a local git tree) says about this run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path


class RefKind(StrEnum):
    """How the run was started; rules look at `ref`, never at this."""

    PULL_REQUEST = "pull_request"
    SCHEDULE = "schedule"
    MANUAL = "manual"
    TAG = "tag"
    BRANCH = "branch"


@dataclass(frozen=True, slots=True)
class Origin:
    """What was built and who asked. Absent facts are None, never guessed."""

    ci: str  # github · codebuild · gitlab · jenkins · local
    repository: str | None = None  # owner/name
    ref_kind: RefKind = RefKind.MANUAL
    ref: str | None = None  # fully formed: refs/heads/…, refs/tags/…, refs/pull/N/merge
    no_ref: str | None = None  # why the ref is not known, where it is not
    bare_name: str | None = None  # a name that may be a branch or a tag: git can tell
    sha: str | None = None  # the commit a person would look up (head of a pull request)
    checkout_sha: str | None = None  # what is in the work tree
    head_sha: str | None = None  # the head of the pull request, where the CI tells it
    pr: int | None = None
    default_branch: str | None = None
    base_ref: str | None = None  # bare branch name a pull request goes to
    head_ref: str | None = None  # bare branch name a pull request comes from
    trusted: bool = False  # may this run's code be given credentials? unknown = no
    event: str | None = None
    actor: str | None = None
    run_url: str | None = None
    commit_date: datetime | None = None  # aware UTC
    dirty: bool = False  # tracked changes, or untracked files inside a used context
    warnings: tuple[str, ...] = ()
    sources: tuple[tuple[str, str], ...] = ()  # (fact, variable or git command it was read from)

    @property
    def branch(self) -> str | None:
        """The branch of a branch ref, without `refs/heads/`."""
        return self.ref.removeprefix("refs/heads/") if self.ref and self.ref.startswith("refs/heads/") else None

    @property
    def tag(self) -> str | None:
        """The git tag of a tag ref, without `refs/tags/`."""
        return self.ref.removeprefix("refs/tags/") if self.ref and self.ref.startswith("refs/tags/") else None


@dataclass(frozen=True, slots=True)
class GitFacts:
    """What git says of the work tree; gathered by `cli/`, read by the origins."""

    sha: str | None = None
    branch: str | None = None  # None: HEAD is detached
    tags: tuple[str, ...] = ()  # tags that point at HEAD, the greatest version first
    branches: tuple[str, ...] = ()  # branches that point at HEAD, also those of the remote `origin`
    dirty: bool = False  # changes in tracked files
    untracked: tuple[Path, ...] = ()  # absolute; a directory stands for everything in it
    default_branch: str | None = None
    remote_url: str | None = None  # without user and token
    commit_date: datetime | None = None
    shallow: bool = False
    problem: str | None = None  # why git could not be asked, in words (e.g. dubious ownership)
