"""Report: everything that can be said of a run, from which every writer makes its text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ecr_publish.errors import PublishError
from ecr_publish.model.traffic import Traffic
from ecr_publish.plan.plan import Plan
from ecr_publish.run.ledger import Entry
from ecr_publish.run.outcome import AlreadyDone, Done


@dataclass(frozen=True, slots=True)
class Report:
    """A finished run. `connections` maps canonical hosts to where they really were (loopback in a rehearsal)."""

    command: str  # run, rehearse, or the single step's name
    plan: Plan
    entries: tuple[Entry, ...]
    exit_code: int
    started: datetime
    finished: datetime
    errors: tuple[PublishError, ...] = ()  # of the run as a whole: preflight, a signal
    warnings: tuple[str, ...] = ()
    connections: tuple[tuple[str, str], ...] = ()

    @property
    def traffic(self) -> Traffic:
        """What all images together cost and saved."""
        outcomes = (entry.outcome for entry in self.entries)
        moved = (outcome.traffic for outcome in outcomes if isinstance(outcome, Done | AlreadyDone))
        return sum(moved, Traffic())


class Reporter(Protocol):
    """One output format: a small pure function of the report, with a name."""

    @property
    def name(self) -> str:
        """The word behind `--format`."""

    def text(self, report: Report) -> str:
        """The whole text, ending in a newline."""
