"""World: which adapter stands behind which port, and the world of a real run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ecr_publish.app.late import LateArchives, LateEngine, LateScans
from ecr_publish.run.clock import SystemClock, full_jitter

if TYPE_CHECKING:
    from ecr_publish.app.project import Project
    from ecr_publish.aws.session import Sessions
    from ecr_publish.http.route import Route
    from ecr_publish.ports.building import ArchivedImages, EngineImages
    from ecr_publish.ports.bundle import Ports
    from ecr_publish.ports.clock import Clock
    from ecr_publish.ports.judging import ScanSource
    from ecr_publish.run.stop import StopRequest


@dataclass(frozen=True, slots=True)
class World:
    """The ports of one run, and where canonical hosts really were."""

    ports: Ports
    connections: Callable[[], tuple[tuple[str, str], ...]] = tuple
    created: tuple[str, ...] = ()  # repositories that a rehearsal made, because the file declares them


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
        from ecr_publish.app.identity import web_identity
        from ecr_publish.aws.session import Sessions
        from ecr_publish.http.live import Live
        from ecr_publish.http.route import route_of
        from ecr_publish.run.retry import Retry

        clock = SystemClock(stop)
        route = route_of(env)
        sessions = Sessions(
            run_name=f"ecr-publish-{project.origin.ci}",
            now=clock.now,
            retry=Retry(clock, full_jitter()),
            # code that is not trusted gets no identity, whatever its job could have
            web_identity=web_identity(env, stop, route) if project.origin.trusted else None,
            conceal=conceal,
            live=Live(stop),
        )
        with ports_of(project, sessions, clock, stop, env, route) as ports:
            yield World(replace(ports, as_layout=as_layout))

    return world


@contextmanager
def ports_of(
    project: Project,
    sessions: Sessions,
    clock: Clock,
    stop: StopRequest,
    env: Mapping[str, str],
    route: Route,
) -> Iterator[Ports]:
    """The ports of a run: real adapters on these sessions, this clock and this route."""
    from ecr_publish.app.layouts import LayoutDirectories
    from ecr_publish.aws.availability import EcrAvailability
    from ecr_publish.aws.credentials import RegistryCredentials
    from ecr_publish.aws.identity import StsIdentities
    from ecr_publish.aws.repositories import EcrRepositories
    from ecr_publish.http.transport import Transport
    from ecr_publish.oci.dockerconfig import DockerLogins
    from ecr_publish.oci.images import RegistryImages
    from ecr_publish.ports.bundle import Ports as PortsType

    transport = Transport(stop, route=route)
    logins = DockerLogins(Path(env.get("DOCKER_CONFIG") or Path(env.get("HOME", "~"), ".docker")), env, stop.check)
    credentials = RegistryCredentials(
        sessions, clock, public_endpoint=env.get("ECR_PUBLISH_PUBLIC_ENDPOINT"), logins=logins
    )
    images = RegistryImages(transport, credentials, clock, full_jitter(), availability=EcrAvailability(sessions))
    with closing(images), closing(LayoutDirectories(project.workspace)) as layouts:
        yield PortsType(
            clock=clock,
            stop=stop,
            identities=StsIdentities(sessions),
            repositories=EcrRepositories(sessions, clock),
            images=images,
            scans=LateScans(lambda: _scans(sessions)),
            builders=project.plugins.builders,
            engine=LateEngine(lambda: _engine(env, stop)),
            archives=LateArchives(lambda: _archives(env)),
            gates=project.plugins.gates,
            root=project.root,
            workspace=project.workspace,
            layouts=layouts,
            notify=lambda progress: None,
            spool=lambda name: _spool(project.workspace, name),
        )


def _scans(sessions: Sessions) -> ScanSource:
    from ecr_publish.aws.scans import EcrScans

    return EcrScans(sessions)


def _engine(env: Mapping[str, str], stop: StopRequest) -> EngineImages:
    from ecr_publish.builders.known import known
    from ecr_publish.engine.images import DockerImages

    return DockerImages(env, known(env), check=stop.check)


def _archives(env: Mapping[str, str]) -> ArchivedImages:
    from ecr_publish.builders.archived import ArchivedImages
    from ecr_publish.builders.known import known

    return ArchivedImages(known(env))


def _spool(workspace: Path, name: str) -> AbstractContextManager[Path]:
    from ecr_publish.app.spool import spool

    return spool(workspace, name)
