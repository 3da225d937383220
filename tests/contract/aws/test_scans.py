"""Scans by the real SDK: every page, started by hand where nobody else will, and never proved by silence."""

from __future__ import annotations

import pytest

from ecr_publish.aws.scans import NO_SCAN, EcrScans
from ecr_publish.errors import ImageMissing, NotAuthorised
from ecr_publish.local.scanner import ScriptedFinding
from ecr_publish.model.digest import digest_of
from ecr_publish.model.registry import PlainRegistry
from ecr_publish.model.scan import Complete, Finding, Severity, Unscanned, Unsupported, Waiting
from ecr_publish.model.target import Target
from tests.contract.aws.conftest import DEV

ON_PUSH = {"imageScanningConfiguration": {"scanOnPush": True}}
WEB = DEV.repository("web")


@pytest.fixture
def scans(ground):
    return EcrScans(ground.sessions)


def test_a_scan_on_push_takes_its_time_and_is_then_complete(ground, scans):
    ground.create("web", **ON_PUSH)
    digest = ground.put("web")
    assert isinstance(scans.scan(DEV, WEB, digest), Waiting)
    ground.advance(minutes=1)
    scan = scans.scan(DEV, WEB, digest)
    assert isinstance(scan, Complete)
    assert (scan.findings, scan.scanner) == ((), "basic")


def test_several_are_read_side_by_side_and_given_in_their_order(ground, scans):
    ground.ecr.scanner.findings.append(ScriptedFinding("web", "CVE-1", "LOW", "zlib", "1.2"))
    ground.create("web", **ON_PUSH)
    digests = tuple(ground.put("web", files=("etc/os-release", str(number))) for number in range(12))
    unscanned = ground.put("web", files=("app",))
    ground.advance(minutes=1)
    found = scans.scans(DEV, WEB, (*digests, unscanned))
    assert [type(each) for each in found] == [Complete] * 12 + [Unsupported]
    assert ground.actions.count("ecr:GetRegistryScanningConfiguration") == 1
    assert scans.scans(DEV, WEB, ()) == ()


def test_of_several_the_first_refusal_is_raised(ground, scans):
    ground.create("web", **ON_PUSH)
    digest = ground.put("web")
    ground.advance(minutes=1)
    with pytest.raises(ImageMissing, match=digest_of(b"one").hex):
        scans.scans(DEV, WEB, (digest, digest_of(b"one"), digest_of(b"two")))


def test_findings_name_package_version_and_fix(ground, scans):
    ground.ecr.scanner.findings.append(ScriptedFinding("web", "CVE-1", "CRITICAL", "zlib", "1.2", "1.3"))
    ground.create("web", **ON_PUSH)
    digest = ground.put("web")
    ground.advance(minutes=1)
    (finding,) = scans.scan(DEV, WEB, digest).findings
    assert (finding.id, finding.severity, finding.package) == ("CVE-1", Severity.CRITICAL, "zlib")
    assert (finding.version, finding.fixed_in) == ("1.2", "1.3")


def test_findings_of_all_pages_are_counted(ground, scans):
    numbers = range(2345)
    ground.ecr.scanner.findings.extend(ScriptedFinding("web", f"CVE-{each:05}", "LOW", "p", "1") for each in numbers)
    ground.create("web", **ON_PUSH)
    digest = ground.put("web")
    ground.advance(minutes=1)
    findings = scans.scan(DEV, WEB, digest).findings
    assert [each.id for each in findings] == [f"CVE-{each:05}" for each in numbers]
    assert ground.actions.count("ecr:DescribeImageScanFindings") == 3
    assert isinstance(findings[0], Finding)


def test_an_image_without_an_operating_system_is_unsupported(ground, scans):
    ground.create("web", **ON_PUSH)
    digest = ground.put("web", files=("app",))
    ground.advance(minutes=1)
    assert isinstance(scans.scan(DEV, WEB, digest), Unsupported)


def test_an_image_that_nobody_scans_is_scanned_by_hand_once(ground, scans):
    ground.create("web")
    digest = ground.put("web")
    assert scans.scan(DEV, WEB, digest) == Waiting(NO_SCAN, "asked for by hand")
    assert isinstance(scans.scan(DEV, WEB, digest), Waiting)
    ground.advance(minutes=1)
    assert isinstance(scans.scan(DEV, WEB, digest), Complete)
    assert ground.actions.count("ecr:StartImageScan") == 1


def test_an_image_that_nobody_may_scan_says_which_permission_is_missing(ground, scans):
    ground.create("web")
    digest = ground.put("web")
    ground.ecr.denials.deny("ecr:StartImageScan")
    with pytest.raises(NotAuthorised, match="ecr:StartImageScan"):
        scans.scan(DEV, WEB, digest)


def test_who_may_not_read_the_configuration_waits_with_words(ground, scans):
    ground.create("web")
    digest = ground.put("web")
    ground.ecr.denials.deny("ecr:BatchGetRepositoryScanningConfiguration")
    scan = scans.scan(DEV, WEB, digest)
    assert isinstance(scan, Waiting)
    assert "ecr:BatchGetRepositoryScanningConfiguration" in scan.detail


