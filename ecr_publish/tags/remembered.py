"""Remembered: how tags may move that are met in a registry, told by the file's rules alone.

A later promotion finds tags on a digest, and not the run that gave them. The rules are asked again for what such a run
may have been: a push of the release whose version the tags name, a push of the default branch, a schedule.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase

from ecr_publish.errors import ConfigError
from ecr_publish.model.origin import Origin, RefKind
from ecr_publish.model.tags import Floating, Movement, Tag
from ecr_publish.tags.render import Style, explanation
from ecr_publish.tags.version import python, semantic

_RELEASE = re.compile(r"(?<![0-9.])v?([0-9]+(?:\.[0-9]+){1,3}(?:-[0-9A-Za-z.-]+)?)")
_ANY = datetime(2000, 1, 1, tzinfo=UTC)  # dated tags are not recognised: nobody knows which day it was


@dataclass(frozen=True, slots=True)
class Naming:
    """What the file says about the names of an image."""

    rules: tuple[str, ...] = ()
    flavor: tuple[str, ...] = ()
    floating: tuple[str, ...] = ()
    default_branch: str | None = None


def remembered(naming: Naming, names: tuple[str, ...]) -> Mapping[str, Movement]:
    """The movement of those `names` (all tags of one digest) that a run of this file gives; nothing of the others."""
    found: dict[str, Movement] = {}
    for origin in _origins(naming, names):
        for tag in _tags(naming, origin):
            if tag.name in names:
                found.setdefault(tag.name, tag.movement)
    for name in names:
        if any(fnmatchcase(name, pattern) for pattern in naming.floating):
            found.setdefault(name, Floating())
    return found


def _origins(naming: Naming, names: tuple[str, ...]) -> Iterator[Origin]:
    """Runs that may have given these names, the likeliest first."""
    for name in names:
        for version in _versions(name):
            yield Origin(ci="local", ref=f"refs/tags/v{version}", ref_kind=RefKind.TAG)
    branch = naming.default_branch or "main"
    for kind in (RefKind.BRANCH, RefKind.SCHEDULE):
        yield Origin(ci="local", ref=f"refs/heads/{branch}", ref_kind=kind)
    for name in names:
        if number := re.search(r"[0-9]{1,9}$|(?<=-)[0-9]{1,9}(?=-)", name):
            yield Origin(ci="local", ref=f"refs/pull/{number[0]}/head", pr=int(number[0]))


def _versions(name: str) -> Iterator[str]:
    """The versions that a name may hold: with what stands behind a `-` as a prerelease, and without, as a suffix."""
    match = _RELEASE.search(name)
    if match is None:
        return
    for text in dict.fromkeys((match[1], match[1].partition("-")[0])):
        if semantic(text) is not None or (text.count(".") >= 1 and python(text) is not None):
            yield text


def _tags(naming: Naming, origin: Origin) -> tuple[Tag, ...]:
    try:
        style = Style(naming.flavor, naming.floating)
        branch = naming.default_branch or "main"
        return explanation(naming.rules, style, origin, _ANY, default_branch=branch).tags.tags
    except ConfigError:
        return ()  # such a run would have been refused
