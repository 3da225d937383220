"""Moment: an instant that prints and serialises the same everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

# What an image without a commit is dated: reproducible-builds.org, SOURCE_DATE_EPOCH.
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Moment:
    """An aware instant, printed in UTC as RFC 3339 without fractions."""

    instant: datetime

    @property
    def text(self) -> str:
        """`2026-11-24T13:30:00Z`."""
        return self.instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
