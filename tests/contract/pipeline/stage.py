"""A stage: one embedded ECR that stays while commands come and go, all on one simulated clock, in one process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ecr_publish.app.performing import perform
from ecr_publish.app.planning import make
from ecr_publish.app.project import Project, open_project
from ecr_publish.app.world import World, ports_of
from ecr_publish.aws.isolated import Explicit
from ecr_publish.aws.session import Sessions
from ecr_publish.http.route import Route
from ecr_publish.local import embedded_ecr
from ecr_publish.local.embedded import Settings
from ecr_publish.local.records import Repository
from ecr_publish.model.origin import GitFacts
from ecr_publish.plan.ask import Ask
from ecr_publish.plan.targets import repository, targets
from ecr_publish.report.report import Report
from ecr_publish.run.clock import SimulatedClock, full_jitter
from ecr_publish.run.outcome import AlreadyDone, Done, Failed, NotStarted, Skipped
from ecr_publish.run.retry import Retry
from ecr_publish.run.stop import StopRequest

SHA = "b0bd943fdeff95eb270517001b478d76c2ffd8f4"
START = datetime(2026, 11, 24, tzinfo=UTC)
DEV, STAGING, PROD = "1" * 12, "2" * 12, "3" * 12
ENVIRONMENTS = """\
environments:
  dev:     { account: "111111111111", region: us-east-2 }
  staging: { account: "222222222222", region: us-east-2, role: arn:aws:iam::222222222222:role/publish }
  prod:    { account: "333333333333", regions: [us-east-2, eu-west-1], role: arn:aws:iam::333333333333:role/publish }
"""
EDGES = """\
promote:
  - { from: dev, to: staging }
  - { from: staging, to: prod }
"""
WEB = """\
images:
  web:
    repository: team/web
    tags:
      - type=semver,pattern={{version}}
      - type=sha
    build:
      platforms: PLATFORMS
      files:
        - { from: system, to: / }
"""


class Quiet:
    """An observer that sees nothing."""

    def started(self, intent: Any) -> None: ...

    def progress(self, intent: Any, progress: Any) -> None: ...

    def finished(self, intent: Any, outcome: Any) -> None: ...


@dataclass
class Stage:
    """A directory with a file, and the registries that all runs of the test share."""

    root: Path
    server: Any
    clock: SimulatedClock
    stop: StopRequest = field(default_factory=StopRequest)
    events: list[str] = field(default_factory=list)

    def file(self, text: str | None = None, *, platforms: str = "[linux/amd64]", edges: str = EDGES) -> None:
        """Write ecr-publish.yaml; the ordinary one if no text is given."""
        body = text if text is not None else ENVIRONMENTS + WEB.replace("PLATFORMS", platforms) + edges
        (self.root / "ecr-publish.yaml").write_text(body, encoding="utf-8")

    def content(self, text: str, *, system: bool = True) -> None:
        """The image's one changing file, and an os-release unless told otherwise."""
        etc = self.root / "system" / "etc"
        etc.mkdir(parents=True, exist_ok=True)
        (etc / "motd").write_text(text, encoding="utf-8")
        if system:
            (etc / "os-release").write_text("ID=debian\n", encoding="utf-8")

    def project(self, tag: str | None = "v1.4.0", sha: str = SHA, dirty: bool = False) -> Project:
        """As from a clean git tree on a tag."""
        git = GitFacts(sha=sha, branch="main", tags=(tag,) if tag else (), dirty=dirty, commit_date=START)
        return open_project(self.root / "ecr-publish.yaml", env={}, event=None, git=git)

    def declare(self, project: Project, **settings: Any) -> None:
        """Make every repository that the file names exist."""
        for target in targets(project.config):
            registry = self.server.ecr.store.registry(target.registry.account, target.registry.region)
            for image in project.config.images:
                name = repository(image, target).name
                made = Repository(name, START.timestamp(), scan_on_push=True, **settings)
                registry.repositories.setdefault(name, made)

    def run(
        self,
        project: Project | None = None,
        ask: Ask | None = None,
        declared: bool = True,
        observer: Any = None,
        **more: Any,
    ) -> Report:
        """One run of the whole pipeline (or of what is asked), by the real adapters."""
        project = project or self.project()
        if declared:
            self.declare(project)
        retry = Retry(self.clock, full_jitter())
        sessions = Sessions(Explicit(self.server.url), now=self.clock.now, retry=retry)
        with ports_of(project, sessions, self.clock, self.stop, {}, Route()) as ports:
            plan = make(project, ask or Ask(), with_inputs=True, now=START)
            return perform(project, plan, World(replace(ports, **more)), self.stop, observer or Quiet(), command="run")

    def resumed(self) -> None:
        """As a new process after a stop: nobody has asked to stop yet."""
        self.stop = StopRequest()
        self.clock._stop = self.stop

    def tags(self, account: str = DEV, region: str = "us-east-2", name: str = "team/web") -> dict[str, str]:
        """Tag -> digest, as the registry has it."""
        found = self.server.ecr.store.registry(account, region).repositories.get(name)
        return dict(found.tags) if found else {}

    def everything_resolves(self) -> bool:
        """Whether each tag of each repository names a manifest whose children and blobs are all there."""
        for registry in self.server.ecr.store.registries:
            for each in registry.repositories.values():
                for digest in each.tags.values():
                    image = each.images[digest]
                    parts = [image, *(each.images[child] for child in image.children)]
                    if not all(layer in each.layers for part in parts for layer in part.layers):
                        return False
        return True


@contextmanager
def staged(root: Path, **settings: Any) -> Iterator[Stage]:
    """A stage with an ordinary file and content."""
    stop = StopRequest()
    # botocore compares the expiry of role sessions with the real time, so the simulated one begins there
    clock = SimulatedClock(datetime.now(UTC), stop)
    with embedded_ecr(Settings(**settings), clock) as server:
        stage = Stage(root, server, clock, stop)
        stage.file()
        stage.content("hello")
        yield stage


def outcomes(report: Report) -> dict[str, str]:
    """Intent -> the outcome's word."""
    words = {Done: "done", AlreadyDone: "already", Failed: "failed", NotStarted: "not started", Skipped: "skipped"}
    return {entry.intent.id: words[type(entry.outcome)] for entry in report.entries}


def failures(report: Report) -> list[Any]:
    """Every error of the run."""
    failed = [entry.outcome.error for entry in report.entries if isinstance(entry.outcome, Failed)]
    return [*report.errors, *failed]
