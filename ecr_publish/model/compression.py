"""How layers are compressed that are not yet."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Compression:
    """`gzip` or `zstd`, and its level; the library that does it is fixed, so these two decide about the bytes."""

    method: str
    level: int

    def __str__(self) -> str:
        return f"{self.method} level {self.level}"


GZIP = Compression("gzip", 1)
ZSTD = Compression("zstd", 3)
BY_NAME = {each.method: each for each in (GZIP, ZSTD)}  # each with its default level
LARGEST_LEVEL = {"gzip": 12, "zstd": 19}


def compression(method: str, level: int | None) -> Compression:
    """That method at that level, None for its default."""
    return BY_NAME[method] if level is None else Compression(method, level)
