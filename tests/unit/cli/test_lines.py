"""A run as it goes by: on a terminal one line that is drawn again, in a log one line every few seconds."""

from __future__ import annotations

import pytest

from ecr_publish.cli.lines import Lines
from ecr_publish.model.events import Transferred
from ecr_publish.run.outcome import Done
from tests.unit.report.words import PUSH

AGAIN = "\r"  # what erases the line is left out by click where no terminal listens


class Seconds:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def pushing(lines: Lines, clock: Seconds, seconds: int) -> None:
    """A megabyte a second, told ten times a second."""
    lines.started(PUSH)
    for tick in range(seconds * 10 + 1):
        clock.now = tick / 10
        lines.progress(PUSH, Transferred("layer", tick * 100_000, 60_000_000))
    lines.finished(PUSH, Done("all there"))


def test_a_log_gets_one_line_every_five_seconds(capsys: pytest.CaptureFixture[str]):
    clock = Seconds()
    pushing(Lines(clock), clock, 21)
    told = [line for line in capsys.readouterr().err.splitlines() if "sent" in line]
    assert len(told) == 4
    assert told[0].endswith("5.0 MB of 60.0 MB sent (1.0 MB/s)")


def test_a_terminal_has_one_line_that_is_drawn_again_and_gone_at_the_end(capsys: pytest.CaptureFixture[str]):
    clock = Seconds()
    pushing(Lines(clock, live=True), clock, 3)
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert 10 <= told.count(AGAIN) <= 17
    assert "MB/s" in told
    assert told.rpartition(AGAIN)[2].startswith("done")
