"""The report as JUnit XML: what the test pages of CodeBuild, GitLab and Jenkins read.

One suite per image (`ecr-publish web`), a case per step, and a case per promotion and finding, so that a gate's
refusal names what it refused. Element and attribute names are those which all three read (the Ant JUnit format).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from xml.etree.ElementTree import Element, SubElement, tostring

from ecr_publish.report.evidence import findings
from ecr_publish.report.exits import verdict
from ecr_publish.report.problems import Problem, problems
from ecr_publish.report.report import Report
from ecr_publish.report.rows import Holding, Row, holdings, left_out, rows
from ecr_publish.report.text import clean, passage

MOST_FINDINGS = 200  # cases per image and target, worst first: test pages are for reading
_SKIPPED = ("skipped", "left out", "not yet", "not started")


class JunitReporter:
    """`--format junit`."""

    name = "junit"

    def text(self, report: Report) -> str:
        """One document; a failed step is a failure, what never ran is skipped, a finding is a case that passes."""
        root = Element(
            "testsuites", name="ecr-publish", time=_seconds((report.finished - report.started).total_seconds())
        )
        steps = (*rows(report), *left_out(report))
        wrong = problems(report)
        for image in dict.fromkeys(row.image for row in steps):
            cases = [_step(row, wrong) for row in steps if row.image == image]
            cases += [case for held in holdings(report) if held.image == image for case in _findings(held)]
            _suite(root, report, f"ecr-publish {image}" if image != "-" else "ecr-publish", cases)
        if whole := [problem for problem in wrong if not problem.intent]:
            _suite(root, report, "ecr-publish run", [_whole(report, whole)])
        for count in ("tests", "failures", "skipped"):
            root.set(count, str(sum(int(suite.get(count, "0")) for suite in root)))
        return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _suite(root: Element, report: Report, name: str, cases: list[Element]) -> None:
    suite = SubElement(
        root,
        "testsuite",
        name=name,
        tests=str(len(cases)),
        failures=str(sum(case.find("failure") is not None for case in cases)),
        errors="0",
        skipped=str(sum(case.find("skipped") is not None for case in cases)),
        time=_seconds(sum(float(case.get("time", "0")) for case in cases)),
        timestamp=report.started.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
    )
    suite.extend(cases)


def _step(row: Row, wrong: tuple[Problem, ...]) -> Element:
    """`push @dev`: its duration, and why it failed or did not run."""
    name = row.step if row.target == "-" else f"{row.step} @{row.target}"
    case = _case(row.image, name, row.duration.total_seconds() if row.duration else 0.0)
    if row.outcome == "failed":
        _failure(case, row.detail, [each for each in wrong if each.intent == _intent(row)])
    elif row.outcome in _SKIPPED:
        SubElement(case, "skipped", message=f"{row.outcome}: {row.detail}")
    else:
        SubElement(case, "system-out").text = f"{row.outcome}: {row.detail}"
    return case


def _intent(row: Row) -> str:
    place = (row.image if row.image != "-" else "") + (f"@{row.target}" if row.target != "-" else "")
    return f"{row.step} {place}"


def _findings(holding: Holding) -> Iterator[Element]:
    """A case per distinct finding, worst first. It passes: whether it is too much is the promotion's case to say."""
    ordered = findings(holding.scan) if holding.scan else ()
    for finding in ordered[:MOST_FINDINGS]:
        words = f"{finding.severity} {finding.id} in {finding.package} {finding.version}"
        case = _case(holding.image, clean(f"finding @{holding.target}: {words}"), 0.0)
        fixed = f"fixed in {finding.fixed_in}" if finding.fixed_in else "no fixed version is known"
        SubElement(case, "system-out").text = clean(f"{fixed} {finding.uri or ''}")
        yield case
    if len(ordered) > MOST_FINDINGS:
        case = _case(holding.image, f"findings @{holding.target}: {len(ordered) - MOST_FINDINGS} more", 0.0)
        SubElement(case, "system-out").text = "the JSON report has them all"
        yield case


def _whole(report: Report, wrong: list[Problem]) -> Element:
    """What failed the run before or between its steps (preflight, a signal)."""
    case = _case("-", report.command, 0.0)
    _failure(case, verdict(report.exit_code), wrong)
    return case


def _failure(case: Element, message: str, wrong: list[Problem]) -> None:
    failure = SubElement(case, "failure", message=clean(message), type=wrong[0].code if wrong else "failed")
    failure.text = passage("\n".join(f"{each.where}: {each.what}\nhint: {each.hint}" for each in wrong)) or clean(
        message
    )


def _case(image: str, name: str, seconds: float) -> Element:
    return Element("testcase", classname=f"ecr-publish.{image}", name=name, time=_seconds(seconds))


def _seconds(seconds: float) -> str:
    return f"{max(0.0, seconds):.3f}"
