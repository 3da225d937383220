"""The world of a rehearsal: the same adapters in front of an embedded ECR."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, replace

from ecr_publish.app.layouts import LayoutDirectories
from ecr_publish.app.project import Project
from ecr_publish.app.spool import spool
from ecr_publish.app.world import World, ports_of
from ecr_publish.aws.isolated import Explicit
from ecr_publish.aws.session import Sessions
from ecr_publish.http.live import Live
from ecr_publish.http.route import Route
from ecr_publish.local import embedded_ecr
from ecr_publish.local.told import settings_of
from ecr_publish.rehearsal import connections, declare
from ecr_publish.run.clock import SimulatedClock, SystemClock, full_jitter
from ecr_publish.run.retry import Retry
from ecr_publish.run.stop import StopRequest


@dataclass(frozen=True, slots=True)
class Told:
    """What a rehearsal is told about the world: paths of YAML files."""

    findings: str | None = None
    seed: str | None = None
    faults: str | None = None
    named: tuple[str, ...] = ()  # faults by name


def rehearsal_world(
    env: Mapping[str, str], told: Told
) -> Callable[[Project, StopRequest], AbstractContextManager[World]]:
    """The world of `rehearse`: an embedded ECR with a clock of its own. Nothing leaves the machine, and what is built
    goes with the rehearsal: layouts that `build` left for a later `push` stay as they are."""

    @contextmanager
    def world(project: Project, stop: StopRequest) -> Iterator[World]:
        clock = SimulatedClock(SystemClock(stop).now(), stop)
        with embedded_ecr(settings_of((told.findings, told.seed, told.faults), told.named), clock) as server:
            created = declare(server, project.config, told.seed, project.root)
            retry, live = Retry(clock, full_jitter()), Live(stop)
            sessions = Sessions(Explicit(server.url), now=clock.now, retry=retry, live=live)
            surroundings = {**env, "ECR_PUBLISH_PUBLIC_ENDPOINT": server.url}
            with (
                spool(project.workspace, "rehearsal") as workspace,
                closing(LayoutDirectories(workspace)) as layouts,
                ports_of(project, sessions, clock, stop, surroundings, Route()) as ports,
            ):
                own = replace(ports, workspace=workspace, layouts=layouts)
                yield World(own, lambda: connections(server), created)

    return world
