"""From DescribeImageScanFindings' pages to one Scan: what is not proved complete is not complete.

Sources: ECR API Reference (DescribeImageScanFindings, ImageScanStatus); docs/aws.md lists each status.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ecr_publish.model.scan import Complete, Finding, Scan, Severity, Unscanned, Unsupported, Waiting

# Terminal, and proving nothing: an expired image's findings are closed, so that none is left to see.
_NOT_CLEAN = {
    "FAILED",
    "SCAN_ELIGIBILITY_EXPIRED",
    "FINDINGS_UNAVAILABLE",
    "LIMIT_EXCEEDED",
    "IMAGE_ARCHIVED",
    "IMAGE_SIZE_EXCEEDED",
}


def scan_of(pages: Sequence[Mapping[str, Any]]) -> Scan:
    """The state of a scan from all pages of its findings (at least one)."""
    first = pages[0]
    status = first.get("imageScanStatus", {})
    word, detail = str(status.get("status", "")), str(status.get("description", ""))
    match word:
        case "IN_PROGRESS" | "PENDING":
            return Waiting(word, detail)
        case "UNSUPPORTED_IMAGE":
            return Unsupported(detail or "UNSUPPORTED_IMAGE")
        case "COMPLETE" | "ACTIVE":
            return _complete(word, pages)
        case _:
            # the list of states keeps growing: an unknown one proves nothing
            known = "" if word in _NOT_CLEAN else "a status that this version does not know"
            return Unscanned(word or "NO_STATUS", detail or known)


def _complete(word: str, pages: Sequence[Mapping[str, Any]]) -> Scan:
    bodies = [page.get("imageScanFindings", {}) for page in pages]
    enhanced = word == "ACTIVE" or any("enhancedFindings" in body for body in bodies)
    basic = [finding for body in bodies for finding in body.get("findings", ())]
    rich = [finding for body in bodies for finding in body.get("enhancedFindings", ())]
    findings = tuple(
        sorted({*(_basic(each) for each in basic), *(one for each in rich if _counts(each) for one in _enhanced(each))})
    )
    completed = bodies[0].get("imageScanCompletedAt")
    if completed is None:
        # COMPLETE without a time was seen before the findings were there (aws/aws-sdk#289)
        return Waiting(word, "the scanner does not say when it finished")
    counts = bodies[0].get("findingSeverityCounts")
    listed = Counter(str(each.get("severity", "UNDEFINED")) for each in (*basic, *(e for e in rich if _counts(e))))
    if counts is not None and not enhanced and dict(listed) != {key: n for key, n in counts.items() if n}:
        return Waiting(word, "counts and findings do not agree yet")
    return Complete(findings, completed, "enhanced" if enhanced else "basic")


def _counts(finding: Mapping[str, Any]) -> bool:
    """A closed finding is history; a suppressed one stays counted, for nobody here has judged the suppression."""
    return str(finding.get("status", "ACTIVE")) != "CLOSED"


def _basic(finding: Mapping[str, Any]) -> Finding:
    attributes = {each["key"]: each.get("value", "") for each in finding.get("attributes", ())}
    return Finding(
        id=str(finding.get("name", "unnamed")),
        severity=_severity(finding.get("severity")),
        package=attributes.get("package_name", ""),
        version=attributes.get("package_version", ""),
        fixed_in=attributes.get("fixed_in_versions") or None,
        uri=finding.get("uri"),
    )


def _enhanced(finding: Mapping[str, Any]) -> list[Finding]:
    details = finding.get("packageVulnerabilityDetails", {})
    packages = details.get("vulnerablePackages") or [{}]
    name = details.get("vulnerabilityId") or finding.get("title") or finding.get("findingArn") or "unnamed"
    return [
        Finding(
            id=str(name),
            severity=_severity(finding.get("severity")),
            package=str(package.get("name", "")),
            version=_version(package),
            fixed_in=_fixed(package),
            uri=details.get("sourceUrl"),
        )
        for package in packages
    ]


def _version(package: Mapping[str, Any]) -> str:
    epoch, release = package.get("epoch"), package.get("release")
    text = str(package.get("version", ""))
    return f"{f'{epoch}:' if epoch else ''}{text}{f'-{release}' if release else ''}"


def _fixed(package: Mapping[str, Any]) -> str | None:
    fixed = package.get("fixedInVersion")
    return None if fixed in (None, "", "NotAvailable") else str(fixed)


def _severity(word: object) -> Severity:
    try:
        return Severity(str(word))
    except ValueError:
        return Severity.UNDEFINED
