"""The composition root: which adapter stands behind which port, for a run and for a rehearsal."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecr_publish.ci.detect import as_tag as proceeding_as_tag
from ecr_publish.ci.detect import ci_origin
from ecr_publish.ci.localgit import completed, local, seen_from
from ecr_publish.config.loader import Loaded, load
from ecr_publish.config.model import Config
from ecr_publish.errors import ConfigError, PlanDiffers, PublishError, UsageError
from ecr_publish.model.origin import GitFacts, Origin
from ecr_publish.plan.ask import Ask
from ecr_publish.plan.make import make_plan
from ecr_publish.plan.plan import Plan
from ecr_publish.plan.targets import targets
from ecr_publish.plugins import Plugins
from ecr_publish.plugins import load as load_plugins
from ecr_publish.report.report import Report, Reporter
from ecr_publish.run.clock import SimulatedClock, SystemClock, full_jitter
from ecr_publish.run.scheduler import Observer, Scheduler
from ecr_publish.run.stop import StopRequest

if TYPE_CHECKING:
    from ecr_publish.aws.session import Sessions
    from ecr_publish.local.server import Server
    from ecr_publish.plan.intent import Intent
    from ecr_publish.ports import Clock, Ports
    from ecr_publish.preflight import Preflight
    from ecr_publish.run.ledger import Entry
    from ecr_publish.run.outcome import Outcome

__all__ = ["Project", "Reporter", "Told", "World", "insist", "make", "open_project", "perform", "ports_of", "targets"]

WORKSPACE = ".ecr-publish"


@dataclass(frozen=True, slots=True)
class Project:
    """A file with everything that can be known about this run without a network."""

    loaded: Loaded
    file: Path
    plugins: Plugins
    origin: Origin

    @property
    def config(self) -> Config:
        """The resolved file."""
        return self.loaded.config

    @property
    def warnings(self) -> tuple[str, ...]:
        """Of the file."""
        return self.loaded.warnings

    @property
    def root(self) -> Path:
        """The directory of the file: contexts and layouts are below it."""
        return self.file.parent

    @property
    def workspace(self) -> Path:
        """What we write ourselves; git ignores it."""
        return self.root / WORKSPACE


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


def open_project(
    file: Path,
    *,
    env: Mapping[str, str],
    event: Mapping[str, Any] | None,
    git: GitFacts | None,
    as_tag: str | None = None,
) -> Project:
    """Load the file, find the origin, load the plugins that this origin may have. Raises ConfigErrors, PluginError."""
    loaded = load(_content(file), str(file))
    git = seen_from(git, contexts(loaded.config, file.absolute().parent))
    requirements = loaded.config.plugins
    found = ci_origin(env, event)
    if found is None and requirements:
        # Only a plugin can know this CI; whether it may take part further is decided by what it says.
        found = load_plugins(requirements, trusted=True, environment=env).origin(env, git)
    origin = completed(found, git) if found else local(git)
    if as_tag is not None:
        origin = proceeding_as_tag(origin, as_tag)
    return Project(loaded, file.absolute(), load_plugins(requirements, trusted=origin.trusted, environment=env), origin)


def contexts(config: Config, root: Path) -> tuple[Path, ...]:
    """Where the file's images are built from, without symbolic links, as git names paths."""
    from ecr_publish.builders.inputs import paths

    return tuple(path.resolve() for image in config.images for path in paths(image.build, root))


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError as error:
        raise ConfigError(
            what="there is no such file", where=str(file), hint="name it with -f, or write one (see README.md)"
        ) from error
    except OSError as error:
        raise ConfigError(what=f"cannot be read: {error.strerror}", where=str(file), hint="check the path") from error


