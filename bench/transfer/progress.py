"""How far a race is, and how long it still takes."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Stage:
    """One scenario at one distance, and the seconds that it takes on the machine which the estimates are from."""

    name: str
    rtt: int
    seconds: float


class Progress:
    """Says a line as each stage begins; what is left is scaled by how long the stages before took, beside their
    estimates."""

    def __init__(
        self, stages: list[Stage], say: Callable[[str], None], now: Callable[[], float] = time.monotonic
    ) -> None:
        self._stages, self._say, self._now = stages, say, now
        self._began, self._done = now(), 0

    def begin(self) -> None:
        """The next stage begins."""
        stage, spent = self._stages[self._done], self._now() - self._began
        before = sum(each.seconds for each in self._stages[: self._done])
        after = sum(each.seconds for each in self._stages[self._done :])
        left = after * (spent / before if before else 1)
        where = f"{self._done + 1}/{len(self._stages)}"
        self._say(f"{where} {stage.name}, {stage.rtt} ms; {_minutes(spent)} so far, about {_minutes(left)} left")
        self._done += 1


def _minutes(seconds: float) -> str:
    return f"{round(seconds)} s" if seconds < 90 else f"{round(seconds / 60)} min"
