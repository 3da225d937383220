"""console: plain text for people, the same on a terminal and in a CI log."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ecr_publish.report.lines import failures, last_line, rows, there, warnings
from ecr_publish.report.report import Report
from ecr_publish.report.size import lasted
from ecr_publish.report.text import clean


class ConsoleReporter:
    """What was done, what exists where, what went wrong, and the exit code in words."""

    name = "console"

    def text(self, report: Report) -> str:
        """The whole text."""
        parts = [_steps(report), _there(report), _told(report), _wrong(report)]
        took = lasted(report.finished - report.started)
        clock = " on the rehearsal's own clock" if report.command == "rehearse" else ""
        return "\n".join(part for part in parts if part) + f"\ntook {took}{clock}\n{last_line(report)}\n"


def _steps(report: Report) -> str:
    lines = [(row.outcome, row.step, row.place, row.took, _first(row.detail)) for row in rows(report)]
    left_out = [("left out", each.step, str(each.place), "", each.reason) for each in report.plan.unplanned]
    return table(("outcome", "step", "where", "took", "detail"), [*lines, *left_out])


def _there(report: Report) -> str:
    lines = []
    for each in there(report):
        at = f" (at {each.connection})" if each.connection else ""
        lines.append(
            (each.image, each.target, ", ".join(each.tags) or "-", each.scan, f"{each.repository}@{each.digest}{at}")
        )
    return table(("image", "target", "tags", "scan", "digest"), lines) if lines else ""


def _told(report: Report) -> str:
    return "".join(f"warning: {clean(text)}\n" for text in warnings(report))


def _wrong(report: Report) -> str:
    text = ""
    for code, where, what, hint in failures(report):
        text += f"error [{code}] {clean(where)}\n"
        text += "".join(f"  {clean(line)}\n" for line in what.splitlines())
        text += "".join(
            f"  {'hint: ' if not number else '      '}{clean(line)}\n" for number, line in enumerate(hint.splitlines())
        )
    return text


def _first(text: str) -> str:
    return text.splitlines()[0] if text else ""


def table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Columns as wide as their longest cell; the last one as it is."""
    cells = [tuple(head), *(tuple(clean(text) for text in line) for line in lines)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(head) - 1)]
    return "".join(
        ("  ".join([*(text.ljust(width) for text, width in zip(line, widths, strict=False)), line[-1]])).rstrip() + "\n"
        for line in cells
    )
