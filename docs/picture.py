"""Make docs/rehearse.svg, the picture in the README: `python docs/picture.py` in a checkout.

A real rehearsal of the shipped example, drawn by the same code that draws on a terminal.
"""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

from ecr_publish.app.performing import perform
from ecr_publish.app.planning import make
from ecr_publish.app.project import open_project
from ecr_publish.app.rehearsal import Told, rehearsal_world
from ecr_publish.ci.localgit import local
from ecr_publish.model.events import Progress
from ecr_publish.plan.ask import Ask
from ecr_publish.plan.intent import Intent
from ecr_publish.report.console import render
from ecr_publish.report.report import Report
from ecr_publish.run.outcome import Outcome
from ecr_publish.run.stop import StopRequest

ROOT = Path(__file__).parents[1]
EXAMPLE = "examples/web"
COLUMNS = 132


class Silent:
    """An observer that shows nothing: the picture is of the end."""

    def started(self, intent: Intent) -> None:
        """Nothing."""

    def progress(self, intent: Intent, progress: Progress) -> None:
        """Nothing."""

    def finished(self, intent: Intent, outcome: Outcome) -> None:
        """Nothing."""


def rehearsed() -> Report:
    """The report of a rehearsal as on a laptop without git and without any environment."""
    file = ROOT / EXAMPLE / "ecr-publish.yaml"
    project = open_project(file, env={}, event=None, git=None)
    assert project.origin == local(None)
    stop = StopRequest()
    with rehearsal_world({}, Told())(project, stop) as world:
        plan = make(project, Ask(), with_inputs=True, now=world.ports.clock.now())
        return perform(project, plan, world, stop, Silent(), command="rehearse")


def picture(report: Report) -> str:
    """The SVG."""
    console = Console(file=io.StringIO(), record=True, force_terminal=True, width=COLUMNS)
    console.print(Text(f"$ ecr-publish rehearse {EXAMPLE}", style="bold"))
    render(report, console)
    drawn = console.export_svg(title="ecr-publish rehearse", unique_id="rehearsal")
    # The reader's own monospaced font will do: a picture that asks other hosts for fonts is not shown everywhere.
    return re.sub(r"@font-face \{.*?\}\n?", "", drawn, flags=re.DOTALL)


def main() -> int:
    """Write the file; the exit code of the rehearsal."""
    report = rehearsed()
    (ROOT / "docs" / "rehearse.svg").write_text(picture(report), encoding="utf-8")
    return report.exit_code


if __name__ == "__main__":
    sys.exit(main())
