"""The ground of a race: registries, engines, a warm process, each begun when it is first needed."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.processes import undisturbed
from bench.transfer.attempt import Attempt
from bench.transfer.embedded import EcrRegistries
from bench.transfer.engines import Engine
from bench.transfer.places import Registries
from bench.transfer.plain import PlainRegistries
from bench.transfer.run import Run
from bench.transfer.scenarios import PLAIN, Scenario
from bench.transfer.warm import Warm

ROOM = 12 << 30  # bytes: for L, twice in an engine, and in a registry


class Race:
    """What contestants have in common; `base` is a directory for all of it. Every process ends with `begun`."""

    def __init__(self, begun: ExitStack, base: Path) -> None:
        self.base, self._serial, self._begun = base, 0, begun
        self._registries: dict[str, Registries] = {}
        self._engines: dict[str, Engine] = {}
        self._warm: Warm | None = None

    def run(self, who: str, scenario: Scenario, rtt: int) -> Run:
        """One contestant, once; `self.logs` has its requests to each registry, in their order."""
        self._serial += 1
        room = self.base / f"run{self._serial}"
        room.mkdir()
        try:
            attempt = Attempt(self, who, scenario, room, self._serial)
            run = attempt.run(rtt)
            self.logs = attempt.counts.logs
        finally:
            if scenario.engine in self._engines:
                self._engines[scenario.engine].forget()
            shutil.rmtree(room)
        return run

    def registries(self, kind: str) -> Registries:
        """All of one kind."""
        if kind not in self._registries:
            make = PlainRegistries if kind == PLAIN else EcrRegistries
            self._registries[kind] = make(self._begun, self.base)
        return self._registries[kind]

    def engine(self, version: str) -> Engine:
        """A Docker engine of that age."""
        if version not in self._engines:
            self._engines[version] = Engine(self._begun, version, self.base)
        return self._engines[version]

    def warm(self) -> Warm:
        """The engine of ecr-publish."""
        if self._warm is None:
            self._warm = Warm(self._begun)
        return self._warm


@contextmanager
def ground(parent: Path | None = None) -> Iterator[Race]:
    """A race in a temporary directory that is removed, in memory where there is room; every process that it starts is
    ended."""
    memory = Path("/dev/shm")
    if parent is None and memory.is_dir() and shutil.disk_usage(memory).free > ROOM:
        parent = memory
    with ExitStack() as begun:
        with undisturbed():
            base = begun.enter_context(tempfile.TemporaryDirectory(prefix="race-", dir=parent))
        yield Race(begun, Path(base))
