"""TagSet: the names that one image gets, and how each may move."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class Scheme(StrEnum):
    """How versions are written and compared."""

    SEMVER = "semver"
    PEP440 = "pep440"


@dataclass(frozen=True, slots=True)
class Fixed:
    """The tag names one digest for good; another digest under it is a refusal."""


@dataclass(frozen=True, slots=True)
class Floating:
    """The tag is meant to move, and only forward.

    `version` is the semantic version it stands for (None: unversioned, may always move). `within` is the version
    prefix it follows: "" for `latest`, "1" for a major tag, "1.4" for a minor one. It moves only if no tag of that
    repository within `within` is a greater release than `version`, in the order of `scheme`.
    """

    version: str | None = None
    within: str = ""
    scheme: Scheme = Scheme.SEMVER


Movement: TypeAlias = Fixed | Floating


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag name, how it may move, and the rule that gave it (as the user wrote it)."""

    name: str
    movement: Movement
    rule: str


@dataclass(frozen=True, slots=True)
class NoTag:
    """A rule that gave nothing, and why."""

    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class TagSet:
    """The tags of one image in order (the first is the main version), and the rules that gave none."""

    tags: tuple[Tag, ...] = ()
    without: tuple[NoTag, ...] = ()
    version: str | None = None  # the main version, for org.opencontainers.image.version

    @property
    def names(self) -> tuple[str, ...]:
        """The tag names, in order."""
        return tuple(tag.name for tag in self.tags)


@dataclass(frozen=True, slots=True)
class Explained:
    """What one rule gave and why: `tag` None is nothing, for the reason in `how`; else `how` is what the name was made
    of, and `moving` why the tag is fixed or floating."""

    rule: str
    tag: Tag | None
    how: str
    moving: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a TagSet came about: every rule in order of priority (two may give the same name; the first one counts), and
    what decided about `latest`."""

    tags: TagSet
    rules: tuple[Explained, ...] = ()
    latest: str = ""
