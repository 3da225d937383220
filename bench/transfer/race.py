"""Races clients at pushing, copying and tagging images: the same jobs, the same registries, side by side.

    python -m bench.transfer.race --kept FILE --write

Takes whichever contestants this machine has (`.ci/clients.sh` brings them); docker-registry must be there, and skopeo
where an engine takes part. Every run gets empty registries behind ports that no client's cache has heard of, and a home
of its own; the contestants take turns within each round. After each run the target is read back: the tag must name the
source's very digest, with everything below it. Ends with 1 if a target is missed or a run failed.

With `--kept FILE` it can be ended and begun again: what the file has is not raced again, unless `--scenarios` names it.
"""

import argparse
import sys
import time
from collections import Counter
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

from bench import page
from bench.processes import stoppable
from bench.transfer.contestants import CONTESTANTS, find_clients
from bench.transfer.ground import ground
from bench.transfer.kept import Kept
from bench.transfer.progress import Progress, Stage
from bench.transfer.run import Results, of, wall
from bench.transfer.scenarios import SCENARIOS, Scenario, small, starters, turns
from bench.transfer.table import text_of
from bench.transfer.targets import judged


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


def present(named: list[str]) -> dict[str, frozenset[str]]:
    """Who is here, and which jobs each can do."""
    found = {who: each.jobs for who, each in CONTESTANTS.items() if (not named or who in named) and each.here}
    if not named or "engine" in named:
        found["engine"] = frozenset(("push", "copy", "retag"))
    return found


def chosen(patterns: list[str]) -> list[str]:
    """The scenarios that a pattern matches; all without patterns. Raises SystemExit for a pattern that matches none."""
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in SCENARIOS):
            raise SystemExit(f"no scenario {pattern!r}\n  hint: there are {'; '.join(SCENARIOS)}")
    return [name for name in SCENARIOS if not patterns or any(fnmatchcase(name, each) for each in patterns)]


def heats(asked: argparse.Namespace, here: dict[str, frozenset[str]]) -> list[Heat]:
    """Everything that is asked for."""
    found = []
    for name in chosen(asked.scenarios.split(";") if asked.scenarios else []):
        scenario = SCENARIOS[name]
        if asked.small:
            scenario = small(scenario)
        if asked.images:
            scenario = replace(scenario, images=min(scenario.images, asked.images))
        names = starters(scenario, here)
        distances = [int(each) for each in asked.rtt.split(",") if int(each) in scenario.rtts]
        found += [Heat(name, scenario, rtt, tuple(turns(scenario, names, asked.rounds))) for rtt in distances if names]
    return found


def raced(asked: argparse.Namespace, todo: list[Heat], kept: Kept) -> None:
    """Run all, and keep each when it is over."""
    progress = Progress([heat.stage for heat in todo], say)
    with ground(asked.base) as race:
        for heat in todo:
            progress.begin()
            began, runs = time.monotonic(), []
            for who in heat.turns:
                runs.append(race.run(who, heat.scenario, heat.rtt))
                if runs[-1].failed:
                    say(f"  {who} failed: {runs[-1].failed[-2000:]}")
            kept.keep(heat.name, heat.rtt, time.monotonic() - began, runs)
            fastest = sorted((wall(runs, who), who) for who in set(heat.turns) if of(runs, who))
            say("  " + ", ".join(f"{who} {seconds:.3f}" for seconds, who in fastest))


def say(line: str) -> None:
    """For whoever waits."""
    print(line, file=sys.stderr, flush=True)


def ordered(results: Results) -> Results:
    """As the scenarios are listed."""
    order = list(SCENARIOS)
    return dict(sorted(results.items(), key=lambda each: (order.index(each[0][0]), each[0][1])))


def main() -> int:
    """Run, print the tables, and write them where it was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="of each scenario, at most (3)")
    parser.add_argument("--rtt", default="0,30", help="round trips in ms (0,30)")
    parser.add_argument("--only", default="", metavar="A,B", help="contestants; `engine` is the library of ecr-publish")
    parser.add_argument("--scenarios", default="", metavar="X;Y", help="names or patterns, such as 'fleet*;ECR: *'")
    parser.add_argument("--images", type=int, default=0, help="of a fleet, at most; no targets")
    parser.add_argument("--small", action="store_true", help="a check of the race: tiny images, near, once; no targets")
    parser.add_argument("--kept", type=Path, metavar="FILE", help="keep runs there, and go on from there")
    parser.add_argument(
        "--base", type=Path, metavar="DIRECTORY", help="where everything lies (in memory if it has room)"
    )
    parser.add_argument("--write", action="store_true", help="put the tables into bench/README.md")
    asked = parser.parse_args()
    trial = asked.small or asked.images
    if trial and asked.write:
        parser.error("a race with --small or --images is a trial: there is nothing to --write")
    find_clients()
    here = present(asked.only.split(",") if asked.only else [])
    versions = {who: CONTESTANTS[who].told_version() for who in here if who in CONTESTANTS}
    every = heats(asked, here)
    kept = Kept(asked.kept, versions | {"rounds": str(asked.rounds), "trial": str(trial)})
    todo = [heat for heat in every if asked.scenarios or (heat.name, heat.rtt) not in kept.results]
    with stoppable():
        raced(asked, todo, kept)
    results = ordered(kept.results)
    verdicts = () if trial else judged(results)
    absent = [who for who, each in CONTESTANTS.items() if who not in here and not each.here]
    about = [page.about(), *(f"{who}: {said}" for who, said in versions.items()), f"raced in {kept.minutes} min"]
    about += [f"absent: {', '.join(absent)}"] if absent else []
    text = text_of(results, "; ".join(about), verdicts)
    print(text)
    if asked.write:
        page.replaced(page.README, "race", text)
    failed = any(run.failed for runs in results.values() for run in runs)
    return 1 if failed or any(not each.met for each in verdicts) else 0


if __name__ == "__main__":
    sys.exit(main())
