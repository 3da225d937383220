"""Races clients at pushing, copying and tagging images: the same jobs, the same registry, side by side.

    python -m bench.transfer.race [--rounds 5] [--rtt 0,30] [--only A,B] [--scenarios "X;Y"] [--write]

Needs docker-registry and skopeo (Debian) and takes whichever of crane, regctl and oras are on PATH. Every run gets
empty registries behind a port that no client's cache has heard of; the contestants take turns within each round. After
each run the target is read back: the tag must name the source's very digest, with everything below it. `--write` puts
the table into bench/README.md.
"""

import argparse
import json
import os
import platform
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.transfer.contestants import CONTESTANTS, Engine, write_file
from bench.transfer.payloads import TAG, make
from bench.transfer.places import Place
from bench.transfer.table import Run, table, write

CLOCK = str(Path(__file__).with_name("clock.py"))


@dataclass(frozen=True)
class Scenario:
    """A job (push, copy, retag) with a payload; `there` is what the target repository holds already."""

    payload: str
    job: str
    there: str = ""
    far: bool = False  # the source is in another registry
    rtts: tuple[int, ...] = (0, 30)


SCENARIOS = {
    "push S": Scenario("S", "push"),
    "push M": Scenario("M", "push"),
    "push MULTI": Scenario("MULTI", "push"),
    "push L": Scenario("L", "push", rtts=(0,)),
    "nothing changed M": Scenario("M", "push", there="M"),
    "one layer changed M": Scenario("M2", "push", there="M"),
    "copy within, M": Scenario("M", "copy"),
    "copy within, MULTI": Scenario("MULTI", "copy"),
    "copy between, M": Scenario("M", "copy", far=True),
    "retag M": Scenario("M", "retag", there="M"),
    "retag MULTI": Scenario("MULTI", "retag", there="MULTI"),
}


class Race:
    """The ground of one race, in memory where there is room."""

    def __init__(self, base: Path) -> None:
        self._base, self._serial = base, 0
        self._places = (Place(base / "one"), Place(base / "two"))
        self._engine = Engine()
        home = base / "home"
        home.mkdir()
        (home / "auth.json").write_text("{}", encoding="utf-8")
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "TMPDIR": str(base),
            "REGISTRY_AUTH_FILE": str(home / "auth.json"),
            "LC_ALL": "C.UTF-8",
        }

    def close(self) -> None:
        self._engine.close()
        for place in self._places:
            place.close()

    def run(self, who: str, scenario: Scenario, rtt: int) -> Run:
        """One contestant, once."""
        self._serial += 1
        near, other = self._places
        source, target = f"source{self._serial}/image", f"target{self._serial}/image"
        for place in self._places:
            place.empty()
        if scenario.there:
            changed = scenario.there != scenario.payload  # a new version has a tag of its own
            near.seed(make(scenario.there, self._base), target, "old" if changed else TAG)
        if scenario.job == "copy":
            (other if scenario.far else near).seed(make(scenario.payload, self._base), source)
        words = self._words(scenario, source, target)
        for place in self._places:
            place.measure(rtt / 1000)
        cost = self._cost(who, scenario.job, words)
        counts = [place.measured() for place in self._places]
        layout = json.loads((make(scenario.payload, self._base) / "index.json").read_text(encoding="utf-8"))
        wanted = layout["manifests"][0]["digest"]
        if not near.whole(target, words["new"] if scenario.job == "retag" else TAG, wanted):
            raise SystemExit(f"{who}: the target does not hold what was sent")
        return Run(who, cost["wall"], cost["cpu"], cost["peak"], *_merged(counts))

    def _words(self, scenario: Scenario, source: str, target: str) -> dict[str, str]:
        near, other = self._places
        host = near.host()
        sourcehost = other.host() if scenario.far else host
        return {
            "layout": str(make(scenario.payload, self._base)),
            "host": host,
            "sourcehost": sourcehost,
            "source": f"{sourcehost}/{source}",
            "target": f"{host}/{target}",
            "tag": TAG,
            "new": "again",
            "file": str(self._base / f"file{self._serial}"),
        }

    def _cost(self, who: str, job: str, words: dict[str, str]) -> dict[str, float]:
        if who == "engine":
            return self._engine.do(job, words)
        if who == "ecr-publish":
            write_file(Path(words["file"]), job, words)
        command = shlex.split(getattr(CONTESTANTS[who], job).format(**words))
        done = subprocess.run(
            [sys.executable, "-I", "-S", CLOCK, *command],
            env=self._environment,
            capture_output=True,
            text=True,
            check=True,
        )
        cost: dict[str, float] = json.loads(done.stdout)
        if cost["status"]:
            raise SystemExit(f"{who}: {shlex.join(command)}: {done.stderr}")
        return cost


def _merged(counts: list[dict[str, Any]]) -> tuple[dict[str, int], int, int]:
    requests: dict[str, int] = {}
    for each in counts:
        for name, number in each["requests"].items():
            requests[name] = requests.get(name, 0) + number
    return requests, sum(each["connections"] for each in counts), max(each["most"] for each in counts)


@contextmanager
def ground() -> Iterator[Race]:
    """A race in a temporary directory that is removed; every process that it starts is ended."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 8 << 30
    with tempfile.TemporaryDirectory(prefix="race-", dir=memory if roomy else None) as base:
        race = Race(Path(base))
        try:
            yield race
        finally:
            race.close()


def main() -> None:
    """Run, print the table, and write it where it was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rtt", default="0,30")
    parser.add_argument("--only", default="")
    parser.add_argument("--scenarios", default="")
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    everybody = [*CONTESTANTS, "engine"]
    named = asked.only.split(",") if asked.only else everybody
    present = [who for who in everybody if who in named and (who == "engine" or CONTESTANTS[who].here)]
    names = asked.scenarios.split(";") if asked.scenarios else list(SCENARIOS)
    results: dict[tuple[str, int], list[Run]] = {}
    with ground() as race:
        for name in names:
            for rtt in [int(each) for each in asked.rtt.split(",") if int(each) in SCENARIOS[name].rtts]:
                runs = results.setdefault((name, rtt), [])
                for number in range(asked.rounds):
                    turn = number % len(present)
                    runs += [race.run(who, SCENARIOS[name], rtt) for who in present[turn:] + present[:turn]]
                middle = {who: statistics.median(run.wall for run in runs if run.who == who) for who in present}
                print(name, rtt, {who: round(wall, 3) for who, wall in middle.items()}, file=sys.stderr, flush=True)
    versions = [f"{who}: {CONTESTANTS[who].told_version()}" for who in present if who != "engine"]
    about = (
        f"{datetime.now(UTC).date()}; {os.cpu_count()} cores, Linux {platform.release()}, "
        f"Python {platform.python_version()}; {'; '.join(versions)}"
    )
    text = table(results, about, tuple(who for who in present if who in CONTESTANTS and CONTESTANTS[who].peer))
    print(text)
    if asked.write:
        write(text)


if __name__ == "__main__":
    main()
