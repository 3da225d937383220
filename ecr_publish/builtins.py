"""The built-in plugin: the six steps, the builders, the origins, the writers and the gate, by the same hooks as any."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ecr_publish.hookspecs import hookimpl

if TYPE_CHECKING:
    from ecr_publish.model.evidence import ScanEvidence
    from ecr_publish.model.verdict import Promotion, Verdict
    from ecr_publish.ports.building import Builder
    from ecr_publish.report.report import Reporter
    from ecr_publish.run.step import Step

NAME = "thresholds"


class Builtins:
    """Registered always, under the name of its gate: that is what `require: {gates: [thresholds]}` names."""

    def __init__(self, environment: Mapping[str, str], *, trusted: bool) -> None:
        self._environment, self._trusted = environment, trusted

    @hookimpl
    def steps(self) -> tuple[Step, ...]:
        """build, tag, login, push, scan-wait, promote."""
        from ecr_publish.steps.build import Build
        from ecr_publish.steps.login import Login
        from ecr_publish.steps.promote import Promote
        from ecr_publish.steps.push import Push
        from ecr_publish.steps.scan_wait import ScanWait
        from ecr_publish.steps.tag import Tag

        return (Build(), Tag(), Login(), Push(), ScanWait(), Promote())

    @hookimpl
    def builders(self) -> tuple[Builder, ...]:
        """docker, layout, archive, files."""
        from ecr_publish.builders import builtin_builders

        return builtin_builders(self._environment, trusted=self._trusted)

    @hookimpl
    def reporters(self) -> tuple[Reporter, ...]:
        """console, markdown, json, junit."""
        from ecr_publish.report.writers import builtin_reporters

        return builtin_reporters()

    @hookimpl
    def gate(self, promotion: Promotion, evidence: ScanEvidence) -> Verdict:
        """Thresholds per severity."""
        from ecr_publish.gate.thresholds import thresholds

        return thresholds(promotion, evidence)
