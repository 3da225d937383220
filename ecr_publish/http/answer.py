"""Answers of a server: whole, or with a body that is still to be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole response. `headers` has lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def header(self, name: str) -> str | None:
        """A header's value, whatever the case of its name."""
        return self.headers.get(name.lower())

    @property
    def may_heal(self) -> bool:
        """Whether the server is too slow, too busy or in trouble: asking again later may help (RFC 9110, section 15;
        429: RFC 6585)."""
        return self.status in (408, 429) or self.status >= 500


@dataclass(frozen=True, slots=True)
class Streamed:
    """A response whose body is read in blocks, each at most once. `headers` has lower-case names."""

    status: int
    headers: Mapping[str, str]
    blocks: Iterator[bytes]

    def header(self, name: str) -> str | None:
        """A header's value, whatever the case of its name."""
        return self.headers.get(name.lower())
