"""The ground of a race: two registries behind meters, engines, a warm process; and one run of one contestant on it."""

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.transfer.contestants import CONTESTANTS
from bench.transfer.engines import Engine
from bench.transfer.payloads import TAG, layouts
from bench.transfer.places import Place
from bench.transfer.projects import write_file, write_result
from bench.transfer.scenarios import FOUR, LOOP, Scenario
from bench.transfer.table import Run
from bench.transfer.warm import Warm

CLOCK = str(Path(__file__).with_name("clock.py"))
Words = dict[str, str]


class Race:
    """In memory where there is room."""

    def __init__(self, base: Path) -> None:
        self.base, self._serial = base, 0
        self._near, self._other = Place(base / "one"), Place(base / "two")
        self._warm = Warm()
        self._engines: dict[str, Engine] = {}
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
        """End every process that was started."""
        self._warm.close()
        for engine in self._engines.values():
            engine.close()
        self._near.close()
        self._other.close()

    def run(self, who: str, scenario: Scenario, rtt: int) -> Run:
        """One contestant, once; `self.log` has its requests to both registries, each in its order."""
        self._serial += 1
        images = self._prepared(who, scenario)
        for place in (self._near, self._other):
            place.measure(rtt / 1000)
        cost = self._cost(who, scenario, images)
        counts = [place.measured() for place in (self._near, self._other)]
        self.log: list[list[str]] = [each["log"] for each in counts]
        tag = "again" if scenario.job == "retag" else TAG
        for words in images:
            # an engine compresses again, and imagetools puts an index around a single image: other digests
            own = scenario.job == "store" or "imagetools" in who
            wanted = "" if own else words["digest"]
            if not self._near.whole(words["target"].partition("/")[2], tag, wanted):
                raise SystemExit(f"{who}: the target does not hold what was sent")
        if scenario.job == "store" and who != "ecr-publish":
            self._engines[scenario.engine].forget(images[0]["image"])
        return Run(who, cost["wall"], cost["cpu"], cost["peak"], *_merged(counts))

    def _prepared(self, who: str, scenario: Scenario) -> list[Words]:
        """Empty registries, then what is to be there before; the words of each image."""
        near, other = self._near, self._other
        for place in (near, other):
            place.empty()
        host = near.host()
        sourcehost = other.host() if scenario.far else host
        found = layouts(scenario.payload, self.base, scenario.images)
        images = [self._words(layout, number, host, sourcehost) for number, layout in enumerate(found)]
        if scenario.job == "store":
            self._fill_store(who, scenario, images[0])
            return images
        old = scenario.there != scenario.payload  # a new version has a tag of its own
        before = layouts(scenario.there, self.base, scenario.images) if scenario.there else ()
        for words, layout in zip(images, before, strict=False):
            near.seed(layout, words["target"].partition("/")[2], "old" if old else TAG)
        for words in images if scenario.job == "copy" else ():
            (other if scenario.far else near).seed(Path(words["layout"]), words["source"].partition("/")[2])
        return images

    def _fill_store(self, who: str, scenario: Scenario, words: Words) -> None:
        """Put the image into the engine; what was there before is pushed by the contestant itself, for the compressed
        bytes are its own."""
        if scenario.engine not in self._engines:
            self._engines[scenario.engine] = Engine(scenario.engine, self.base)
        engine = self._engines[scenario.engine]
        old = words | {"tag": "old", "image": f"{words['target']}:old"}  # a new version has a tag of its own
        for payload, named in [*([(scenario.there, old)] if scenario.there else []), (scenario.payload, words)]:
            loaded = engine.load(layouts(payload, self.base, 1)[0])
            engine.name(loaded, named["image"]) if who != "ecr-publish" else self._left(named, loaded)
            if named is old:
                self._cost(who, scenario, [old])

    def _left(self, words: Words, loaded: str) -> None:
        write_file(Path(words["file"]), "store", [words])
        write_result(Path(words["file"]), words["name"], loaded)

    def _words(self, layout: Path, number: int, host: str, sourcehost: str) -> Words:
        name = f"image{number:03}"
        target = f"{host}/target{self._serial}/{name}"
        root = json.loads((layout / "index.json").read_text(encoding="utf-8"))["manifests"][0]
        return {
            "name": name,
            "layout": str(layout),
            "digest": root["digest"],
            "host": host,
            "sourcehost": sourcehost,
            "source": f"{sourcehost}/source{self._serial}/{name}",
            "target": target,
            "image": f"{target}:{TAG}",
            "tag": TAG,
            "new": "again",
            "file": str(self.base / f"file{self._serial}"),
        }

    def _cost(self, who: str, scenario: Scenario, images: list[Words]) -> dict[str, float]:
        if who == "engine":
            return self._warm.do(scenario.job, images)
        if who == "ecr-publish" and scenario.job != "store":
            write_file(Path(images[0]["file"]), scenario.job, images)
        engine = self._engines.get(scenario.engine)
        if engine is None:
            return self._clocked(self._command(who, scenario, images), {})
        engine.reset()
        before = engine.cost()
        cost = self._clocked(self._command(who, scenario, images), engine.environment)
        after = engine.cost()
        return cost | {"cpu": cost["cpu"] + after["cpu"] - before["cpu"], "peak": max(cost["peak"], after["peak"])}

    def _command(self, who: str, scenario: Scenario, images: list[Words]) -> list[str]:
        """The words of the command; of several images a shell's, unless it is ours."""
        name = who.removeprefix(LOOP).removeprefix(FOUR)
        template = getattr(CONTESTANTS[name], scenario.job)
        if name == who:
            return shlex.split(template.format(**images[0]))
        lines = self.base / f"lines{self._serial}"
        lines.write_text("".join(f"{template.format(**words)}\n" for words in images), encoding="utf-8")
        if who.startswith(LOOP):
            return ["sh", "-e", str(lines)]
        return ["xargs", "-a", str(lines), "-d", "\\n", "-P", "4", "-n", "1", "sh", "-c"]

    def _clocked(self, command: list[str], more: dict[str, str]) -> dict[str, float]:
        done = subprocess.run(
            [sys.executable, "-I", "-S", CLOCK, *command],
            env=self._environment | more,
            capture_output=True,
            text=True,
            check=True,
        )
        cost: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
        if cost["status"]:
            raise SystemExit(f"{shlex.join(command)}: {done.stderr}")
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
