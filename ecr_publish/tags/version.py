"""Versions of a git tag: semantic versions as the rules read them."""

from __future__ import annotations

from semver import Version


def semantic(text: str) -> Version | None:
    """`v1.4.0` or `1.4.0-rc.1`; None for anything else (`1.4`, `V1.4.0`). Build metadata is dropped.

    Source: semver.org 2.0.0; one leading lower-case `v` is no part of the version.
    """
    try:
        version = Version.parse(text.removeprefix("v").replace("/", "-"))
    except (ValueError, TypeError):
        return None
    return version.replace(build=None)
