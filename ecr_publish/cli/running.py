"""What the commands that run intents share: a plan, a world, the lines of the run, the report, the exit code."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from ecr_publish.app.performing import perform
from ecr_publish.app.planning import insist, make, saved_now
from ecr_publish.app.project import Project
from ecr_publish.app.world import World
from ecr_publish.app.world import real_world as world_of
from ecr_publish.cli.handover import handover
from ecr_publish.cli.lines import Lines
from ecr_publish.cli.main import crash_log, show
from ecr_publish.cli.readers import tell
from ecr_publish.cli.reports import Wanted, writers
from ecr_publish.cli.signals import stopping
from ecr_publish.cli.surroundings import environment
from ecr_publish.errors import UsageError
from ecr_publish.plan.ask import Ask
from ecr_publish.report.console import render
from ecr_publish.report.report import Report
from ecr_publish.report.text import clean
from ecr_publish.run.clock import SystemClock
from ecr_publish.run.outcome import Failed
from ecr_publish.run.stop import StopRequest

OpenWorld = Callable[[Project, StopRequest], AbstractContextManager[World]]


def carry_out(
    project: Project,
    ask: Ask,
    world: OpenWorld,
    *,
    command: str,
    output: Wanted,
    parallel: int = 8,
    saved_plan: str | None = None,
) -> int:
    """Plan, compare with a saved plan if there is one, run, report; the exit code of the run, or 1 where all went
    well but for a report that could not be written."""
    to, ci = writers(project, output), handover()
    for warning in project.warnings:
        tell(f"warning: {clean(warning)}")
    with stopping() as stop, world(project, stop) as there:
        plan = make(project, ask, with_inputs=True, now=saved_now(saved_plan) or there.ports.clock.now())
        if saved_plan is not None:
            insist(plan, saved_plan)
        for name in there.created:
            tell(f"rehearsal: created the repository {name}")
        lines = Lines(SystemClock(stop).monotonic, live=sys.stderr.isatty() and ci.ci is None, block=ci.block)
        report = perform(project, plan, there, stop, lines, command=command, parallel=parallel)
    drawn = output.format == "console" and sys.stdout.isatty() and ci.ci is None
    printed = _drawn(report) if drawn else to.said(report)
    faults = (*printed, *to.written(report), *ci.finished(project, report))
    for fault in faults:
        show(fault)
    for entry in report.entries:
        outcome = entry.outcome
        if isinstance(outcome, Failed) and outcome.error.code == "internal":
            tell(f"log of {entry.intent.id}: {crash_log(outcome.error)}")
    return report.exit_code or (faults[0].exit_code if faults else 0)


def _drawn(report: Report) -> tuple[()]:
    """The report for a terminal."""
    from rich.console import Console

    render(report, Console())
    return ()


def real_world(*, as_layout: bool = False) -> OpenWorld:
    """The world of every command but `rehearse`: this process's environment, and masks where the CI has them."""
    return world_of(environment(), as_layout=as_layout, conceal=handover().conceal)


def read_text(path: str) -> str:
    """A file named on the command line. Raises UsageError."""
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(what=f"cannot be read: {error}", where=path, hint="check the path") from error