def make(project: Project, ask: Ask, *, with_inputs: bool, now: datetime | None = None) -> Plan:
    """Plan. `with_inputs` reads everything that goes into the builds, to know whether they changed."""
    from ecr_publish.builders.inputs import inputs_hash

    if with_inputs:
        wanted = [image for image in project.config.images if not ask.images or image.name in ask.images]
        ask = replace(ask, inputs={image.name: inputs_hash(image.build, project.root) for image in wanted})
    return make_plan(
        project.config,
        project.origin,
        steps=project.plugins.steps,
        now=now or SystemClock(StopRequest()).now(),
        ask=ask,
        versions=tuple((each.distribution, each.version) for each in project.plugins.listed[1:]),
    )


def monotonic() -> float:
    """Seconds of this machine, for signs of life."""
    return SystemClock(StopRequest()).monotonic()


def insist(plan: Plan, saved: str) -> None:
    """Raise PlanDiffers unless the plan is what was saved."""
    from ecr_publish.plan.canonical import canonical, first_difference

    difference = first_difference(saved, canonical(plan))
    if difference is not None:
        raise PlanDiffers(
            what=f"what would run now is not what was planned: {difference}",
            where="--plan",
            hint="look at the change and plan again: `ecr-publish plan -o FILE`",
        )


def saved_now(saved: str | None) -> datetime | None:
    """The instant of a saved plan, which a run of it uses again. Raises UsageError for what is no saved plan."""
    if saved is None:
        return None
    import json

    try:
        return datetime.fromisoformat(json.loads(saved)["now"])
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(
            what="this is no saved plan", where="--plan", hint="make one with `ecr-publish plan -o FILE`"
        ) from error


class _Observers:
    """The console, the result files and the plugins' observers, in this order."""

    def __init__(self, first: Observer, project: Project, keep_results: bool) -> None:
        self._first, self._project, self._keep = first, project, keep_results
        self.plugins = project.plugins.observers

    def started(self, intent: Intent) -> None:
        """Tell all."""
        self._first.started(intent)
        self.plugins.step_started(intent)

    def progress(self, intent: Intent, progress: Any) -> None:
        """Tell the console."""
        self._first.progress(intent, progress)

    def finished(self, intent: Intent, outcome: Outcome) -> None:
        """Tell all, and leave a result file for the next job."""
        from ecr_publish.run.results import keep

        if self._keep:
            keep(self._project.workspace, intent, outcome, self._project.root)
        self._first.finished(intent, outcome)
        self.plugins.step_finished(intent, outcome)


def perform(
    project: Project,
    plan: Plan,
    world: World,
    stop: StopRequest,
    observer: Observer,
    *,
    command: str,
    parallel: int = 8,
) -> Report:
    """Preflight, then run the plan's intents; the report of what happened, whatever happened."""
    from ecr_publish.run.exitcode import exit_code
    from ecr_publish.run.outcome import NotStarted
    from ecr_publish.run.results import prepare
    from ecr_publish.steps.resume import Resume

    clock = world.ports.clock
    started = clock.now()
    prepare(project.workspace)
    observers = _Observers(observer, project, keep_results=command != "rehearse")
    before = _checked(plan, world.ports, project.config)
    steps = {step.name: step for step in (*project.plugins.steps, Resume())}
    scheduler = Scheduler(steps, replace(world.ports, reuse=before.reuse), stop, observers, width=parallel)
    if before.problems:
        for intent in plan.intents:
            scheduler.record(intent, NotStarted("preflight found problems"))
        ledger = scheduler.ledger
    else:
        ledger = scheduler.execute(plan.intents)
    problems = (*before.problems, *_stopped(stop, ledger.entries))
    report = Report(
        command=command,
        plan=plan,
        entries=ledger.entries,
        exit_code=exit_code(ledger.entries, problems),
        started=started,
        finished=clock.now(),
        errors=problems,
        warnings=(*plan.warnings, *before.notes),
        connections=world.connections(),
    )
    observers.plugins.run_finished(report)
    return replace(report, warnings=(*report.warnings, *observers.plugins.warnings))


