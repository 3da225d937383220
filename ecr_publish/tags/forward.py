"""Forward: a floating tag never goes back behind a release that the repository already has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ecr_publish.model.tags import Floating, Scheme, Tag
from ecr_publish.tags.version import python, semantic

if TYPE_CHECKING:
    from packaging.version import Version as PythonVersion
    from semver import Version


@dataclass(frozen=True, slots=True)
class Blocker:
    """Why a floating tag stays: the greater release that is already there."""

    reason: str


def moves(tag: Tag, existing: tuple[str, ...]) -> Blocker | None:
    """None if the tag may move, given all tag names of its repository.

    Only full releases count as greater (a prerelease never carries a floating tag); versions compare by the order of
    their scheme, within the major or minor that the tag stands for.
    """
    if not isinstance(tag.movement, Floating) or tag.movement.version is None:
        return None
    own, within = tag.movement.version, tag.movement.within
    greatest = _behind_python(own, existing, within) if tag.movement.scheme is Scheme.PEP440 else None
    if tag.movement.scheme is Scheme.SEMVER:
        greatest = _behind_semantic(own, existing, within)
    return Blocker(f"{greatest} is already there and {own} is behind it") if greatest else None


def _behind_semantic(text: str, existing: tuple[str, ...], within: str) -> str | None:
    own = semantic(text)
    if own is None:
        return None
    found = [version for name in existing if (version := semantic(name)) is not None and not version.prerelease]
    greater: list[Version] = [each for each in found if each > own and _is_within(str(each), within)]
    return str(max(greater)) if greater else None


def _behind_python(text: str, existing: tuple[str, ...], within: str) -> str | None:
    own = python(text)
    if own is None:
        return None
    found = [version for name in existing if (version := _python_release(name)) is not None]
    greater = [each for each in found if each > own and _is_within(f"{each.major}.{each.minor}", within)]
    return str(max(greater)) if greater else None


def _python_release(name: str) -> PythonVersion | None:
    """A final release; a single number is none, because a date or a build number looks the same."""
    version = python(name) if "." in name else None
    return None if version is None or version.is_prerelease or version.is_postrelease else version


def _is_within(version: str, prefix: str) -> bool:
    return not prefix or f"{version}.".startswith(f"{prefix}.")
