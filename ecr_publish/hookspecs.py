"""The hooks: few and typed. Contribute hooks return tuples of values; gates decide; observers only look.

A plugin is a distribution with an entry point in the group `ecr_publish`. It is loaded only if `plugins:` in the file
lists its distribution, and never when the origin is not trusted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ecr_publish.model.evidence import ScanEvidence
    from ecr_publish.model.origin import GitFacts, Origin
    from ecr_publish.model.verdict import Promotion, Verdict
    from ecr_publish.plan.intent import Intent
    from ecr_publish.ports.building import Builder
    from ecr_publish.report.report import Report, Reporter
    from ecr_publish.run.outcome import Outcome
    from ecr_publish.run.step import Step

hookspec = pluggy.HookspecMarker("ecr_publish")
hookimpl = pluggy.HookimplMarker("ecr_publish")


@hookspec
def steps() -> tuple[Step, ...]:  # type: ignore[empty-body]
    """Contribute steps. Called once when plugins are loaded; names must be unique among all plugins.

    A step takes part only if `pipeline:` names it. An exception here ends the command with exit code 2.
    """


@hookspec
def builders() -> tuple[Builder, ...]:  # type: ignore[empty-body]
    """Contribute builders (`build: {builder: NAME}`). Called once; names must be unique. An exception: exit code 2."""


@hookspec
def origins(env: Mapping[str, str], git: GitFacts | None) -> Origin | None:
    """Recognise a CI by its environment. Called once per command, plugins first, until one answers.

    None: not this CI. The mapping is a copy; an exception ends the command with exit code 2.
    """


@hookspec
def reporters() -> tuple[Reporter, ...]:  # type: ignore[empty-body]
    """Contribute output formats (`--format NAME`). Called once; names must be unique. An exception: exit code 2."""


@hookspec
def gate(promotion: Promotion, evidence: ScanEvidence) -> Verdict:  # type: ignore[empty-body]
    """Judge one promotion from one source. Called for each promotion and source target, one plugin at a time.

    Every gate must allow. None, an exception, or a value that is no Verdict counts as CannotJudge (exit code 7).
    Wrappers (`hookwrapper`, `wrapper`) on this hook are refused when the plugin is loaded.
    """


@hookspec
def step_started(intent: Intent) -> None:
    """An intent is about to run. Called in order from one thread; an exception is reported once and changes nothing."""


@hookspec
def step_finished(intent: Intent, outcome: Outcome) -> None:
    """An intent has ended (also one that was never started). As `step_started`."""


@hookspec
def run_finished(report: Report) -> None:
    """The run is over and its report complete; called once, after the last `step_finished`. As `step_started`."""
