"""Forward: a floating tag never goes back behind a release that the repository already has."""

from __future__ import annotations

from dataclasses import dataclass

from semver import Version

from ecr_publish.model.tags import Floating, Tag
from ecr_publish.tags.version import semantic


@dataclass(frozen=True, slots=True)
class Blocker:
    """Why a floating tag stays: the greater release that is already there."""

    reason: str


def moves(tag: Tag, existing: tuple[str, ...]) -> Blocker | None:
    """None if the tag may move, given all tag names of its repository.

    Only full releases count as greater (a prerelease never carries a floating tag); versions compare by semver
    precedence, within the major or minor that the tag stands for.
    """
    if not isinstance(tag.movement, Floating) or tag.movement.version is None:
        return None
    own = semantic(tag.movement.version)
    if own is None:
        return None
    releases = [version for name in existing if (version := semantic(name)) is not None and not version.prerelease]
    greater = [version for version in releases if version > own and _within(version, tag.movement.within)]
    return Blocker(f"{max(greater)} is already there and {own} is behind it") if greater else None


def _within(version: Version, prefix: str) -> bool:
    return not prefix or f"{version}.".startswith(f"{prefix}.")
