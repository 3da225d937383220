"""Races clients at pushing, copying and tagging images: the same jobs, the same registry, side by side.

    python -m bench.transfer.race [--rounds 5] [--rtt 0,30] [--only A,B] [--scenarios "X;Y"] [--small] [--write]
                                  [--kept FILE]

Needs docker-registry and skopeo (Debian) and takes whichever of crane, regctl, oras, docker-buildx, docker and
docker-26 are on PATH (`.ci/clients.sh` brings them). Every run gets empty registries behind a port that no client's
cache has heard of; the contestants take turns within each round. After each run the target is read back: the tag must
name the source's very digest, with everything below it. `--write` puts the table into bench/README.md; `--small` is a
check of the race itself: one round of the small payloads, a fleet of six. Ends with 1 if a target is missed.

`--kept FILE` keeps each scenario when it is over, and takes those that the file has and that are not asked for into the
table: the whole race takes an hour, and a scenario's contestants are compared with nobody outside of it.
"""

import argparse
import json
import os
import platform
import sys
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from bench.transfer.contestants import CONTESTANTS
from bench.transfer.ground import Race, ground
from bench.transfer.scenarios import FOUR, LOOP, SCENARIOS, Scenario, takes_part
from bench.transfer.table import Results, Run, table, write
from bench.transfer.targets import judged

JOBS = ("push", "copy", "retag", "store")
SMALL = ("push S", "push MULTI", "copy within, MULTI", "retag MULTI", "fleet push", "fleet nothing changed")


def present(named: list[str]) -> dict[str, frozenset[str]]:
    """Who is here, and which jobs each can do."""
    found = {
        who: frozenset(job for job in JOBS if getattr(each, job))
        for who, each in CONTESTANTS.items()
        if each.here and (not named or who in named)
    }
    if not named or "engine" in named:
        found["engine"] = frozenset(("push", "copy", "retag"))
    return found


def starters(scenario: Scenario, here: dict[str, frozenset[str]]) -> list[str]:
    """The contestants of a scenario; of several images each peer takes part twice."""
    names = [who for who, jobs in here.items() if takes_part(who, jobs, scenario)]
    if scenario.images == 1:
        return names
    ours = [who for who in names if who in ("engine", "ecr-publish")]
    peers = [who for who in names if who not in ours]
    return [*ours, *(LOOP + who for who in peers), *(FOUR + who for who in peers)]


def raced(race: Race, scenario: Scenario, rtt: int, rounds: int, names: list[str]) -> list[Run]:
    """All rounds of one scenario at one distance."""
    runs: list[Run] = []
    for number in range(min(rounds, scenario.rounds)):
        turn = number % len(names)
        runs += [race.run(who, scenario, rtt) for who in names[turn:] + names[:turn]]
    return runs


def about(here: dict[str, frozenset[str]]) -> str:
    """When, where and who."""
    versions = [f"{who}: {CONTESTANTS[who].told_version()}" for who in here if who != "engine"]
    return (
        f"{datetime.now(UTC).date()}; {os.cpu_count()} cores, Linux {platform.release()}, "
        f"Python {platform.python_version()}; {'; '.join(versions)}"
    )


def kept(file: Path | None, chosen: dict[str, Scenario]) -> Results:
    """The runs of an earlier race, but for the scenarios that are raced now."""
    if file is None or not file.exists():
        return {}
    found = json.loads(file.read_text())
    return {(name, rtt): [Run(**run) for run in runs] for name, rtt, runs in found if name not in chosen}


def keep(file: Path | None, results: Results) -> None:
    """Write all runs so far."""
    if file is not None:
        file.write_text(
            json.dumps([[name, rtt, [asdict(run) for run in runs]] for (name, rtt), runs in results.items()])
        )


def main() -> int:
    """Run, print the table, and write it where it was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rtt", default="0,30")
    parser.add_argument("--only", default="")
    parser.add_argument("--scenarios", default="")
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--kept", type=Path)
    asked = parser.parse_args()
    here = present(asked.only.split(",") if asked.only else [])
    names = asked.scenarios.split(";") if asked.scenarios else list(SMALL if asked.small else SCENARIOS)
    chosen = {name: SCENARIOS[name] for name in names}
    if asked.small:
        chosen = {name: replace(each, images=min(each.images, 6), rounds=1) for name, each in chosen.items()}
    results = kept(asked.kept, chosen)
    with ground() as race:
        for name, scenario in chosen.items():
            for rtt in [int(each) for each in asked.rtt.split(",") if int(each) in scenario.rtts]:
                if not (racing := starters(scenario, here)):
                    continue
                runs = results[name, rtt] = raced(race, scenario, rtt, asked.rounds, racing)
                keep(asked.kept, results)
                middle = {who: median(run.wall for run in runs if run.who == who) for who in racing}
                print(name, rtt, {who: round(wall, 3) for who, wall in middle.items()}, file=sys.stderr, flush=True)
    order = list(SCENARIOS)
    results = dict(sorted(results.items(), key=lambda each: (order.index(each[0][0]), each[0][1])))
    verdicts = judged(results)
    text = table(results, about(here), verdicts)
    print(text)
    if asked.write:
        write(text)
    return 1 if any(not each.met for each in verdicts) else 0


if __name__ == "__main__":
    sys.exit(main())
