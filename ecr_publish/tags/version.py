"""Versions of a git tag: semantic versions, and Python's (PEP 440), as the rules read them."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from ecr_publish.model.tags import Scheme

if TYPE_CHECKING:
    from packaging.version import Version as PythonVersion
    from semver import Version

LONGEST = 256  # characters: node-semver takes no longer one


@dataclass(frozen=True, slots=True)
class Numbered:
    """A version with what its rule's pattern may name. `normal` is the whole version as its scheme writes it;
    `unfinished`: a prerelease, and of Python's also a post or development release."""

    scheme: Scheme
    raw: str
    normal: str
    major: str
    minor: str
    patch: str
    unfinished: bool

    @property
    def parts(self) -> MappingProxyType[str, str]:
        """The expressions of a pattern."""
        return MappingProxyType(
            {
                "version": self.normal,
                "major": self.major,
                "minor": self.minor,
                "patch": self.patch,
                "raw": self.raw,
            }
        )


def numbered(scheme: Scheme, text: str) -> Numbered | None:
    """The version that `text` is in this scheme (`/` is read as `-`); None if it is none."""
    raw = text.replace("/", "-")
    if scheme is Scheme.PEP440:
        found = python(raw)
        if found is None:
            return None
        unfinished = found.is_prerelease or found.is_postrelease
        return Numbered(
            scheme, raw, str(found), str(found.major), str(found.minor), str(found.micro), unfinished=unfinished
        )
    version = semantic(raw)
    if version is None:
        return None
    parts = (str(version.major), str(version.minor), str(version.patch))
    return Numbered(scheme, raw, str(version), *parts, unfinished=bool(version.prerelease))


def semantic(text: str) -> Version | None:
    """`v1.4.0` or `1.4.0-rc.1`; None for anything else (`1.4`, `V1.4.0`). Build metadata is dropped.

    Source: semver.org 2.0.0; one leading lower-case `v` is no part of the version.
    """
    from semver import Version

    if len(text) > LONGEST:
        return None
    try:
        version = Version.parse(text.removeprefix("v"))
    except (ValueError, TypeError):
        return None
    return version.replace(build=None)


def python(text: str) -> PythonVersion | None:
    """`1.2`, `v1.2.3rc1`, `1.2post1`; None for anything else. Source: PEP 440."""
    from packaging.version import InvalidVersion
    from packaging.version import Version as PythonVersion

    if len(text) > LONGEST:
        return None
    try:
        return PythonVersion(text)
    except InvalidVersion:
        return None
