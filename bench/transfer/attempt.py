"""One run of one contestant: what is there before, what it does and costs, and what is there afterwards."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from bench.processes import Cost, clocked
from bench.transfer.engines import Engine
from bench.transfer.jobs import Job, command
from bench.transfer.payloads import TAG, layouts
from bench.transfer.places import Counts, Registries
from bench.transfer.projects import write_file, write_result
from bench.transfer.run import Run
from bench.transfer.scenarios import Scenario
from bench.transfer.seeding import root_of
from bench.transfer.warm import Warm


class Ground(Protocol):
    """What runs have in common."""

    base: Path

    def registries(self, kind: str) -> Registries: ...

    def engine(self, version: str) -> Engine: ...

    def warm(self) -> Warm: ...


class Attempt:
    """Everything of it lies in `room`; `serial` makes its repositories its own."""

    counts: Counts

    def __init__(self, ground: Ground, who: str, scenario: Scenario, room: Path, serial: int) -> None:
        self._who, self._scenario, self._room, self._serial = who, scenario, room, serial
        self._base, self._warm = ground.base, ground.warm() if who == "engine" else None
        self._registries = ground.registries(scenario.registry)
        self._engine = ground.engine(scenario.engine) if scenario.engine else None
        self._registries.empty()
        self._jobs = self._all()
        self._variables = self._environment()

    def run(self, rtt: int) -> Run:
        """Prepare, do it from `rtt` milliseconds away, and look whether it is done."""
        self._prepare()
        daemon = self._daemon()
        self._registries.measure(rtt / 1000)
        cost = self._cost(self._jobs)
        self.counts = self._registries.measured()
        after = self._daemon()
        failed = cost.failed or self._missing()
        return Run(
            self._who,
            cost.wall,
            cost.cpu + after["cpu"] - daemon["cpu"],
            cost.peak,
            self.counts.requests,
            self.counts.connections,
            self.counts.most,
            after["peak"],
            self.counts.actions,
            self.counts.refused,
            failed,
        )

    def _all(self) -> list[Job]:
        addresses = self._registries.addresses()
        far = self._scenario.far
        goals = range(1, far + 1) if far else range(1)
        return [
            Job(
                name=f"image{number:03}",
                layout=layout,
                digest=root_of(layout)["digest"],
                home=addresses[0],
                source=f"source{self._serial}/image{number:03}",
                goal=addresses[goal],
                target=f"target{self._serial}/image{number:03}",
                place=goal,
                file=self._room / "file",
            )
            for number, layout in enumerate(layouts(self._scenario.payload, self._base, self._scenario.images))
            for goal in goals
        ]

    def _environment(self) -> dict[str, str]:
        """Of every command: a home that no other run has written to."""
        docker = self._room / "home" / ".docker"
        docker.mkdir(parents=True)
        (docker / "config.json").write_text("{}", encoding="utf-8")
        own = {
            "PATH": os.environ["PATH"],
            "HOME": str(docker.parent),
            "TMPDIR": str(self._room),
            "DOCKER_CONFIG": str(docker),
            "REGISTRY_AUTH_FILE": str(docker / "config.json"),
            "LC_ALL": "C.UTF-8",
        }
        return own | self._registries.variables() | (self._engine.variables if self._engine else {})

    def _prepare(self) -> None:
        """Repositories, and what is to be there before."""
        scenario, places = self._scenario, self._registries.places
        for place in {job.place for job in self._jobs}:
            self._registries.make(place, [job.target for job in self._jobs if job.place == place])
        if scenario.job == "store":
            self._fill_store()
            return
        before = layouts(scenario.there, self._base, scenario.images) if scenario.there else ()
        for job, layout in zip(self._jobs, before, strict=False):
            places[job.place].seed(layout, job.target, self._old(job).tag)
        if scenario.job == "copy":
            sources = {job.source: job.layout for job in self._jobs}
            self._registries.make(0, list(sources))
            for repository, layout in sources.items():
                places[0].seed(layout, repository)

    def _old(self, job: Job) -> Job:
        """What was there before: another version has a tag of its own."""
        return job if self._scenario.there == self._scenario.payload else replace(job, tag="old")

    def _fill_store(self) -> None:
        """Put the image into the engine; what was there before is pushed by the contestant itself, for the compressed
        bytes are its own."""
        (job,), scenario = self._jobs, self._scenario
        if scenario.there:
            self._in_store(self._old(job), scenario.there)
            if failed := self._cost([self._old(job)]).failed:
                raise SystemExit(failed)
        self._in_store(job, scenario.payload)

    def _in_store(self, job: Job, payload: str) -> None:
        assert self._engine is not None
        loaded = self._engine.load(layouts(payload, self._base, 1)[0])
        if self._who == "ecr-publish":
            write_file(job.file, "store", [job])
            write_result(job.file, job.name, loaded)
        else:
            self._engine.name(loaded, job.image)

    def _daemon(self) -> dict[str, float]:
        """What the engine has cost so far; its peak of memory since the last time."""
        if self._engine is None:
            return {"cpu": 0.0, "peak": 0.0}
        cost = self._engine.cost()
        self._engine.reset()
        return cost

    def _cost(self, jobs: list[Job]) -> Cost:
        if self._warm is not None:
            return self._warm.do(self._scenario.job, jobs)
        if self._who == "ecr-publish" and self._scenario.job != "store":
            write_file(jobs[0].file, self._scenario.job, jobs)
        return clocked(command(self._who, self._scenario.job, jobs, self._room), self._variables)

    def _missing(self) -> str:
        """Why the targets are not what they should be, or nothing."""
        # an engine compresses again, and imagetools puts an index around a single image: other digests
        own = self._scenario.job == "store" or "imagetools" in self._who
        for job in self._jobs:
            tag = job.new if self._scenario.job == "retag" else TAG
            place = self._registries.places[job.place]
            if not place.whole(job.target, tag, "" if own else job.digest):
                return f"{job.goal.host}/{job.target}:{tag} does not hold what was sent"
        return ""
