"""What DescribeImageScanFindings says becomes one state; nothing that is not proved complete is complete."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ecr_publish.aws.reading import Coverage, Enrolled, covered, reading
from ecr_publish.model.scan import Complete, Finding, Severity, Unscanned, Unsupported, Waiting

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
LATER = datetime(2026, 11, 24, 13, tzinfo=UTC)


def page(status, body=None, description=""):
    said = {"imageScanStatus": {"status": status, "description": description}}
    return said if body is None else {**said, "imageScanFindings": body}


def plain(name, severity="HIGH", package="openssl", version="1.0"):
    attributes = [{"key": "package_name", "value": package}, {"key": "package_version", "value": version}]
    return {"name": name, "severity": severity, "attributes": attributes}


def rich(name, severity="HIGH", status="ACTIVE", packages=({"name": "openssl", "version": "1.0"},)):
    details = {"vulnerabilityId": name, "vulnerablePackages": list(packages)}
    return {"severity": severity, "status": status, "packageVulnerabilityDetails": details}


def basic_read(*pages):
    return reading(pages, inspected=False)


def enhanced_read(*pages):
    return reading(pages, inspected=True)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("IN_PROGRESS", Waiting),
        ("PENDING", Waiting),
        ("UNSUPPORTED_IMAGE", Unsupported),
        ("FAILED", Unscanned),
        ("SCAN_ELIGIBILITY_EXPIRED", Unscanned),
        ("FINDINGS_UNAVAILABLE", Unscanned),
        ("LIMIT_EXCEEDED", Unscanned),
        ("IMAGE_ARCHIVED", Unscanned),
        ("IMAGE_SIZE_EXCEEDED", Unscanned),
        ("SOMETHING_NEW", Unscanned),
        ("", Unscanned),
        ("COMPLETE", Waiting),
        ("ACTIVE", Waiting),
    ],
)
def test_no_status_alone_is_a_finished_scan(status, state):
    assert isinstance(basic_read(page(status)), state)


@pytest.mark.parametrize("status", ["FAILED", "SCAN_ELIGIBILITY_EXPIRED", "SOMETHING_NEW", "IMAGE_ARCHIVED"])
def test_a_terminal_status_proves_nothing_even_with_a_time_and_empty_findings(status):
    body = {"imageScanCompletedAt": AT, "findingSeverityCounts": {}, "findings": []}
    assert basic_read(page(status, body)) == Unscanned(status, basic_read(page(status)).detail)


def test_every_status_of_the_model_is_known_here():
    from botocore.session import Session

    known = Session().get_service_model("ecr").shape_for("ScanStatus").enum
    unknown = [status for status in known if "does not know" in getattr(basic_read(page(status)), "detail", "")]
    assert unknown == []


def test_a_clean_basic_scan_with_its_time_is_complete():
    body = {"imageScanCompletedAt": AT, "findingSeverityCounts": {}, "findings": []}
    assert basic_read(page("COMPLETE", body)) == Complete((), AT, "basic")


def test_complete_without_a_time_is_still_moving():
    assert isinstance(basic_read(page("COMPLETE", {"findings": []})), Waiting)


def test_pending_with_both_lists_empty_is_waited_for():
    body = {"findings": [], "enhancedFindings": [], "imageScanCompletedAt": AT}
    assert isinstance(basic_read(page("PENDING", body, "Pending start")), Waiting)


@pytest.mark.parametrize(
    "counts",
    [{"HIGH": 2}, {"CRITICAL": 1}, {}, {"HIGH": 1, "LOW": 1}],
)
def test_basic_counts_that_do_not_fit_the_list_mean_that_it_is_moving(counts):
    body = {"imageScanCompletedAt": AT, "findingSeverityCounts": counts, "findings": [plain("CVE-1")]}
    assert isinstance(basic_read(page("COMPLETE", body)), Waiting)


def test_counts_without_zeros_or_with_them_fit():
    body = {"imageScanCompletedAt": AT, "findingSeverityCounts": {"HIGH": 1, "LOW": 0}, "findings": [plain("CVE-1")]}
    assert isinstance(basic_read(page("COMPLETE", body)), Complete)


@pytest.mark.parametrize("counts", [({"HIGH": 2}, {"HIGH": 2}), ({"HIGH": 1}, {"HIGH": 1}), ({"HIGH": 2}, {})])
def test_findings_of_all_pages_count_however_the_pages_count_them(counts):
    pages = [
        page("COMPLETE", {"imageScanCompletedAt": AT, "findingSeverityCounts": each, "findings": [plain(name)]})
        for each, name in zip(counts, ("CVE-1", "CVE-2"), strict=True)
    ]
    assert [each.id for each in basic_read(*pages).findings] == ["CVE-1", "CVE-2"]


def test_a_status_that_changes_between_pages_is_still_moving():
    body = {"imageScanCompletedAt": AT, "findings": []}
    assert isinstance(basic_read(page("COMPLETE", body), page("IN_PROGRESS", body)), Waiting)


@pytest.mark.parametrize("body", [{"enhancedFindings": [rich("CVE-1")]}, {"enhancedFindings": []}, {"findings": []}])
def test_active_is_only_ever_an_enrolment(body):
    read = basic_read(page("ACTIVE", {"imageScanCompletedAt": AT, **body}))
    assert isinstance(read, Enrolled)


def test_complete_in_a_registry_of_inspector_needs_its_coverage_too():
    body = {"imageScanCompletedAt": AT, "findings": [], "enhancedFindings": []}
    assert enhanced_read(page("COMPLETE", body)) == Enrolled("COMPLETE", (), AT)


def test_enhanced_findings_in_a_complete_scan_need_coverage_whatever_the_registry_says():
    body = {"imageScanCompletedAt": AT, "enhancedFindings": [rich("CVE-1")]}
    assert isinstance(basic_read(page("COMPLETE", body)), Enrolled)


def test_enhanced_counts_are_enough_where_the_time_is_missing():
    assert enhanced_read(page("ACTIVE", {"findingSeverityCounts": {}})) == Enrolled("ACTIVE", (), None)


def test_enhanced_counts_above_the_list_mean_that_findings_are_missing():
    body = {"imageScanCompletedAt": AT, "findingSeverityCounts": {"HIGH": 2}, "enhancedFindings": [rich("CVE-1")]}
    assert isinstance(enhanced_read(page("ACTIVE", body)), Waiting)


def test_the_total_of_inspector_is_no_severity():
    counts = {"HIGH": 1, "TOTAL": 1}
    body = {"imageScanCompletedAt": AT, "findingSeverityCounts": counts, "enhancedFindings": [rich("CVE-1")]}
    assert isinstance(enhanced_read(page("ACTIVE", body)), Enrolled)


def test_a_closed_finding_is_history_and_a_suppressed_one_counts():
    findings = [rich("CVE-1", status="CLOSED"), rich("CVE-2", status="SUPPRESSED")]
    read = enhanced_read(page("ACTIVE", {"imageScanCompletedAt": AT, "enhancedFindings": findings}))
    assert [each.id for each in read.findings] == ["CVE-2"]


def test_a_finding_in_two_packages_is_two_and_the_same_one_twice_is_one():
    twice = rich("CVE-1", packages=({"name": "a", "version": "1"}, {"name": "b", "version": "1"}))
    again = rich("CVE-1", packages=({"name": "a", "version": "1", "filePath": "/other"},))
    read = enhanced_read(page("ACTIVE", {"imageScanCompletedAt": AT, "enhancedFindings": [twice, again]}))
    assert [(each.id, each.package) for each in read.findings] == [("CVE-1", "a"), ("CVE-1", "b")]


ENROLLED = Enrolled("ACTIVE", (Finding("CVE-1", Severity.HIGH),), AT)


@pytest.mark.parametrize(
    ("coverage", "scan"),
    [
        (Coverage("SUCCESSFUL", LATER), Complete(ENROLLED.findings, LATER, "enhanced")),
        (Coverage("SUCCESSFUL"), Complete(ENROLLED.findings, AT, "enhanced")),
        (None, Waiting("ACTIVE", "Inspector does not cover this image yet")),
        (Coverage("PENDING_INITIAL_SCAN"), Waiting("ACTIVE", "Inspector: PENDING_INITIAL_SCAN")),
        (Coverage("SCAN_IN_PROGRESS"), Waiting("ACTIVE", "Inspector: SCAN_IN_PROGRESS")),
    ],
)
def test_inspectors_coverage_decides_over_an_enrolled_image(coverage, scan):
    assert covered(ENROLLED, coverage) == scan


def test_what_inspector_cannot_scan_is_unsupported_unless_it_found_something():
    unsupported = Coverage("UNSUPPORTED_OS")
    assert covered(Enrolled("ACTIVE", (), AT), unsupported) == Unsupported("Inspector: UNSUPPORTED_OS")
    assert isinstance(covered(ENROLLED, unsupported), Unscanned)


@pytest.mark.parametrize(
    "reason", ["SCAN_ELIGIBILITY_EXPIRED", "EXCLUDED_BY_TAG", "ACCESS_DENIED_TO_ENCRYPTION_KEY", "NEW_REASON", ""]
)
def test_a_coverage_that_is_not_successful_proves_nothing(reason):
    assert isinstance(covered(ENROLLED, Coverage(reason, LATER)), Unscanned)


def test_an_enhanced_scan_without_any_time_is_waited_for():
    assert isinstance(covered(Enrolled("ACTIVE", (), None), Coverage("SUCCESSFUL")), Waiting)


def unknown_read(*pages):
    return reading(pages, inspected=None)


@pytest.mark.parametrize("more", [{}, {"findings": []}, {"enhancedFindings": []}])
def test_a_clean_list_of_an_unknown_scanner_may_be_inspectors(more):
    body = {"imageScanCompletedAt": AT, "findingSeverityCounts": {}, **more}
    assert unknown_read(page("COMPLETE", body)) == Enrolled("COMPLETE", (), AT, is_certain=False)


def test_basic_findings_say_by_themselves_that_the_scan_is_a_basic_one():
    body = {"imageScanCompletedAt": AT, "findingSeverityCounts": {"HIGH": 1}, "findings": [plain("CVE-1")]}
    assert isinstance(unknown_read(page("COMPLETE", body)), Complete)
