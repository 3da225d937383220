"""markdown: a job summary (GitHub-flavoured)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ecr_publish.report.lines import failures, last_line, rows, there, warnings
from ecr_publish.report.report import Report
from ecr_publish.report.text import cell, code

LONGEST_TABLE = 200  # rows; a step summary has at most 1 MiB


class MarkdownReporter:
    """One heading, what exists where, what went wrong, and the steps folded away."""

    name = "markdown"

    def text(self, report: Report) -> str:
        """The whole text."""
        parts = [f"## {cell(last_line(report))}", _there(report), _wrong(report), _told(report), _steps(report)]
        return "\n\n".join(part for part in parts if part) + "\n"


def _there(report: Report) -> str:
    lines = [
        (
            cell(each.image),
            cell(each.target),
            ", ".join(code(tag) for tag in each.tags),
            code(each.repository),
            code(each.digest[:19]),
            cell(each.scan),
        )
        for each in there(report)
    ]
    return _table(("image", "target", "tags", "repository", "digest", "scan"), lines) if lines else ""


def _wrong(report: Report) -> str:
    return "\n".join(
        f"- **{cell(code_)}** {cell(where)}: {cell(what)}<br>{cell(hint)}"
        for code_, where, what, hint in failures(report)
    )


def _told(report: Report) -> str:
    return "\n".join(f"- warning: {cell(text)}" for text in warnings(report))


def _steps(report: Report) -> str:
    lines = [
        (cell(row.outcome), cell(row.step), cell(row.place), cell(row.took), cell(row.detail)) for row in rows(report)
    ]
    lines += [
        ("left out", cell(each.step), cell(str(each.place)), "", cell(each.reason)) for each in report.plan.unplanned
    ]
    made = _table(("outcome", "step", "where", "took", "detail"), lines)
    return f"<details><summary>steps</summary>\n\n{made}\n\n</details>"


def _table(head: Sequence[str], lines: Sequence[Iterable[str]]) -> str:
    shown = [_line(line) for line in lines[:LONGEST_TABLE]]
    rest = len(lines) - LONGEST_TABLE
    more = [f"\nand {rest} more rows"] if rest > 0 else []
    return "\n".join([_line(head), _line("---" for _ in head), *shown, *more])


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
