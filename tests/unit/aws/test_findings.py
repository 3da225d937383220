"""Findings of both scanners come out in one form."""

from __future__ import annotations

import pytest

from ecr_publish.aws.findings import basic, enhanced, merged, severity
from ecr_publish.model.scan import Finding, Severity


def attributes(**values):
    return [{"key": key, "value": value} for key, value in values.items()]


def test_a_basic_finding_has_its_package_in_its_attributes():
    finding = {
        "name": "CVE-2026-1",
        "severity": "CRITICAL",
        "uri": "https://example.test/CVE-2026-1",
        "attributes": attributes(package_name="zlib", package_version="1.2", fixed_in_versions="1.3"),
    }
    assert basic(finding) == Finding(
        "CVE-2026-1", Severity.CRITICAL, "zlib", "1.2", "1.3", "https://example.test/CVE-2026-1"
    )


def test_a_basic_finding_without_attributes_is_still_a_finding():
    assert basic({"name": "CVE-1", "severity": "LOW"}) == Finding("CVE-1", Severity.LOW)


@pytest.mark.parametrize(
    ("package", "version"),
    [
        ({"version": "1.2"}, "1.2"),
        ({"version": "1.2", "epoch": 0}, "1.2"),
        ({"version": "1.2", "epoch": 2, "release": "3.el9"}, "2:1.2-3.el9"),
        ({}, ""),
    ],
)
def test_an_enhanced_version_is_written_as_package_managers_do(package, version):
    finding = {"packageVulnerabilityDetails": {"vulnerabilityId": "CVE-1", "vulnerablePackages": [package]}}
    assert next(iter(enhanced(finding))).version == version


@pytest.mark.parametrize(("said", "fixed"), [("1.3", "1.3"), ("NotAvailable", None), ("", None)])
def test_a_fix_that_is_not_available_is_none(said, fixed):
    package = {"name": "a", "fixedInVersion": said}
    finding = {"packageVulnerabilityDetails": {"vulnerabilityId": "CVE-1", "vulnerablePackages": [package]}}
    assert next(iter(enhanced(finding))).fixed_in == fixed


@pytest.mark.parametrize(
    ("finding", "name"),
    [
        ({"title": "CVE-9 - zlib"}, "CVE-9 - zlib"),
        ({"findingArn": "arn:aws:inspector2:r:1:finding/x"}, "arn:aws:inspector2:r:1:finding/x"),
        ({}, "unnamed"),
    ],
)
def test_an_enhanced_finding_without_details_is_not_lost(finding, name):
    assert [each.id for each in enhanced(finding)] == [name]


@pytest.mark.parametrize(
    ("word", "level"),
    [
        ("HIGH", Severity.HIGH),
        ("Critical", Severity.CRITICAL),
        ("UNTRIAGED", Severity.UNTRIAGED),
        ("EXTREME", Severity.UNDEFINED),
        (None, Severity.UNDEFINED),
    ],
)
def test_a_severity_that_is_not_known_is_undefined(word, level):
    assert severity(word) is level


@pytest.mark.parametrize(
    ("one", "other", "kept"),
    [
        (Severity.LOW, Severity.HIGH, Severity.HIGH),
        (Severity.CRITICAL, Severity.UNDEFINED, Severity.CRITICAL),
        (Severity.MEDIUM, Severity.UNTRIAGED, Severity.UNTRIAGED),
    ],
)
def test_of_two_with_one_identity_the_more_severe_stays(one, other, kept):
    both = (Finding("CVE-1", one, "a", "1"), Finding("CVE-1", other, "a", "1", "2"))
    assert merged(both) == merged(reversed(both)) == (Finding("CVE-1", kept, "a", "1", "2"),)
