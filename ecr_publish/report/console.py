"""The report for people: plain text for logs, and the same with colours for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ecr_publish.model.traffic import Traffic
from ecr_publish.report.columns import aligned
from ecr_publish.report.exits import last_line
from ecr_publish.report.problems import Problem, problems
from ecr_publish.report.report import Report
from ecr_publish.report.rows import Holding, Row, holdings, left_out, rows, undone, warnings
from ecr_publish.report.size import human, lasted
from ecr_publish.report.text import clean

if TYPE_CHECKING:
    from rich.console import Console

HEADINGS = ("image", "step", "target", "outcome", "time", "detail")
STOPPED = (130, 143)
NAMED = 20  # how many intents a list names before it counts the rest
_COLOURS = {
    "done": "green",
    "already done": "green",
    "skipped": "yellow",
    "left out": "dim",
    "not yet": "yellow",
    "not started": "yellow",
    "failed": "bold red",
}


class ConsoleReporter:
    """`--format console`, the default."""

    name = "console"

    def text(self, report: Report) -> str:
        """Plain text: no colours, no line is folded."""
        return "\n".join(_plain(report)) + "\n"


def _plain(report: Report) -> Iterator[str]:
    if table := [cells(row) for row in (*rows(report), *left_out(report))]:
        yield from aligned([HEADINGS, *table])
    if found := holdings(report):
        yield from ("", "What exists where:")
        for holding in found:
            yield from _held(holding)
    if told := warnings(report):
        yield ""
        yield from (f"warning: {each}" for each in told)
    if wrong := problems(report):
        yield ""
        for problem in wrong:
            yield from _problem(problem)
    yield from _stopped(report)
    yield ""
    yield took(report)
    yield last_line(report.exit_code)


def cells(row: Row) -> tuple[str, ...]:
    """The row's texts under HEADINGS."""
    return (
        row.image,
        row.step,
        row.target,
        row.outcome,
        lasted(row.duration) if row.duration is not None else "-",
        row.detail,
    )


def _held(holding: Holding) -> Iterator[str]:
    yield f"  {holding.image} in {holding.target}: {holding.repository}"
    yield f"    {holding.published.digest}"
    yield f"    tags: {tags(holding)}; scan: {holding.verdict}"


def tags(holding: Holding) -> str:
    """The tag names, or that there are none."""
    return ", ".join(clean(tag) for tag in holding.published.tags) or "none"


def took(report: Report) -> str:
    """How long it was, and what went over the wire; a rehearsal has a clock of its own, on which hours of waiting pass
    in no time."""
    clock = " on the rehearsal's own clock" if report.command == "rehearse" else ""
    return f"took {lasted(report.finished - report.started)}{clock}{_moved(report.traffic)}"


def _moved(traffic: Traffic) -> str:
    """`; sent 12.3 MB, 138.0 MB were there already`; nothing where nothing was pushed or copied."""
    if not traffic.sent_bytes and not traffic.saved_bytes:
        return ""
    saved = f", {human(traffic.saved_bytes)} were there already" if traffic.saved_bytes else ""
    return f"; sent {human(traffic.sent_bytes)}{saved}"


def _problem(problem: Problem) -> Iterator[str]:
    yield f"error: {title(problem)}: {_indented(problem.what)}"
    yield f"  hint: {_indented(problem.hint)}"
    yield f"  more: ecr-publish explain {problem.code}"


def title(problem: Problem) -> str:
    """The intent and where in it, without saying the same twice."""
    if not problem.intent or problem.where.startswith(problem.intent):
        return problem.where
    return f"{problem.intent}: {problem.where}"


def _indented(text: str) -> str:
    return "\n".join(line if index == 0 else f"    {line}" for index, line in enumerate(text.splitlines()))


def _stopped(report: Report) -> Iterator[str]:
    """After a signal: what is done stays done, and what is left for the next run."""
    if report.exit_code not in STOPPED:
        return
    done = [row for row in rows(report) if row.outcome in ("done", "already done")]
    yield ""
    yield f"done before the stop: {names(done)}"
    yield f"not done: {names(undone(report))}"


def names(some: Sequence[Row]) -> str:
    """`push web@dev, …`: at most NAMED of them, and how many more."""
    ids = [f"{row.step} {row.image if row.image != '-' else ''}{_at(row)}" for row in some]
    more = f" and {len(ids) - NAMED} more" if len(ids) > NAMED else ""
    return (", ".join(ids[:NAMED]) or "nothing") + more


def _at(row: Row) -> str:
    return f"@{row.target}" if row.target != "-" else ""


def render(report: Report, console: Console) -> None:
    """The same on a terminal; `console` decides about colours and width, and may record."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    def say(text: str, style: str = "") -> None:
        console.print(Text(text, style=style), soft_wrap=True)

    if table := (*rows(report), *left_out(report)):
        summary = Table(box=box.SIMPLE_HEAD, pad_edge=False, expand=False)
        for heading in HEADINGS:
            wide = heading == "detail"
            summary.add_column(heading, overflow="fold" if wide else "ellipsis", no_wrap=not wide)
        for row in table:
            texts = [Text(cell) for cell in cells(row)]
            texts[3].stylize(_COLOURS.get(row.outcome, ""))
            summary.add_row(*texts)
        console.print(summary)
    for holding in holdings(report):
        say(f"{holding.image} in {holding.target}  {holding.repository}", "bold")
        say(f"  {holding.published.digest}", "cyan")
        say(f"  tags: {tags(holding)}; scan: {holding.verdict}")
    for told in warnings(report):
        say(f"warning: {told}", "yellow")
    for problem in problems(report):
        for index, line in enumerate(_problem(problem)):
            say(line, "red" if index == 0 else "")
    for line in (*_stopped(report), took(report)):
        say(line)
    say(last_line(report.exit_code), "bold green" if report.exit_code == 0 else "bold red")
