"""What one run cost, and medians of several."""

from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median

from bench.transfer.contestants import OURS
from bench.transfer.scenarios import FOUR


@dataclass(frozen=True)
class Run:
    """Seconds, seconds of CPU (an engine's too), MB of the command, requests by class, connections, most requests at
    once; MB of an engine; on ECR requests by account, region and action, and how many of them were refused (429); why
    it failed."""

    who: str
    wall: float
    cpu: float
    peak: float
    requests: dict[str, int]
    connections: int
    most: int
    daemon: float = 0.0
    actions: dict[str, int] = field(default_factory=dict)
    refused: int = 0
    failed: str = ""


Results = dict[tuple[str, int], list[Run]]  # by scenario and round trip in ms


def of(runs: list[Run], who: str) -> list[Run]:
    """A contestant's runs that succeeded."""
    return [run for run in runs if run.who == who and not run.failed]


def middle(runs: list[Run], who: str, figure: Callable[[Run], float]) -> float:
    """A contestant's median of a figure."""
    return median(figure(run) for run in of(runs, who))


def wall(runs: list[Run], who: str) -> float:
    """A contestant's median seconds."""
    return middle(runs, who, lambda run: run.wall)


def best_peer(runs: list[Run]) -> str:
    """The fastest of the others, who do it once after another; empty if there is none."""
    peers = {run.who for run in runs if not run.failed and run.who not in OURS and not run.who.startswith(FOUR)}
    return min(peers, key=lambda who: wall(runs, who), default="")
