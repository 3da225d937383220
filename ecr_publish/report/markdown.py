"""The report as GitHub-flavoured Markdown: a job summary that nobody's branch name or scan text can take over."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ecr_publish.model.scan import Finding
from ecr_publish.report.console import HEADINGS, cells, title, took
from ecr_publish.report.evidence import findings
from ecr_publish.report.exits import exit_of, last_line, verdict
from ecr_publish.report.problems import Problem, problems
from ecr_publish.report.report import Report
from ecr_publish.report.rows import Holding, holdings, left_out, rows, warnings
from ecr_publish.report.text import clean

# GitHub takes 1 MiB per step and then drops the whole summary; older runners took 128 KiB.
LARGEST_BYTES = 100 * 1024
MOST_FINDINGS = 50  # of each place, worst first
_LONGEST_CELL = 400
# What GitHub-flavoured Markdown reads inside a line: emphasis, code, links, mathematics, cells, and bare addresses.
_PUNCTUATION = re.compile(r"([\\`*_\[\]#|~!$@]|:(?=//)|(?<=[wW]{3})\.)")


class MarkdownReporter:
    """`--format markdown`: for `$GITHUB_STEP_SUMMARY`, a merge request note, or any page."""

    name = "markdown"

    def text(self, report: Report) -> str:
        """At most LARGEST_BYTES; what does not fit is left out by whole rows, with a note that says so."""
        head = [f"## ecr-publish {escaped(report.command)}: {escaped(verdict(report.exit_code))}", ""]
        tail = ["", f"`{last_line(report.exit_code)}`, {took(report)}"]
        if report.exit_code and (known := exit_of(report.exit_code)):
            tail += ["", f"{escaped(known.meaning)}", "", f"**Next:** {escaped(known.remedy)}"]
        return "\n".join([*head, *_fitting(_body(report), head + tail), *tail]) + "\n"


def refusal(errors: Sequence[Problem], exit_code: int) -> str:
    """The page of a command that came to no report: what is wrong, and what to do next."""
    lines = [
        f"## ecr-publish: {escaped(verdict(exit_code))}",
        "",
        *(line for each in errors for line in _problem(each)),
    ]
    return "\n".join([*lines[:200], "", f"`{last_line(exit_code)}`"]) + "\n"


def escaped(text: str) -> str:
    """Text in which nothing is Markdown, HTML or a link; on one line."""
    plain = clean(text, _LONGEST_CELL).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _PUNCTUATION.sub(r"\\\1", plain)


def code(text: str) -> str:
    """Text as inline code in a table cell: a longer run of backticks around it than any inside."""
    plain = clean(text, _LONGEST_CELL).replace("|", "\\|")
    longest = max((len(run) for run in re.findall("`+", plain)), default=0)
    fence, gap = "`" * (longest + 1), " " if longest else ""
    return f"{fence}{gap}{plain}{gap}{fence}" if plain else ""


def _body(report: Report) -> Iterator[str]:
    if wrong := problems(report):
        for problem in wrong:
            yield from _problem(problem)
        yield ""
    if found := holdings(report):
        yield "### What exists where"
        yield ""
        yield from _table(("image", "target", "repository", "tags", "digest", "scan"))
        yield from (_line(_held(holding)) for holding in found)
        yield ""
    yield from _findings(found)
    if table := (*rows(report), *left_out(report)):
        yield "<details><summary>Steps</summary>"
        yield ""
        yield from _table(HEADINGS)
        yield from (_line([escaped(cell) for cell in cells(row)]) for row in table)
        yield ""
        yield "</details>"
        yield ""
    yield from (f"- warning: {escaped(each)}" for each in warnings(report))


def _findings(found: Sequence[Holding]) -> Iterator[str]:
    """The worst findings of each place that was scanned, folded."""
    for holding in found:
        listed = findings(holding.scan) if holding.scan else ()
        if not listed:
            continue
        place = escaped(f"{holding.image} in {holding.target}: {holding.verdict}")
        yield f"<details><summary>Findings: {place}</summary>"
        yield ""
        yield from _table(("severity", "finding", "package", "version", "fixed in"))
        for each in listed[:MOST_FINDINGS]:
            yield _line([escaped(text) for text in _finding(each)])
        if len(listed) > MOST_FINDINGS:
            yield ""
            yield f"{len(listed) - MOST_FINDINGS} more: the JSON report has them all."
        yield ""
        yield "</details>"
        yield ""


def _finding(found: Finding) -> tuple[str, ...]:
    return (str(found.severity), found.id, found.package, found.version, found.fixed_in or "-")


def _held(holding: Holding) -> list[str]:
    tags = " ".join(code(tag) for tag in holding.published.tags) or "none"
    return [
        escaped(holding.image),
        escaped(holding.target),
        code(holding.repository),
        tags,
        code(holding.published.digest.text),
        escaped(holding.verdict),
    ]


def _table(headings: Sequence[str]) -> Iterator[str]:
    yield _line(headings)
    yield _line(["---"] * len(headings))


def _line(texts: Sequence[str]) -> str:
    return f"| {' | '.join(texts)} |"


def _problem(problem: Problem) -> Iterator[str]:
    yield f"- **{escaped(title(problem))}**: {_lines(problem.what)}  "
    yield f"  hint: {_lines(problem.hint)} (`ecr-publish explain {problem.code}`)"


def _lines(text: str) -> str:
    return "<br>".join(escaped(line) for line in text.splitlines()[:20])


def _fitting(body: Iterator[str], around: Sequence[str]) -> Iterator[str]:
    """Lines of `body` while there is room; a cut table is closed, and the note says how many lines are missing."""
    left = LARGEST_BYTES - sum(len(line.encode()) + 1 for line in around) - 200
    dropped, inside = 0, False
    for line in body:
        size = len(line.encode()) + 1
        if dropped or size > left:
            dropped += 1
            continue
        left -= size
        inside = line.startswith("<details>") or (inside and line != "</details>")
        yield line
    if dropped:
        if inside:
            yield from ("", "</details>")
        yield from ("", f"{dropped} more lines do not fit into a job summary: see the log or the JSON report.")
