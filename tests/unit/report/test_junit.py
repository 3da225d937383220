"""The JUnit report: a test page that says which step failed, which finding was too much, and what never ran."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from ecr_publish.errors import UsageError
from ecr_publish.model.scan import Finding, Severity
from ecr_publish.report.junit import MOST_FINDINGS, JunitReporter
from ecr_publish.report.report import Report
from tests.unit.report.test_console import hostile_run
from tests.unit.report.words import (
    complete,
    evidence,
    first_half,
    good_run,
    interrupted_run,
    run_of,
    vulnerable_run,
)


def suites(report: Report) -> dict[str, ET.Element]:
    root = ET.fromstring(JunitReporter().text(report))
    assert root.tag == "testsuites"
    return {suite.get("name", ""): suite for suite in root}


def cases(report: Report, image: str = "web") -> dict[str, ET.Element]:
    return {case.get("name", ""): case for case in suites(report)[f"ecr-publish {image}"].iter("testcase")}


def test_each_image_is_a_suite_and_each_step_a_case():
    assert set(suites(good_run())) == {"ecr-publish", "ecr-publish web"}
    assert list(cases(good_run())) == ["build", "push @dev", "scan-wait @dev", "promote @staging", "promote @prod"]


def test_a_case_has_the_duration_of_its_step():
    assert cases(good_run())["scan-wait @dev"].get("time") == "65.000"


def test_a_refused_promotion_is_a_failure_that_names_what_it_refused():
    failure = cases(vulnerable_run())["promote @staging"].find("failure")
    assert failure is not None
    assert failure.get("type") == "vulnerable"
    assert "CVE-2026-1234" in (failure.text or "")


def test_each_finding_is_a_case_that_passes():
    (case,) = [case for name, case in cases(vulnerable_run()).items() if name.startswith("finding")]
    assert case.get("name") == "finding @dev: CRITICAL CVE-2026-1234 in openssl 3.0.1"
    assert [child.tag for child in case] == ["system-out"]
    assert "fixed in 3.0.2" in (case.find("system-out").text or "")  # type: ignore[union-attr]


def test_what_never_ran_is_skipped_with_its_reason():
    skipped = cases(interrupted_run())["promote @staging"].find("skipped")
    assert skipped is not None
    assert skipped.get("message") == "not started: the run was stopped"


def test_an_error_of_the_run_itself_is_a_suite_of_its_own():
    error = UsageError(what="the repository is missing", where="preflight", hint="create it")
    suite = suites(run_of(exit_code=5, errors=(error,)))["ecr-publish run"]
    assert "the repository is missing" in "".join(suite.itertext())


@pytest.mark.parametrize("report", [good_run(), vulnerable_run(), interrupted_run(), hostile_run(), run_of()])
def test_the_counts_are_those_of_the_cases(report: Report):
    root = ET.fromstring(JunitReporter().text(report))
    for counted in (root, *root):
        assert int(counted.get("tests", "0")) == len(list(counted.iter("testcase")))
        assert int(counted.get("failures", "0")) == len(list(counted.iter("failure")))
        assert int(counted.get("skipped", "0")) == len(list(counted.iter("skipped")))


def test_many_findings_are_cut_worst_first_and_counted():
    low = [Finding(f"CVE-2026-{number:04}", Severity.LOW, "p", "1") for number in range(MOST_FINDINGS + 3)]
    found = list(cases(run_of(*first_half(evidence(complete(*low))))))
    assert "findings @dev: 3 more" in found


def test_a_hostile_text_stays_text():
    text = JunitReporter().text(hostile_run())
    ET.fromstring(text)
    assert "\x1b" not in text
