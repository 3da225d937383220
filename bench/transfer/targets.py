"""What we want of ourselves, and whether a race shows it. Ratios are of medians of one run, to the fastest peer."""

from dataclasses import dataclass

from bench.transfer.bound import bound
from bench.transfer.run import Results, Run, best_peer, middle, of, wall
from bench.transfer.scenarios import ENGINES, LOOP, PROMOTION

ANY = -1  # at every distance


@dataclass(frozen=True)
class Target:
    """`who` takes at most `times` what the fastest peer takes (0: however long), and `more` seconds; `cpu` bounds CPU
    time the same way. Of a fleet the peers are the loops. `limit` is what is known to stand in the way."""

    scenario: str
    rtt: int
    who: str
    times: float = 0.0
    more: float = 0.0
    cpu: float = 0.0
    requests: int = 0
    limit: str = ""

    @property
    def distance(self) -> str:
        """For people."""
        return "any" if self.rtt == ANY else str(self.rtt)


@dataclass(frozen=True)
class Verdict:
    """A target beside what was measured."""

    target: Target
    said: str
    wanted: str
    met: bool


COMMAND = 0.6  # seconds that the whole command may take more than the fastest peer
LARGEST_PEAK = 150  # MB above idle
BOUND, LOOPS = 1.3, 0.3  # of a promoted fleet: times what the rates allow, times a loop of crane
START = "Python starts and imports for some 0.4 s, the daemon runs already"


def _both(scenario: str, rtt: int, times: float, requests: int = 0, cpu: float = 0.0, limit: str = "") -> list[Target]:
    return [
        Target(scenario, rtt, "engine", times, cpu=cpu, requests=requests, limit=limit),
        Target(scenario, rtt, "ecr-publish", 1.0, COMMAND),
    ]


def _store(name: str, times: float, limit: str, more: float = 0.0) -> list[Target]:
    return [
        Target(f"{name}, engine {age}", rtt, "ecr-publish", times, more, limit=limit)
        for age in ENGINES
        for rtt in (0, 30)
    ]


TARGETS = (
    *_both("push M", 30, 0.75),
    *_both("push MULTI", 30, 0.6),
    *_both("push L", 0, 1.1, cpu=2.0),
    *(target for rtt in (0, 30) for target in _both("nothing changed M", rtt, 1.0, requests=1)),
    *_both("copy within, M", 30, 0.6),
    *_both("copy within, MULTI", 30, 0.6),
    *_both("copy between, M", 30, 0.9),
    *_both("copy between, MULTI", 30, 0.9),
    *(target for size in ("M", "MULTI") for rtt in (0, 30) for target in _both(f"retag {size}", rtt, 0, requests=2)),
    Target("fleet nothing changed", 30, "ecr-publish", 0.25),
    Target("fleet copied within", 30, "ecr-publish", 0.3),
    Target("fleet copied between", 30, "ecr-publish", 0.3),
    *_store("push M", 0.35, f"{START}; the rest is hashing and storing 150 MB on two cores"),
    *_store("push L", 0.35, ""),
    *_store("one layer changed L", 0.8, f"{START} and remembers what it pushed"),
    *_store("nothing changed M", 1.0, START, COMMAND),
)


def judged(results: Results) -> tuple[Verdict, ...]:
    """A verdict for each target whose scenario was raced with a peer."""
    verdicts = []
    for target in TARGETS:
        runs = results.get((target.scenario, target.rtt), [])
        if any(run.who == target.who for run in runs) and (best := best_peer(runs)):
            verdicts.append(_judged(target, runs, best))
    return (*verdicts, *_promoted(results), *_memory(results))


def _judged(target: Target, runs: list[Run], best: str) -> Verdict:
    if any(run.failed for run in runs if run.who == target.who):
        return Verdict(target, "failed", "success", met=False)
    seconds, peer = wall(runs, target.who), wall(runs, best)
    said, wanted = [f"{seconds / peer:.2f} × {best}"], [f"≤ {target.times} ×"] if target.times else []
    met = not target.times or seconds <= target.times * peer + target.more
    if target.more:
        said, wanted = [f"{best} {seconds - peer:+.2f} s"], [f"≤ + {target.more} s"]
    if target.cpu:
        spent = middle(runs, target.who, lambda run: run.cpu) / max(middle(runs, best, lambda run: run.cpu), 0.01)
        said.append(f"CPU {spent:.1f} ×")
        wanted.append(f"CPU ≤ {target.cpu} ×")
        met = met and spent <= target.cpu
    if target.requests:
        most = max(sum(run.requests.values()) for run in of(runs, target.who))
        said.append(f"{most} request{'s' * (most > 1)}")
        wanted.append(f"{target.requests} request{'s' * (target.requests > 1)}")
        met = met and most <= target.requests
    return Verdict(target, ", ".join(said), ", ".join(wanted), met)


def _promoted(results: Results) -> list[Verdict]:
    """No failure, near the bound of the rates, and a part of a loop of `crane copy`."""
    runs = results.get((PROMOTION, 30), [])
    if not any(run.who == "ecr-publish" for run in runs):
        return []
    target = Target(PROMOTION, 30, "ecr-publish", limit="what comes before the first request of the copies")
    if any(run.failed for run in runs if run.who == "ecr-publish"):
        return [Verdict(target, "failed", "zero failures", met=False)]
    seconds, least = wall(runs, "ecr-publish"), middle(runs, "ecr-publish", lambda run: bound(run.actions).seconds)
    said, wanted = [f"{seconds / least:.2f} × the bound"], [f"≤ {BOUND} × the bound"]
    met = seconds <= BOUND * least
    if of(runs, LOOP + "crane"):
        ratio = seconds / wall(runs, LOOP + "crane")
        said.append(f"{ratio:.2f} × {LOOP}crane")
        wanted.append(f"≤ {LOOPS} × {LOOP}crane")
        met = met and ratio <= LOOPS
    return [Verdict(target, ", ".join(said), ", ".join(wanted), met)]


def _memory(results: Results) -> list[Verdict]:
    """The highest peak of all scenarios above the lowest one, which is as good as idle; and how much of it is taken
    where layers are larger, or more, or images more."""
    verdicts = []
    for who in ("engine", "ecr-publish"):
        peaks = [(run.peak, name) for (name, _), runs in results.items() for run in of(runs, who)]
        if peaks:
            (most, name), (idle, _) = max(peaks), min(peaks)
            grown = [
                f"{peak - idle:.0f} {scenario}"
                for scenario in ("push S", "push M", "push L", "fleet push", PROMOTION)
                if (peak := max((peak for peak, each in peaks if each == scenario), default=0))
            ]
            said = f"{most - idle:.0f} MB above {idle:.0f} MB ({name})"
            said += f"; {', '.join(grown)}" if grown else ""
            target = Target("peak memory, every scenario", ANY, who)
            verdicts.append(Verdict(target, said, f"≤ {LARGEST_PEAK} MB above idle", most - idle <= LARGEST_PEAK))
    return verdicts
