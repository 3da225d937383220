"""The built-in gate: counts per severity, the worst child decides, and nothing unproved passes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ecr_publish.gate.thresholds import thresholds
from ecr_publish.model.digest import digest_of
from ecr_publish.model.evidence import ScanEvidence
from ecr_publish.model.platform import Platform
from ecr_publish.model.registry import EcrRegistry, Repository
from ecr_publish.model.scan import (
    ChildScan,
    Complete,
    Finding,
    Severity,
    TimedOut,
    Unscanned,
    Unsupported,
)
from ecr_publish.model.verdict import Allow, CannotJudge, Promotion, Refuse

DIGEST = digest_of(b"image")
HERE = Repository(EcrRegistry("1" * 12, "us-east-2"), "web")
PROMOTION = Promotion("web", "dev", "staging", HERE, HERE, DIGEST, (), (("critical", 0), ("high", 1)))
AMD, ARM = Platform("linux", "amd64"), Platform("linux", "arm64")


def complete(*severities: Severity) -> Complete:
    findings = tuple(Finding(f"CVE-{n}", severity, "openssl", "3.0", "3.1") for n, severity in enumerate(severities))
    return Complete(findings, datetime(2026, 1, 1, tzinfo=UTC), "basic")


def judged(*scans, promotion=PROMOTION):
    children = tuple(ChildScan(DIGEST, platform, scan) for platform, scan in zip((AMD, ARM), scans, strict=False))
    return thresholds(promotion, ScanEvidence(HERE, DIGEST, children))


def test_what_is_below_the_limits_is_allowed():
    assert judged(complete(Severity.HIGH, Severity.MEDIUM, Severity.LOW)) == Allow()


def test_what_is_over_a_limit_is_refused_with_the_findings_named():
    verdict = judged(complete(Severity.CRITICAL))
    assert verdict == Refuse(("linux/amd64 1 CRITICAL (at most 0): CVE-0 CRITICAL in openssl 3.0 (fixed in 3.1)",))


@pytest.mark.parametrize("severity", [Severity.UNDEFINED, Severity.UNTRIAGED])
def test_a_finding_that_nobody_has_rated_counts_as_high(severity):
    assert isinstance(judged(complete(severity, severity)), Refuse)


def test_the_worst_child_decides():
    assert isinstance(judged(complete(), complete(Severity.CRITICAL)), Refuse)


def test_the_same_finding_counts_once():
    finding = Finding("CVE-1", Severity.HIGH, "openssl", "3.0")
    assert judged(replace(complete(), findings=(finding, finding))) == Allow()


@pytest.mark.parametrize(
    ("scan", "code"),
    [
        (Unsupported("no os-release"), "UNSUPPORTED_IMAGE"),
        (Unscanned("FAILED"), "FAILED"),
        (Unscanned("SCAN_ELIGIBILITY_EXPIRED"), "SCAN_ELIGIBILITY_EXPIRED"),
        (Unscanned("SOMETHING_NEW"), "SOMETHING_NEW"),
        (TimedOut("IN_PROGRESS", 900.0), "TIMED_OUT"),
    ],
)
def test_what_proves_nothing_cannot_be_judged_each_with_its_own_code(scan, code):
    verdict = judged(complete(), scan)
    assert isinstance(verdict, CannotJudge)
    assert verdict.code == code


def test_an_image_in_which_nothing_can_be_scanned_cannot_be_judged():
    assert judged().code == "nothing-scannable"


def test_unscannable_allow_covers_unsupported_images_and_says_so_loudly():
    verdict = judged(Unsupported("no os-release"), promotion=replace(PROMOTION, unscannable="static files"))
    assert isinstance(verdict, Allow)
    assert "NOT SCANNED" in verdict.notes[0]
    assert "static files" in verdict.notes[0]


@pytest.mark.parametrize("scan", [Unscanned("FAILED"), TimedOut("PENDING", 1.0)])
def test_unscannable_allow_covers_neither_failed_nor_timed_out(scan):
    assert isinstance(judged(scan, promotion=replace(PROMOTION, unscannable="static files")), CannotJudge)


def test_a_long_list_of_findings_is_cut_and_says_how_many_more():
    verdict = judged(complete(*[Severity.CRITICAL] * 25))
    assert verdict.reasons[0].endswith("and 15 more")
