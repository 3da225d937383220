"""Step: a small stateless object that is planned and performed; built-in steps and plugins' steps are the same."""

from __future__ import annotations

from typing import Protocol

from ecr_publish.plan.intent import Intent
from ecr_publish.plan.step import Plannable
from ecr_publish.ports.bundle import Ports
from ecr_publish.run.ledger import Facts
from ecr_publish.run.outcome import Outcome


class Step(Plannable, Protocol):
    """What a plugin's `steps()` contributes: `Plannable` and how to perform what was planned.

    One that has `waits = True` besides spends its time waiting for somebody else: it is run beside the steps that
    `--parallel` counts.
    """

    def run(self, intent: Intent, facts: Facts, ports: Ports) -> Outcome:
        """Perform it. Done and AlreadyDone carry one value for each of `gives`, in order. Raises PublishError.

        Performing it again must be safe: a run that was cut off is simply run again.
        """
