"""Errors of a run as every writer shows them: what, where, what to do, and the code to ask `explain` for."""

from __future__ import annotations

from dataclasses import dataclass

from ecr_publish.errors import ConfigErrors, PublishError
from ecr_publish.report.report import Report
from ecr_publish.report.text import clean, passage
from ecr_publish.run.outcome import Failed


@dataclass(frozen=True, slots=True)
class Problem:
    """One error; every text is clean. `intent` is empty for an error of the run as a whole."""

    intent: str
    code: str
    exit_code: int
    what: str  # may have several lines
    where: str
    hint: str  # may have several lines


def problems(report: Report) -> tuple[Problem, ...]:
    """The errors of the run as a whole, then those of intents in the order in which they happened; each once."""
    found = [problem("", each) for error in report.errors for each in _each(error)]
    for entry in report.entries:
        if isinstance(entry.outcome, Failed):
            found += [problem(entry.intent.id, each) for each in _each(entry.outcome.error)]
    told: dict[tuple[str, str, str], Problem] = {}
    for each in found:
        told.setdefault((each.code, each.what, each.where), each)
    return tuple(told.values())


def _each(error: PublishError) -> tuple[PublishError, ...]:
    return error.errors if isinstance(error, ConfigErrors) else (error,)


def problem(intent: str, error: PublishError) -> Problem:
    """One error, cleaned."""
    return Problem(
        intent=clean(intent),
        code=clean(error.code),
        exit_code=error.exit_code,
        what=passage(error.what),
        where=clean(error.where),
        hint=passage(error.hint),
    )
