"""The warm process of the engine, from outside."""

import json
from collections.abc import Sequence
from contextlib import ExitStack

from bench.processes import Cost, Helper
from bench.transfer.jobs import Job
from bench.transfer.places import Address


class Warm:
    """The transfer engine of ecr-publish in a process that is warm."""

    def __init__(self, begun: ExitStack) -> None:
        self._process = Helper(begun, "bench.transfer.engine")

    def do(self, kind: str, jobs: Sequence[Job]) -> Cost:
        """One job for all images; its cost."""
        return Cost(**json.loads(self._process.ask(json.dumps([kind, [_told(kind, job) for job in jobs]]))))


def _told(kind: str, job: Job) -> list[object]:
    goal = [_place(job.goal), job.target]
    match kind:
        case "push":
            return [str(job.layout), *goal, job.tag]
        case "copy":
            return [job.digest, _place(job.home), job.source, *goal, job.tag]
        case _:
            return [job.digest, *goal, job.new]


def _place(address: Address) -> list[str]:
    return [address.host, address.authorization, address.account, address.region]
