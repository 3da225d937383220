"""Traffic: what an image's way into a repository cost, and what it saved."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Traffic:
    """`sent_bytes` were sent; `saved_bytes` were there already or mounted, and were not."""

    sent_bytes: int = 0
    saved_bytes: int = 0
    mounted_blobs: int = 0

    def __add__(self, other: Traffic) -> Traffic:
        return Traffic(
            self.sent_bytes + other.sent_bytes,
            self.saved_bytes + other.saved_bytes,
            self.mounted_blobs + other.mounted_blobs,
        )


NO_TRAFFIC = Traffic()
