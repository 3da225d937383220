"""A fault at every request of a push of several platforms, and of a copy to another account and region.

Each run ends well or in an error of ours; what a tag names is whole; a second run ends well and sends no blob again
that the registry has acknowledged. Every index of every kind takes minutes: a sample here, all of them with
ECR_PUBLISH_SWEEP=all.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ecr_publish.errors import PublishError
from ecr_publish.local.faults import Fault
from ecr_publish.model.registry import Repository
from ecr_publish.model.target import Target
from ecr_publish.ports.images import Pushed
from tests.contract.oci.registries import HERE, THERE, World, world
from tests.contract.oci.test_failures import whole
from tests.unit.oci.layouts import multi

APART = 1 if os.environ.get("ECR_PUBLISH_SWEEP") == "all" else 9
STALLED = 0.15  # seconds until a silent connection is cut
ALWAYS = 1000  # times: for as long as the run asks
FAULTS = {
    "429 once": Fault("status", status=429),
    "500 once": Fault("status", status=500),
    "a reset in the body once": Fault("cut", after=1),
    "an expired token once": Fault("expired"),
    "a stall once": Fault("hang", seconds=2 * STALLED),
    "429 from there on": Fault("status", status=429, times=ALWAYS),
    "500 from there on": Fault("status", status=500, times=ALWAYS),
    "resets from there on": Fault("cut", after=1, times=ALWAYS),
    "expired tokens from there on": Fault("expired", times=ALWAYS),
    "stalls from there on": Fault("hang", seconds=2 * STALLED, times=ALWAYS),
}


class Counted(dict[str, int]):
    """The blobs of a repository, and how often each was uploaded to its end."""

    def __init__(self) -> None:
        super().__init__()
        self.acknowledged: Counter[str] = Counter()

    def __setitem__(self, digest: str, size: int) -> None:
        self.acknowledged[digest] += 1
        super().__setitem__(digest, size)


@dataclass
class Job:
    """A push or a copy into a new repository of `target`."""

    ecr: World
    target: Target
    act: Callable[[Repository], Pushed]
    length: int = 0

    def run(self, repository: Repository) -> PublishError | None:
        """The classified error, or None. Anything else is a failure of the test."""
        try:
            self.act(repository)
        except PublishError as error:
            return error
        return None


@pytest.fixture(params=["push", "copy"])
def job(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Job]:
    with world(stalled=STALLED) as ecr:
        layout = multi(tmp_path)
        if request.param == "push":
            made = Job(ecr, HERE, lambda repository: ecr.push(layout, repository, "1.0", "latest"))
        else:
            pushed = ecr.push(layout, ecr.create("source"), "1.0")
            made = Job(ecr, THERE, lambda repository: ecr.copy(pushed, repository, "1.0", "latest"))
        before = len(ecr.requests)
        made.act(ecr.create("probe", made.target))
        made.length = len(ecr.requests) - before
        yield made


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_at_any_request_heals_or_is_named_and_a_second_run_finishes_without_sending_twice(job: Job, kind: str):
    ecr, fault = job.ecr, FAULTS[kind]
    ends: Counter[str] = Counter()
    for index in range(list(FAULTS).index(kind) % APART, job.length, APART):
        repository, first = ecr.create(f"web{index}", job.target), len(ecr.requests)
        stored = ecr.stored(repository, job.target)
        stored.layers = layers = Counted()
        ecr.ecr.script.faults[:] = [Fault(fault.kind, first + index, "*", fault.times, fault.status, fault.after,
                                          fault.seconds)]  # fmt: skip
        error = job.run(repository)
        ends[type(error).__name__ if error else "success"] += 1
        assert error is None or fault.times == ALWAYS, f"request {index}: {error}"
        assert error is None or 2 <= error.exit_code <= 9, f"request {index}: {error!r}"
        assert whole(ecr, repository, job.target), f"request {index}"
        ecr.ecr.script.faults.clear()
        assert job.run(repository) is None
        assert set(layers.acknowledged.values()) == {1}, f"request {index}: {layers.acknowledged}"
        assert set(ecr.tags(repository, job.target)) == {"1.0", "latest"}
        assert whole(ecr, repository, job.target)
    print(f"{kind}: {dict(ends)}")
