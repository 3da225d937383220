"""What we want of ourselves, and whether a race shows it. Ratios are of medians of one run, to the fastest peer."""

from dataclasses import dataclass
from statistics import median

from bench.transfer.scenarios import FOUR
from bench.transfer.table import Results, Run, is_peer, wall


@dataclass(frozen=True)
class Target:
    """`who` takes at most `times` what the fastest peer takes, and `more` seconds; `cpu` bounds CPU time the same way.
    Of a fleet the peers are the loops."""

    scenario: str
    rtt: int
    who: str
    times: float
    more: float = 0.0
    cpu: float = 0.0
    requests: int = 0


@dataclass(frozen=True)
class Verdict:
    """A target beside what was measured."""

    target: Target
    said: str
    wanted: str
    met: bool


COMMAND = 0.6  # seconds that the whole command may take more than the fastest peer
LARGEST_PEAK = 150  # MB above idle


def _both(scenario: str, rtt: int, times: float, requests: int = 0, cpu: float = 0.0) -> tuple[Target, Target]:
    return (
        Target(scenario, rtt, "engine", times, cpu=cpu, requests=requests),
        Target(scenario, rtt, "ecr-publish", 1.0, COMMAND),
    )


TARGETS = (
    *_both("push M", 30, 0.75),
    *_both("push MULTI", 30, 0.6),
    *_both("push L", 0, 1.1, cpu=2.0),
    *_both("nothing changed M", 30, 1.0, requests=1),
    *_both("copy within, M", 30, 0.6),
    *_both("copy within, MULTI", 30, 0.6),
    *_both("copy between, M", 30, 0.9),
    *_both("retag M", 30, 1.0, requests=2),
    Target("fleet nothing changed", 30, "ecr-publish", 0.25),
    Target("fleet copied within", 30, "ecr-publish", 0.3),
    Target("fleet copied between", 30, "ecr-publish", 0.3),
    *(Target(f"push {size}, engine {age}", 0, "ecr-publish", 0.35) for size in "ML" for age in ("20.10", "26.1")),
    *(Target(f"one layer changed L, engine {age}", 0, "ecr-publish", 0.8) for age in ("20.10", "26.1")),
)


def judged(results: Results) -> tuple[Verdict, ...]:
    """A verdict for each target whose scenario was raced with a peer."""
    verdicts = []
    for target in TARGETS:
        runs = results.get((target.scenario, target.rtt), [])
        peers = {run.who for run in runs if is_peer(run.who) and not run.who.startswith(FOUR)}
        if peers and any(run.who == target.who for run in runs):
            verdicts.append(_judged(target, runs, min(peers, key=lambda who: wall(runs, who))))
    return (*verdicts, *_memory(results))


def _memory(results: Results) -> list[Verdict]:
    """The highest peak of all scenarios above the lowest one, which is as good as idle."""
    verdicts = []
    for who in ("engine", "ecr-publish"):
        peaks = [(run.peak, name) for (name, _), runs in results.items() for run in runs if run.who == who]
        if peaks:
            (most, name), (idle, _) = max(peaks), min(peaks)
            target = Target("peak memory, every scenario", 0, who, 1.0)
            said = f"{most - idle:.0f} MB above {idle:.0f} MB ({name})"
            verdicts.append(Verdict(target, said, f"≤ {LARGEST_PEAK} MB above idle", most - idle <= LARGEST_PEAK))
    return verdicts


def _judged(target: Target, runs: list[Run], best: str) -> Verdict:
    seconds, peer = wall(runs, target.who), wall(runs, best)
    said, wanted = [f"{seconds / peer:.2f} × {best}"], [f"≤ {target.times} ×"]
    met = seconds <= target.times * peer + target.more
    if target.more:
        said, wanted = [f"{best} + {seconds - peer:.2f} s"], [f"≤ + {target.more} s"]
    if target.cpu:
        spent = _cpu(runs, target.who) / max(_cpu(runs, best), 0.01)
        said.append(f"CPU {spent:.1f} ×")
        wanted.append(f"CPU ≤ {target.cpu} ×")
        met = met and spent <= target.cpu
    if target.requests:
        most = max(sum(run.requests.values()) for run in runs if run.who == target.who)
        said.append(f"{most} requests")
        wanted.append(f"{target.requests} requests")
        met = met and most <= target.requests
    return Verdict(target, ", ".join(said), ", ".join(wanted), met)


def _cpu(runs: list[Run], who: str) -> float:
    return median(run.cpu for run in runs if run.who == who)