def test_who_may_not_ask_for_the_scanner_still_gets_basic_findings(ground, scans):
    ground.ecr.scanner.findings.append(ScriptedFinding("web", "CVE-1", "LOW", "zlib", "1.2"))
    ground.create("web", **ON_PUSH)
    digest = ground.put("web")
    ground.advance(minutes=1)
    ground.ecr.denials.deny("ecr:GetRegistryScanningConfiguration")
    scan = scans.scan(DEV, WEB, digest)
    assert isinstance(scan, Complete)
    assert (len(scan.findings), scan.scanner) == (1, "basic")


def test_no_findings_of_an_unknown_scanner_are_no_proof(ground, scans):
    """An enhanced scan may give empty lists before it is over, in the shape of a clean basic one."""
    ground.create("web", **ON_PUSH)
    digest = ground.put("web")
    ground.advance(minutes=1)
    ground.ecr.denials.deny("ecr:GetRegistryScanningConfiguration")
    scan = scans.scan(DEV, WEB, digest)
    assert isinstance(scan, Unscanned)
    assert scan.status == "UNPROVED"
    assert "ecr:GetRegistryScanningConfiguration" in scan.detail


def test_no_findings_of_an_unknown_scanner_are_proved_by_inspector(ground, scans):
    ground.create("web")
    _enhanced(ground, "*", "SCAN_ON_PUSH")
    digest = ground.put("web")
    ground.advance(minutes=1)
    ground.ecr.denials.deny("ecr:GetRegistryScanningConfiguration")
    scan = scans.scan(DEV, WEB, digest)
    assert isinstance(scan, Complete)
    assert scan.scanner == "enhanced"


def test_enhanced_scanning_that_does_not_cover_a_repository_never_scans_it(ground, scans):
    ground.create("web", **ON_PUSH)
    _enhanced(ground, "other*")
    digest = ground.put("web")
    scan = scans.scan(DEV, WEB, digest)
    assert isinstance(scan, Unscanned)
    assert scan.status == "NEVER_SCANNED"


def test_an_enhanced_scan_whose_coverage_may_not_be_read_is_no_proof(ground, scans):
    ground.create("web")
    _enhanced(ground, "*")
    digest = ground.put("web")
    ground.advance(minutes=1)
    ground.ecr.denials.deny("inspector2:ListCoverage")
    scan = scans.scan(DEV, WEB, digest)
    assert isinstance(scan, Unscanned)
    assert scan.status == "UNPROVED"
    assert "inspector2:ListCoverage" in scan.detail


def test_an_enrolled_image_is_waited_for_until_inspector_has_scanned_it(ground, scans):
    """ACTIVE comes before the scan is over: what is listed then proves nothing."""
    ground.ecr.scanner.findings.append(ScriptedFinding("web", "CVE-1", "CRITICAL", "zlib", "1.2", "1.3"))
    ground.create("web")
    _enhanced(ground, "*")
    digest = ground.put("web")
    assert scans.scan(DEV, WEB, digest) == Waiting("PENDING", "Pending start of the initial scan.")
    ground.advance(seconds=12)
    assert scans.scan(DEV, WEB, digest) == Waiting("ACTIVE", "Inspector: PENDING_INITIAL_SCAN")
    ground.advance(seconds=12)
    scan = scans.scan(DEV, WEB, digest)
    assert isinstance(scan, Complete)
    assert scan.scanner == "enhanced"
    (finding,) = scan.findings
    assert (finding.id, finding.severity, finding.package) == ("CVE-1", Severity.CRITICAL, "zlib")
    assert (finding.version, finding.fixed_in) == ("1.2", "1.3")


def test_an_enhanced_scan_on_push_is_complete_by_coverage_too(ground, scans):
    ground.create("web")
    _enhanced(ground, "*", "SCAN_ON_PUSH")
    digest = ground.put("web")
    ground.advance(minutes=1)
    scan = scans.scan(DEV, WEB, digest)
    assert isinstance(scan, Complete)
    assert scan.scanner == "enhanced"
    assert "inspector2:ListCoverage" in ground.actions


def test_an_image_that_inspector_cannot_read_is_unsupported(ground, scans):
    ground.create("web")
    _enhanced(ground, "*")
    digest = ground.put("web", files=("app",))
    ground.advance(minutes=1)
    assert isinstance(scans.scan(DEV, WEB, digest), Unsupported)


def test_what_was_there_before_enhanced_scanning_gets_its_initial_scan(ground, scans):
    ground.create("web")
    digest = ground.put("web")
    _enhanced(ground, "*")
    ground.advance(minutes=1)
    assert isinstance(scans.scan(DEV, WEB, digest), Complete)


def test_an_absent_image_is_missing_not_waited_for(ground, scans):
    ground.create("web")
    with pytest.raises(ImageMissing):
        scans.scan(DEV, WEB, digest_of(b"absent"))


def test_a_plain_registry_has_no_scanner(scans):
    lab = Target("lab", "lab", PlainRegistry("127.0.0.1:5000"))
    assert isinstance(scans.scan(lab, lab.repository("web"), digest_of(b"x")), Unsupported)


def _enhanced(ground, pattern, frequency="CONTINUOUS_SCAN"):
    ground.sessions.client("ecr", DEV).put_registry_scanning_configuration(
        scanType="ENHANCED",
        rules=[
            {
                "scanFrequency": frequency,
                "repositoryFilters": [{"filter": pattern, "filterType": "WILDCARD"}],
            }
        ],
    )
