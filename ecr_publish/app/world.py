"""The composition root: which adapter stands behind which port, for a run and for a rehearsal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ecr_publish.app.identity import web_identity
from ecr_publish.app.project import Project
from ecr_publish.app.spool import spool
from ecr_publish.run.clock import SimulatedClock, SystemClock, full_jitter
from ecr_publish.run.stop import StopRequest

if TYPE_CHECKING:
    from ecr_publish.aws.session import Sessions
    from ecr_publish.ports import Clock, Ports


@dataclass(frozen=True, slots=True)
class World:
    """The ports of one run, and where canonical hosts really were."""

    ports: Ports
    connections: Callable[[], tuple[tuple[str, str], ...]] = tuple
    created: tuple[str, ...] = ()  # repositories that a rehearsal made, because the file declares them


@dataclass(frozen=True, slots=True)
class Told:
    """What a rehearsal is told about the world: paths of YAML files."""

    findings: str | None = None
    seed: str | None = None
    faults: str | None = None
    named: tuple[str, ...] = ()  # faults by name


def unconcealed(secret: str) -> None:
    """Nobody is asked to hide a secret: nothing of ours prints one."""


def real_world(
    env: Mapping[str, str], *, as_layout: bool = False, conceal: Callable[[str], None] = unconcealed
) -> Callable[[Project, StopRequest], AbstractContextManager[World]]:
    """The world of `run`: AWS by the CI's identity token or the ambient credential chain, the machine's clock.

    `conceal` is told each token and key before it is used; a CI then hides it wherever another program prints it.
    """

    @contextmanager
    def world(project: Project, stop: StopRequest) -> Iterator[World]:
        from ecr_publish.aws.session import Sessions
        from ecr_publish.run.retry import Retry

        clock = SystemClock(stop)
        proxies = {
            scheme: env.get(f"{scheme}_proxy") or env.get(f"{scheme.upper()}_PROXY") or ""
            for scheme in ("https", "http")
        }
        sessions = Sessions(
            run_name=f"ecr-publish-{project.origin.ci}",
            now=clock.now,
            retry=Retry(clock, full_jitter()),
            # code that is not trusted gets no identity, whatever its job could have
            web_identity=web_identity(env, stop, proxies) if project.origin.trusted else None,
            conceal=conceal,
        )
        with ports_of(project, sessions, clock, stop, env, proxies) as ports:
            yield World(replace(ports, as_layout=as_layout))

    return world


def rehearsal_world(
    env: Mapping[str, str], told: Told
) -> Callable[[Project, StopRequest], AbstractContextManager[World]]:
    """The world of `rehearse`: an embedded ECR with a clock of its own. Nothing leaves the machine."""

    @contextmanager
    def world(project: Project, stop: StopRequest) -> Iterator[World]:
        from ecr_publish.aws.session import Explicit, Sessions
        from ecr_publish.local import embedded_ecr
        from ecr_publish.local.told import settings_of
        from ecr_publish.rehearsal import connections, declare
        from ecr_publish.run.retry import Retry

        clock = SimulatedClock(SystemClock(stop).now(), stop)
        with embedded_ecr(settings_of((told.findings, told.seed, told.faults), told.named), clock) as server:
            created = declare(server, project.config, told.seed, project.root)
            sessions = Sessions(Explicit(server.url), now=clock.now, retry=Retry(clock, full_jitter()))
            surroundings = {**env, "ECR_PUBLISH_PUBLIC_ENDPOINT": server.url}
            with ports_of(project, sessions, clock, stop, surroundings, {}) as ports:
                yield World(ports, lambda: connections(server), created)

    return world


@contextmanager
def ports_of(
    project: Project,
    sessions: Sessions,
    clock: Clock,
    stop: StopRequest,
    env: Mapping[str, str],
    proxies: Mapping[str, str],
) -> Iterator[Ports]:
    """The ports of a run: real adapters on these sessions, this clock and these proxies."""
    from ecr_publish.aws.availability import EcrAvailability
    from ecr_publish.aws.credentials import RegistryCredentials
    from ecr_publish.aws.identity import StsIdentities
    from ecr_publish.aws.repositories import EcrRepositories
    from ecr_publish.aws.scans import EcrScans
    from ecr_publish.builders.known import known
    from ecr_publish.engine.images import DockerImages
    from ecr_publish.http.transport import Transport
    from ecr_publish.oci.dockerconfig import DockerLogins
    from ecr_publish.oci.images import RegistryImages
    from ecr_publish.ports import Ports as PortsType

    transport = Transport(stop, proxies=proxies)
    logins = DockerLogins(Path(env.get("DOCKER_CONFIG") or Path(env.get("HOME", "~"), ".docker")), env)
    credentials = RegistryCredentials(
        sessions, clock, public_endpoint=env.get("ECR_PUBLISH_PUBLIC_ENDPOINT"), logins=logins
    )
    images = RegistryImages(transport, credentials, clock, full_jitter(), availability=EcrAvailability(sessions))
    try:
        yield PortsType(
            clock=clock,
            stop=stop,
            identities=StsIdentities(sessions),
            repositories=EcrRepositories(sessions),
            images=images,
            scans=EcrScans(sessions),
            builders=project.plugins.builders,
            engine=DockerImages(env, known(env)),
            gates=project.plugins.gates,
            root=project.root,
            workspace=project.workspace,
            notify=lambda progress: None,
            spool=lambda name: spool(project.workspace, name),
        )
    finally:
        images.close()
