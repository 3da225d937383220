"""Seen: an origin as tag rules see it. They look at the ref, never at what kind of run it was; `type=schedule` alone
asks whether a schedule started it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from types import MappingProxyType

from ecr_publish.errors import ConfigError
from ecr_publish.model.origin import Origin, RefKind
from ecr_publish.tags.expression import Expressions, Unanswerable

# GitHub starts these on the default branch, and the payload of some does not name it.
_ON_DEFAULT_BRANCH = ("create", "discussion", "issues", "schedule")


@dataclass(frozen=True)
class Seen:
    """One run: what its refs and its commit are to rules, and the expressions that any rule may use."""

    origin: Origin
    now: datetime
    default_branch: str | None
    pr_sha: str
    short: int  # digits of a short commit

    @cached_property
    def pr(self) -> str | None:
        """The number of the pull request that is built; a merged one that runs on its base branch is none any more."""
        origin = self.origin
        on_branch = origin.branch is not None or origin.tag is not None
        built = origin.event == "pull_request_target" or not on_branch
        return str(origin.pr) if origin.pr is not None and built else None

    @property
    def branch(self) -> str | None:
        """The branch, where a branch is built."""
        return self.origin.branch if self.pr is None else None

    @property
    def tag(self) -> str | None:
        """The git tag, where a tag is built."""
        return self.origin.tag if self.pr is None else None

    @property
    def scheduled(self) -> bool:
        """Whether a schedule started the run."""
        return self.origin.ref_kind is RefKind.SCHEDULE

    @property
    def sha(self) -> str | None:
        """The whole commit: what is checked out, or the head of the pull request (`pr-sha: head`)."""
        origin = self.origin
        if self.pr_sha == "merge":
            return origin.checkout_sha or origin.sha
        # a merge commit exists nowhere else: it is no head, even if nothing better is known
        merged = (origin.ref or "").endswith(("/merge", "/train")) and origin.sha == origin.checkout_sha
        return origin.head_sha or (None if self.pr is not None and merged else origin.sha)

    @property
    def no_ref(self) -> str | None:
        """Why it is not known what is built; None if it is known."""
        if self.origin.ref is not None or self.pr is not None:
            return None
        return f"the ref is not known: {self.origin.no_ref or 'neither the CI nor git tells it'}"

    @cached_property
    def expressions(self) -> Expressions:
        """The expressions, each asked for only when a rule uses it."""
        values: dict[str, Callable[[], str]] = {
            "branch": lambda: self._of_ref(self.branch),
            "tag": lambda: self._of_ref(self.tag),
            "sha": self._short_sha,
            "base_ref": self._base_ref,
            "is_default_branch": lambda: str(self.is_default_branch()).lower(),
            "is_not_default_branch": lambda: str(not self.is_default_branch()).lower(),
        }
        dates = {"date": self.now, "commit_date": self.origin.commit_date}
        return Expressions(MappingProxyType(values), MappingProxyType(dates))

    def is_default_branch(self) -> bool:
        """Whether the default branch is built. Raises ConfigError if that cannot be known."""
        branch = self.branch
        if branch is None:
            return False
        if self.origin.ci == "github" and any(word in (self.origin.event or "") for word in _ON_DEFAULT_BRANCH):
            return True
        return branch == self.known_default_branch()

    def known_default_branch(self) -> str:
        """Raises ConfigError where nobody tells it: a rule that asks must not guess."""
        if self.default_branch is None:
            raise ConfigError(
                what="a tag rule asks for the default branch, and neither the CI nor git tells it here",
                where="default-branch",
                hint="write it into the file, for example default-branch: main",
            )
        return self.default_branch

    def _of_ref(self, name: str | None) -> str:
        if self.no_ref is not None:
            raise Unanswerable(self.no_ref)
        return name or ""

    def _short_sha(self) -> str:
        if self.sha is None:
            raise Unanswerable("no commit is known")
        return self.sha[: self.short]

    def _base_ref(self) -> str:
        """Of a tag's push and of a pull request only; a branch has none."""
        return (self.origin.base_ref or "") if self.branch is None else ""
