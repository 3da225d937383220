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
from pathlib import Path

from bench import page
from bench.processes import stoppable
from bench.transfer.contestants import CONTESTANTS, find_clients
from bench.transfer.ground import ground
from bench.transfer.heats import Heat, chosen, heats, present, trial
from bench.transfer.kept import Kept
from bench.transfer.progress import Progress
from bench.transfer.run import Results, of, wall
from bench.transfer.scenarios import SCENARIOS
from bench.transfer.table import text_of
from bench.transfer.targets import judged


def raced(base: Path | None, todo: list[Heat], kept: Kept) -> None:
    """Run all, and keep each when it is over."""
    progress = Progress([heat.stage for heat in todo], say)
    with ground(base) as race:
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


def words(text: str, mark: str = ",") -> tuple[str, ...]:
    """A list on a command line."""
    return tuple(text.split(mark)) if text else ()


def arguments() -> argparse.Namespace:
    """What is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="of each scenario, at most (3)")
    parser.add_argument("--rtt", type=int, nargs="+", default=[0, 30], choices=[0, 30], help="round trip in ms (0 30)")
    parser.add_argument("--only", default="", metavar="A,B", help="contestants; `engine` is the library of ecr-publish")
    parser.add_argument("--scenarios", default="", metavar="X;Y", help="names or patterns, such as 'fleet*;ECR: *'")
    parser.add_argument("--images", type=int, default=0, help="of a fleet, at most; no targets")
    parser.add_argument("--small", action="store_true", help="a check of the race: tiny images, near, once; no targets")
    parser.add_argument("--kept", type=Path, metavar="FILE", help="keep runs there, and go on from there")
    parser.add_argument("--base", type=Path, metavar="DIRECTORY", help="where everything lies (memory, if it has room)")
    parser.add_argument("--write", action="store_true", help="put the tables into bench/README.md")
    asked = parser.parse_args()
    if asked.rounds < 1:
        parser.error("--rounds is at least 1")
    if asked.write and (asked.small or asked.images):
        parser.error("a race with --small or --images is a trial: there is nothing to --write")
    return asked


def about(versions: dict[str, str], minutes: int, results: Results, *, whole: bool) -> str:
    """When, where, who, and what is not in these results."""
    lines = [page.about(), *(f"{who}: {said}" for who, said in versions.items()), f"raced in {minutes} min"]
    absent = [who for who, each in CONTESTANTS.items() if who not in versions and not each.here]
    missing = [
        f"{name} ({rtt} ms)" for name, each in SCENARIOS.items() for rtt in each.rtts if (name, rtt) not in results
    ]
    lines += [f"absent: {', '.join(absent)}"] if absent else []
    lines += [f"not raced: {', '.join(missing)}"] if missing and whole else []
    return "; ".join(lines)


def main() -> int:
    """Run, print the tables, and write them where it was asked for."""
    asked = arguments()
    find_clients()
    here = present(words(asked.only))
    is_trial = bool(asked.small or asked.images)
    versions = {who: CONTESTANTS[who].told_version() for who in here if who in CONTESTANTS}
    kept = Kept(asked.kept, versions | {"rounds": str(asked.rounds), "images": f"{asked.images} {asked.small}"})
    scenarios = {
        name: trial(SCENARIOS[name], asked.images, tiny=asked.small) for name in chosen(words(asked.scenarios, ";"))
    }
    every = heats(scenarios, asked.rtt, asked.rounds, here)
    todo = [heat for heat in every if asked.scenarios or (heat.name, heat.rtt) not in kept.results]
    with stoppable():
        raced(asked.base, todo, kept)
    results = ordered(kept.results)
    verdicts = () if is_trial else judged(results)
    text = text_of(results, about(versions, kept.minutes, results, whole=asked.write), verdicts)
    print(text)
    if asked.write:
        page.replaced(page.README, "race", text)
    failed = any(run.failed for runs in results.values() for run in runs)
    return 1 if failed or any(not each.met for each in verdicts) else 0


if __name__ == "__main__":
    sys.exit(main())
