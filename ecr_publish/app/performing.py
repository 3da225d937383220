"""A plan performed: preflight, the scheduler, those who look on, and the report."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ecr_publish.errors import MachineFault, PublishError
from ecr_publish.plan.planner import RESUME
from ecr_publish.report.report import Report
from ecr_publish.run.scheduler import Scheduler

if TYPE_CHECKING:
    from ecr_publish.app.project import Project
    from ecr_publish.app.world import World
    from ecr_publish.config.model import Config
    from ecr_publish.plan.intent import Intent
    from ecr_publish.plan.plan import Plan
    from ecr_publish.ports.bundle import Ports
    from ecr_publish.preflight import Preflight
    from ecr_publish.run.ledger import Entry
    from ecr_publish.run.outcome import Outcome
    from ecr_publish.run.scheduler import Observer
    from ecr_publish.run.step import Step
    from ecr_publish.run.stop import StopRequest


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

    clock = world.ports.clock
    started = clock.now()
    prepare(project.workspace)
    observers = _Observers(observer, project, keep_results=command != "rehearse")
    before = _checked(plan, world.ports, project.config)
    ports = replace(world.ports, reuse=before.reuse, only_pushed=only_pushed(plan))
    scheduler = Scheduler(_steps(project, plan), ports, stop, observers, width=parallel)
    if before.problems:
        for intent in plan.intents:
            scheduler.record(intent, NotStarted("preflight found problems"))
        ledger = scheduler.ledger
    else:
        ledger = scheduler.execute(plan.intents)
    problems = (*before.problems, *_stopped(stop, ledger.entries), *observers.faults.values())
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


def _steps(project: Project, plan: Plan) -> dict[str, Step]:
    """All that may run, by name; what takes up an earlier job's facts only where the plan does."""
    steps = {step.name: step for step in project.plugins.steps}
    if any(intent.step == RESUME for intent in plan.intents):
        from ecr_publish.steps.resume import Resume

        steps[RESUME] = Resume()
    return steps


def only_pushed(plan: Plan) -> frozenset[str]:
    """The images whose build this run's push takes up, and no other step: where nothing is pushed a later job does."""
    from ecr_publish.model.image import BuiltImage
    from ecr_publish.steps.push import Push

    takers: dict[str, set[str]] = {}
    for intent in plan.intents:
        for need in intent.needs:
            if need.kind is BuiltImage and need.place.image is not None:
                takers.setdefault(need.place.image, set()).add(intent.step)
    return frozenset(image for image, steps in takers.items() if steps == {Push.name})


class _Observers:
    """The console, the result files and the plugins' observers, in this order."""

    def __init__(self, first: Observer, project: Project, keep_results: bool) -> None:
        self._first, self._project, self._keep = first, project, keep_results
        self.plugins = project.plugins.observers
        self.faults: dict[str, PublishError] = {}  # by path: a result that cannot be kept must not end the run

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

        try:
            if self._keep:
                keep(self._project.workspace, intent, outcome, self._project.root)
        except OSError as error:
            path = str(error.filename or self._project.workspace)
            self.faults[path] = MachineFault(
                what=f"the result for the next job cannot be kept: {error.strerror or error}",
                where=path,
                hint="what was done stands in the registry; free some space or fix permissions, and run again",
            )
        self._first.finished(intent, outcome)
        self.plugins.step_finished(intent, outcome)


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
