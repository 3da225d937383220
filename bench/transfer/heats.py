"""Everything that is to be raced: each scenario at each distance, and who runs."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from bench.transfer.contestants import CONTESTANTS, OURS
from bench.transfer.progress import Stage
from bench.transfer.scenarios import SCENARIOS, Scenario, small, starters, turns


@dataclass(frozen=True)
class Heat:
    """A scenario at a distance, and who runs in which order."""

    name: str
    scenario: Scenario
    rtt: int
    turns: tuple[str, ...]

    @property
    def stage(self) -> Stage:
        """What it takes: the estimate is of a round of everybody, and who goes further alone is one of the fast."""
        seconds = self.scenario.lasts[self.rtt > 0]
        return Stage(self.name, self.rtt, seconds * min(Counter(self.turns).values()))


def present(named: Sequence[str]) -> dict[str, frozenset[str]]:
    """Who is here (of those named), and which jobs each can do. Raises SystemExit for a name that nobody has."""
    if unknown := [who for who in named if who not in CONTESTANTS and who not in OURS]:
        raise SystemExit(f"no contestant {unknown[0]!r}\n  hint: there are {', '.join(sorted({*CONTESTANTS, *OURS}))}")
    found = {who: each.jobs for who, each in CONTESTANTS.items() if (not named or who in named) and each.here}
    if not named or "engine" in named:
        found["engine"] = frozenset(("push", "copy", "retag"))
    return found


def chosen(patterns: Sequence[str]) -> list[str]:
    """The scenarios that a pattern matches; all without patterns. Raises SystemExit for a pattern that matches none."""
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in SCENARIOS):
            raise SystemExit(f"no scenario {pattern!r}\n  hint: there are {'; '.join(SCENARIOS)}")
    return [name for name in SCENARIOS if not patterns or any(fnmatchcase(name, each) for each in patterns)]


def trial(scenario: Scenario, images: int, *, tiny: bool) -> Scenario:
    """The same with at most so many images (0: all), or tiny ones."""
    scenario = small(scenario) if tiny else scenario
    return replace(scenario, images=min(scenario.images, images)) if images else scenario


def heats(
    scenarios: dict[str, Scenario], rtts: Sequence[int], rounds: int, here: dict[str, frozenset[str]]
) -> list[Heat]:
    """All that somebody here can take part in."""
    return [
        Heat(name, scenario, rtt, tuple(turns(scenario, names, rounds)))
        for name, scenario in scenarios.items()
        if (names := starters(scenario, here))
        for rtt in scenario.rtts
        if rtt in rtts
    ]
