"""Allowance: how many manifests, and how many bytes of them, are kept in memory together."""

from __future__ import annotations

import threading

from ecr_publish.errors import BadImage

MOST_MANIFESTS = 10_000
MOST_BYTES = 64 << 20


class Allowance:
    """What is still allowed of one image, or of what lies beside it. Safe from threads."""

    def __init__(self, where: str, hint: str = "make the image again; no tool is known to make such a one") -> None:
        self._where, self._hint = where, hint
        self._manifests, self._bytes = MOST_MANIFESTS, MOST_BYTES
        self._lock = threading.Lock()

    def take(self, size: int) -> None:
        """One more manifest, of `size` bytes. Raises BadImage for the one that is too much."""
        with self._lock:
            self._manifests, self._bytes = self._manifests - 1, self._bytes - size
            manifests, left = self._manifests, self._bytes
        if manifests < 0:
            raise self._bad(f"it has more than {MOST_MANIFESTS} manifests")
        if left < 0:
            raise self._bad(f"its manifests have more than {MOST_BYTES >> 20} MiB together")

    def give_back(self, size: int) -> None:
        """One manifest less, of `size` bytes: it was taken, and is to be taken by somebody else."""
        with self._lock:
            self._manifests, self._bytes = self._manifests + 1, self._bytes + size

    def _bad(self, what: str) -> BadImage:
        return BadImage(what=what, where=self._where, hint=self._hint)