def _stopped(stop: StopRequest, entries: tuple[Entry, ...]) -> tuple[PublishError, ...]:
    """A stop that came between two intents failed none of them, and is told all the same."""
    from ecr_publish.run.outcome import Failed, NotStarted

    told = any(isinstance(each.outcome, Failed) and each.outcome.error.exit_code in (130, 143) for each in entries)
    unfinished = any(isinstance(each.outcome, NotStarted) for each in entries)
    return (stop.error(),) if stop.asked and unfinished and not told else ()


def _checked(plan: Plan, ports: Ports, config: Config) -> Preflight:
    """Preflight; a stop or an error that ends it is its one problem, so that the report always comes."""
    from ecr_publish.preflight import Preflight as Made
    from ecr_publish.preflight import preflight

    try:
        return preflight(plan, ports, config)
    except PublishError as error:
        return Made(problems=(error,))


def real_world(
    env: Mapping[str, str], *, as_layout: bool = False
) -> Callable[[Project, StopRequest], AbstractContextManager[World]]:
    """The world of `run`: AWS by the ambient credential chain, the machine's clock."""

    @contextmanager
    def world(project: Project, stop: StopRequest) -> Iterator[World]:
        from ecr_publish.aws.session import Sessions
        from ecr_publish.run.retry import Retry

        clock = SystemClock(stop)
        sessions = Sessions(
            run_name=f"ecr-publish-{project.origin.ci}", now=clock.now, retry=Retry(clock, full_jitter())
        )
        proxies = {
            scheme: env.get(f"{scheme}_proxy") or env.get(f"{scheme.upper()}_PROXY") or ""
            for scheme in ("https", "http")
        }
        with ports_of(project, sessions, clock, stop, env, proxies) as ports:
            yield World(ports)

    return world


def rehearsal_world(
    env: Mapping[str, str], told: Told
) -> Callable[[Project, StopRequest], AbstractContextManager[World]]:
    """The world of `rehearse`: an embedded ECR with a clock of its own. Nothing leaves the machine."""

    @contextmanager
    def world(project: Project, stop: StopRequest) -> Iterator[World]:
        from ecr_publish.aws.session import Explicit, Sessions
        from ecr_publish.local import embedded_ecr
        from ecr_publish.rehearsal import connections, declare, settings_of
        from ecr_publish.run.retry import Retry

        clock = SimulatedClock(SystemClock(stop).now(), stop)
        with embedded_ecr(settings_of(told.findings, told.seed, told.faults), clock) as server:
            created = declare(server, project.config, told.seed, project.root)
            sessions = Sessions(Explicit(server.url), now=clock.now, retry=Retry(clock, full_jitter()))
            with ports_of(project, sessions, clock, stop, env, {}) as ports:
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
            engine=DockerImages(env),
            gates=project.plugins.gates,
            root=project.root,
            workspace=project.workspace,
            notify=lambda progress: None,
            spool=lambda name: _spool(project.workspace, name),
        )
    finally:
        images.close()


@contextmanager
def _spool(workspace: Path, name: str) -> Iterator[Path]:
    """A directory for one image on the workspace's disk, removed whatever happens."""
    workspace.mkdir(parents=True, exist_ok=True)
    directory = Path(tempfile.mkdtemp(prefix=f"spool-{name}-", dir=workspace))
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def local_server(
    *,
    port: int,
    account: str,
    directory: Path | None,
    told: tuple[str | None, str | None, str | None],
    bandwidth: float | None,
    scan_seconds: float,
    oci: bool = False,
) -> Iterator[Server]:
    """An embedded ECR on the machine's own clock, for `ecr-publish local`.

    `told` are the paths of a findings, a seed and a faults file.
    """
    from ecr_publish.local import embedded_ecr
    from ecr_publish.local.seed import plant
    from ecr_publish.rehearsal import seed_of, settings_of

    settings = replace(
        settings_of(*told),
        account=account,
        directory=directory,
        bandwidth=bandwidth,
        scan_takes=timedelta(seconds=scan_seconds),
    )
    with embedded_ecr(settings, SystemClock(StopRequest()), port, oci=oci) as server:
        plant(seed_of(told[1]), server.ecr, Path(told[1]).parent if told[1] else Path())
        yield server
