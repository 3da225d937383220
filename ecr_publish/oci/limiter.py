"""Limiter: requests of all images of a run, paced per registry and action so that AWS need not refuse them.

It begins with the rates that ECR documents and learns from 429: the rate is halved, and comes back by and by. A
registry whose rates are not documented is not paced until it answers 429 for the first time.
Source: Amazon ECR User Guide, "Service quotas" (per account and region); ECR Public User Guide, the same.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from ecr_publish.errors import Throttled
from ecr_publish.model.registry import EcrPublicRegistry, EcrRegistry, Registry
from ecr_publish.ports.clock import Clock

PRIVATE: Mapping[str, float] = {  # requests per second
    "ecr:BatchCheckLayerAvailability": 1000,
    "ecr:BatchGetImage": 2000,
    "ecr:CompleteLayerUpload": 100,
    "ecr:GetDownloadUrlForLayer": 3000,
    "ecr:InitiateLayerUpload": 100,
    "ecr:PutImage": 10,
    "ecr:UploadLayerPart": 500,
}
PUBLIC: Mapping[str, float] = {
    "ecr:BatchCheckLayerAvailability": 200,
    "ecr:CompleteLayerUpload": 10,
    "ecr:InitiateLayerUpload": 10,
    "ecr:PutImage": 10,
    "ecr:UploadLayerPart": 260,
}
SHARE = 0.95  # of a documented rate: other jobs of the account want something too, and clocks differ
BURST = 0.8  # seconds' worth of requests that may go at once after a pause
LONGEST_PAUSE = 300.0  # seconds that a registry may ask for; a run that waits longer looks as if it hung
SLOWEST, REGAINED = 0.5, 0.1  # requests per second; the share of the full rate that comes back each second


@dataclass
class _Pace:
    """`rate` is the present one, None while it is without bounds; `full` what it may grow to."""

    full: float | None
    rate: float | None
    free: float = float("-inf")  # when the next request is due if requests come all the time
    slowed: float = float("-inf")
    closed: float = float("-inf")  # the registry has asked for nothing before
    looked: float = 0.0
    recent: int = 0  # requests since `looked`, at most a second ago

    def wait(self, now: float) -> float:
        """Seconds until a request may go, which is counted."""
        if now - self.looked >= 1:
            self._regain(now)
        self.recent += 1
        if self.rate is None:
            return 0.0
        due = max(self.free, now - BURST)
        self.free = due + 1 / self.rate
        return max(0.0, due - now)

    def refused(self, now: float, asked: float) -> None:
        """Halve the rate, once for all refusals of a second, and begin again no sooner than the service asked."""
        if now - self.slowed >= 1:
            began = self.rate if self.rate is not None else max(self.recent / max(now - self.looked, 0.1), 2 * SLOWEST)
            self.full = self.full or began
            self.rate, self.slowed = max(began / 2, SLOWEST), now
        self.closed = max(self.closed, now + asked)
        if asked <= LONGEST_PAUSE:
            self.free = max(self.free, now + max(asked, 1 / (self.rate or SLOWEST)))

    def _regain(self, now: float) -> None:
        if self.rate is not None and self.full is not None:
            seconds = min(now - self.looked, now - self.slowed)
            self.rate = min(self.full, self.rate + self.full * REGAINED * max(seconds, 0.0))
        self.looked, self.recent = now, 0


class Limiter:
    """One for a run; safe from threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._paces: dict[tuple[Registry, str], _Pace] = {}
        self._lock = threading.Lock()

    def wait(self, registry: Registry, action: str) -> None:
        """Return when the request may go. Raises Throttled at once where the registry has asked for a longer pause
        than a run should take, Interrupted or Terminated when the run is asked to stop."""
        with self._lock:
            now, pace = self._clock.monotonic(), self._pace(registry, action)
            if pace.closed - now > LONGEST_PAUSE:
                raise _closed(registry, action, pace.closed - now)
            seconds = pace.wait(now)
        if seconds:
            self._clock.sleep(timedelta(seconds=seconds))

    def refused(self, registry: Registry, action: str, retry_after: float | None) -> None:
        """The registry answered 429, perhaps with the seconds to wait."""
        with self._lock:
            self._pace(registry, action).refused(self._clock.monotonic(), retry_after or 0.0)

    def _pace(self, registry: Registry, action: str) -> _Pace:
        key = (registry, action)
        if key not in self._paces:
            documented = _documented(registry).get(action)
            full = documented * SHARE if documented else None
            self._paces[key] = _Pace(full, full, looked=self._clock.monotonic())
        return self._paces[key]


def _closed(registry: Registry, action: str, seconds: float) -> Throttled:
    error = Throttled(
        what=f"the registry wants nothing of this kind for {seconds:.0f} s", where=f"{registry} {action}",
        hint="run again later, run fewer jobs at once, or ask AWS for a higher quota",
    )  # fmt: skip
    error.retry_after = seconds
    return error


def _documented(registry: Registry) -> Mapping[str, float]:
    match registry:
        case EcrRegistry():
            return PRIVATE
        case EcrPublicRegistry():
            return PUBLIC
        case _:
            return {}
