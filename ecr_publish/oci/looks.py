"""Looks: what was seen under tags a moment ago, so that nothing is asked twice within one step of a run."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from ecr_publish.model.digest import Digest
from ecr_publish.model.registry import Repository
from ecr_publish.ports import Clock

FRESH = 2.0  # seconds; a step looks at its tags and hands them to the engine within a moment


@dataclass(frozen=True, slots=True)
class Look:
    """What a reference named at a moment (monotonic seconds); None if nothing."""

    digest: Digest | None
    moment: float

    def is_fresh(self, now: float) -> bool:
        """Whether it may still be taken for what is there."""
        return now - self.moment <= FRESH


class Looks:
    """Each look is used once, while it is fresh: what lies between a look and a write must stay short, for somebody
    else may write the tag meanwhile. Safe from threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: dict[tuple[Repository, str], Look] = {}
        self._lock = threading.Lock()

    def at(self, digest: Digest | None) -> Look:
        """A look of this moment."""
        return Look(digest, self._clock.monotonic())

    def keep(self, repository: Repository, reference: str, digest: Digest | None) -> None:
        """Remember what a reference named just now."""
        with self._lock:
            self._kept[repository, reference] = self.at(digest)

    def take(self, repository: Repository, references: tuple[str, ...]) -> dict[str, Look]:
        """What is known of these references, and known no longer after this."""
        now = self._clock.monotonic()
        with self._lock:
            found = {each: self._kept.pop((repository, each), None) for each in references}
        return {each: look for each, look in found.items() if look is not None and look.is_fresh(now)}

    def names(self, repository: Repository, digest: Digest) -> bool:
        """Whether a fresh look saw the digest in the repository; the looks that did are used up."""
        now = self._clock.monotonic()
        with self._lock:
            saw = [key for key, look in self._kept.items() if key[0] == repository and look.digest == digest]
            used = [self._kept.pop(key) for key in saw]
            return any(look.is_fresh(now) for look in used)
