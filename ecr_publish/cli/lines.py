"""Lines: a run as it goes by, one line per thing that ends, and a sign of life every few seconds in between."""

from __future__ import annotations

import shutil
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import click

from ecr_publish.cli.readers import tell
from ecr_publish.report.text import clean
from ecr_publish.run.outcome import AlreadyDone, Done, Failed, NotStarted, NotYet, Outcome, Skipped

if TYPE_CHECKING:
    from ecr_publish.model.events import Progress
    from ecr_publish.plan.intent import Intent
    from ecr_publish.report.progress import Moving

SIGN_OF_LIFE_SECONDS = 5.0
REDRAWN_SECONDS = 0.2
MOST_HELD = 20_000  # lines of another program's output that are kept to be folded
_CLEARED = "\r\x1b[2K"

Block = Callable[[str, Sequence[str]], Iterator[str]]  # a title and lines that command nothing → what is printed


class Lines:
    """An observer that prints to stderr, so that stdout holds nothing but what was asked for.

    `block` folds the output of other programs where a CI has a form for that: it is then kept until its step ends, for
    blocks of steps that run side by side would tear each other apart. `live` is for a terminal: transfers that are
    under way share one line that is drawn again and again. Elsewhere each says how far it is every few seconds.
    """

    def __init__(self, monotonic: Callable[[], float], *, live: bool = False, block: Block | None = None) -> None:
        self._monotonic, self._live, self._block = monotonic, live, block
        self._held: dict[str, deque[str]] = {}
        self._said: dict[str, float] = {}
        self._moving: dict[str, Moving] = {}
        self._drawn = float("-inf")
        self._shown = False

    def started(self, intent: Intent) -> None:
        """Remember when, so that quick steps print one line only."""
        self._said[intent.id] = self._monotonic()

    def progress(self, intent: Intent, progress: Progress) -> None:
        """Build output at once and defused; notes and bytes every few seconds."""
        from ecr_publish.model.events import Note, Transferred, Untrusted
        from ecr_publish.report.progress import Moving

        match progress:
            case Untrusted(text=text):
                for line in text.splitlines():
                    self._foreign(intent, clean(line))
            case Note(text=text):
                if self._due(intent):
                    self._line(f"  {intent.id}: {clean(text)}")
            case Transferred():
                moving = self._moving.setdefault(intent.id, Moving(self._monotonic()))
                moving.add(progress)
                if self._live:
                    self._draw()
                elif self._due(intent):
                    self._line(f"  {intent.id}: {moving.line(self._monotonic())}")

    def finished(self, intent: Intent, outcome: Outcome) -> None:
        """One line with a word that can be searched for."""
        self._moving.pop(intent.id, None)
        self._fold(intent)
        word, colour, text = _worded(outcome)
        self._line(f"{click.style(f'{word:<12}', fg=colour)} {intent.id:<24} {clean(text)}")
        if isinstance(outcome, Done | AlreadyDone):
            for warning in outcome.warnings:
                self._line(f"{click.style('warning', fg='yellow'):<12} {intent.id:<24} {clean(warning)}")

    def _foreign(self, intent: Intent, line: str) -> None:
        if self._block is None:
            self._line(f"  {intent.id} | {line}")
            return
        held = self._held.setdefault(intent.id, deque(maxlen=MOST_HELD))
        held.append(line)
        if self._due(intent):
            self._line(f"  {intent.id}: {len(held)} lines of output so far, the last: {line[:120]}")

    def _fold(self, intent: Intent) -> None:
        """In one write: a line of another thread in between (a mask) would not be obeyed."""
        held = self._held.pop(intent.id, None)
        if self._block is not None and held:
            cut = [f"… only the last {MOST_HELD} lines"] if len(held) == MOST_HELD else []
            block = "\n".join(self._block(f"output of {clean(intent.id)}", [*cut, *held]))
            # color: click takes escapes out where no terminal listens, and a section of GitLab's is made of them
            tell(block, color=True)

    def _line(self, text: str) -> None:
        tell(f"{_CLEARED if self._shown else ''}{text}")
        self._shown = False

    def _draw(self) -> None:
        """The one line of all transfers, cut to what a narrow terminal holds."""
        now = self._monotonic()
        if now - self._drawn < REDRAWN_SECONDS:
            return
        self._drawn, self._shown = now, True
        text = "; ".join(f"{name}: {moving.line(now)}" for name, moving in self._moving.items())
        width = shutil.get_terminal_size().columns - 1
        tell(f"{_CLEARED}{clean(text)[:width]}", nl=False)

    def _due(self, intent: Intent) -> bool:
        now = self._monotonic()
        if now - self._said.get(intent.id, now) < SIGN_OF_LIFE_SECONDS:
            return False
        self._said[intent.id] = now
        return True


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
