"""Lines: a run as it goes by, one line per thing that ends, and a sign of life every few seconds in between."""

from __future__ import annotations

from collections.abc import Callable

import click

from ecr_publish.model.events import Note, Progress, Transferred, Untrusted
from ecr_publish.plan.intent import Intent
from ecr_publish.report.size import human
from ecr_publish.report.text import clean
from ecr_publish.run.outcome import AlreadyDone, Done, Failed, NotStarted, NotYet, Outcome, Skipped

SIGN_OF_LIFE_SECONDS = 5.0


class Lines:
    """An observer that prints to stderr, so that stdout holds nothing but what was asked for."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._said: dict[str, float] = {}
        self._moved: dict[str, dict[str, Transferred]] = {}

    def started(self, intent: Intent) -> None:
        """Remember when, so that quick steps print one line only."""
        self._said[intent.id] = self._monotonic()

    def progress(self, intent: Intent, progress: Progress) -> None:
        """Build output at once and defused; notes and bytes every few seconds."""
        match progress:
            case Untrusted(text=text):
                for line in text.splitlines():
                    _line(f"  {intent.id} | {clean(line)}")
            case Note(text=text):
                if self._due(intent):
                    _line(f"  {intent.id}: {clean(text)}")
            case Transferred():
                blobs = self._moved.setdefault(intent.id, {})
                blobs[progress.what] = progress
                if self._due(intent):
                    done, total = (sum(each.done for each in blobs.values()), sum(b.total for b in blobs.values()))
                    _line(f"  {intent.id}: {human(done)} of {human(total)} in {len(blobs)} blobs")

    def finished(self, intent: Intent, outcome: Outcome) -> None:
        """One line with a word that can be searched for."""
        word, colour, text = _worded(outcome)
        _line(f"{click.style(f'{word:<12}', fg=colour)} {intent.id:<24} {clean(text)}")
        if isinstance(outcome, Done | AlreadyDone):
            for warning in outcome.warnings:
                _line(f"{click.style('warning', fg='yellow'):<12} {intent.id:<24} {clean(warning)}")

    def _due(self, intent: Intent) -> bool:
        now = self._monotonic()
        if now - self._said.get(intent.id, now) < SIGN_OF_LIFE_SECONDS:
            return False
        self._said[intent.id] = now
        return True


def _line(text: str) -> None:
    click.echo(text, err=True)


def _worded(outcome: Outcome) -> tuple[str, str, str]:
    match outcome:
        case Done(summary=summary):
            return "done", "green", summary
        case AlreadyDone(summary=summary):
            return "already done", "green", summary
        case Skipped(reason=reason):
            return "skipped", "yellow", reason
        case NotYet(reason=reason):
            return "not yet", "yellow", reason
        case NotStarted(because=because):
            return "not started", "yellow", because
        case Failed(error=error):
            return "failed", "red", error.what.splitlines()[0]
