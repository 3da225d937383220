"""Reading: what all pages of DescribeImageScanFindings say, and whether that proves a finished scan. Pure.

COMPLETE and ACTIVE were seen before the findings were there (aws/aws-sdk#289, aws/aws-cli#6759), so a scan counts as
finished only with a time of completion or counts, and where the counts agree with what is listed. Amazon Inspector's
ACTIVE says that an image is enrolled, not that it was scanned: that needs its coverage as well (`Enrolled`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

from ecr_publish.aws.findings import basic, enhanced, is_open, merged
from ecr_publish.model.scan import Complete, Finding, Scan, Unscanned, Unsupported, Waiting

# Terminal, and proving nothing; the words are for people (ECR API Reference, ImageScanStatus).
_NOT_CLEAN = {
    "FAILED": "the scan failed",
    "SCAN_ELIGIBILITY_EXPIRED": "the image is no longer scanned, and its findings were closed: push it again",
    "FINDINGS_UNAVAILABLE": "the scanner gives no findings for this image",
    "LIMIT_EXCEEDED": "the quota of scans is used up: try again tomorrow",
    "IMAGE_ARCHIVED": "the image is in the archive: restore it first",
    "IMAGE_SIZE_EXCEEDED": "the image is too big for the scanner",
}
# Inspector's coverage (Inspector API Reference, ScanStatus.reason).
_COVERAGE_WAITS = {"PENDING_INITIAL_SCAN", "SCAN_IN_PROGRESS", "PENDING_REVIVAL_SCAN"}
_COVERAGE_UNSUPPORTED = {"UNSUPPORTED_OS", "UNSUPPORTED_MEDIA_TYPE", "UNSUPPORTED_CONFIG_FILE"}

UNPROVED = "UNPROVED"
UNNAMED = "no findings are listed, and whose scan that is cannot be read (ecr:GetRegistryScanningConfiguration)"


@dataclass(frozen=True, slots=True)
class Enrolled:
    """Enhanced scanning lists these findings, or may; only Inspector's coverage can say that the first scan is over."""

    status: str
    findings: tuple[Finding, ...]
    completed_at: datetime | None
    is_certain: bool = True  # False: it may as well be a basic scan without findings, for nobody names the scanner


@dataclass(frozen=True, slots=True)
class Coverage:
    """What Inspector says of one image: `reason` is its own word."""

    reason: str
    scanned_at: datetime | None = None


Reading: TypeAlias = Scan | Enrolled


def reading(pages: Sequence[Mapping[str, Any]], *, inspected: bool | None) -> Reading:
    """What the pages (at least one) say. `inspected`: this registry is scanned by Amazon Inspector; None: that is not
    known, and then only basic findings say that a scan is a basic one, for an empty list may be Inspector's.

    A non-empty `enhancedFindings` or the status ACTIVE say the same by themselves; empty lists of both kinds may
    stand side by side.
    """
    statuses = [page.get("imageScanStatus") or {} for page in pages]
    word, detail = str(statuses[0].get("status", "")), str(statuses[0].get("description", ""))
    if any(str(status.get("status", word)) != word for status in statuses):
        return Waiting(word, "the status changed between two pages")
    match word:
        case "IN_PROGRESS" | "PENDING":
            return Waiting(word, detail)
        case "UNSUPPORTED_IMAGE":
            return Unsupported(detail or word)
        case "COMPLETE" | "ACTIVE":
            return _finished(word, [page.get("imageScanFindings") or {} for page in pages], inspected=inspected)
        case _:
            # the list of states keeps growing: an unknown one proves nothing
            words = _NOT_CLEAN.get(word, "a status that this version does not know")
            return Unscanned(word or "NO_STATUS", detail or words)


def _finished(word: str, bodies: Sequence[Mapping[str, Any]], *, inspected: bool | None) -> Reading:
    plain = [finding for body in bodies for finding in body.get("findings") or ()]
    rich = [finding for body in bodies for finding in body.get("enhancedFindings") or () if is_open(finding)]
    completed = next((body["imageScanCompletedAt"] for body in bodies if body.get("imageScanCompletedAt")), None)
    is_certain = inspected is not None or word == "ACTIVE" or bool(rich)
    is_basic = inspected is False or bool(plain and not any("enhancedFindings" in body for body in bodies))
    is_enhanced = inspected or word == "ACTIVE" or bool(rich) or not is_basic
    counts = [body["findingSeverityCounts"] for body in bodies if body.get("findingSeverityCounts") is not None]
    completed = completed.astimezone(UTC) if completed else None
    if completed is None and not (counts and is_enhanced):
        return Waiting(word, "the scanner does not say yet when it finished")
    listed = Counter(str(finding.get("severity", "")).upper() for finding in (*plain, *rich))
    if not _agree(counts, listed, exactly=not is_enhanced):
        return Waiting(word, "the counts and the findings do not agree yet")
    findings = merged((*map(basic, plain), *(one for finding in rich for one in enhanced(finding))))
    if is_enhanced:
        return Enrolled(word, findings, completed, is_certain)
    assert completed is not None
    return Complete(findings, completed, "basic")


def _agree(counts: Sequence[Mapping[str, int]], listed: Counter[str], *, exactly: bool) -> bool:
    """Whether the counts fit the list. AWS does not say if each page repeats the counts of the whole image or has its
    own, so the first page's, or their sum, must fit. `exactly` off: more listed than counted is no gap in the list
    (Inspector's counts leave out what is suppressed)."""
    if not counts:
        return True
    whole = _words(counts[0])
    summed: Counter[str] = sum(map(_words, counts), Counter())
    if exactly:
        return listed in (whole, summed)
    return whole <= listed or summed <= listed


def _words(counts: Mapping[str, int]) -> Counter[str]:
    """Counts by severity without zeros; `TOTAL` is not a severity (Inspector's events add it)."""
    return Counter({word.upper(): count for word, count in counts.items() if count and word.upper() != "TOTAL"})


def covered(enrolled: Enrolled, coverage: Coverage | None) -> Scan:
    """The scan of an enrolled image, judged by Inspector's coverage; None: Inspector does not know the image yet."""
    if coverage is None and not enrolled.is_certain:
        return Unscanned(UNPROVED, f"{UNNAMED}, and Inspector does not know this image")
    if coverage is None:
        return Waiting(enrolled.status, "Inspector does not cover this image yet")
    if coverage.reason in _COVERAGE_WAITS:
        return Waiting(enrolled.status, f"Inspector: {coverage.reason}")
    if coverage.reason in _COVERAGE_UNSUPPORTED and enrolled.findings:
        # what is unsupported may be the system alone: the rest was looked at, and is not to be waved through
        return Unscanned(coverage.reason, f"and {len(enrolled.findings)} findings are listed all the same")
    if coverage.reason in _COVERAGE_UNSUPPORTED:
        return Unsupported(f"Inspector: {coverage.reason}")
    if coverage.reason != "SUCCESSFUL":
        return Unscanned(coverage.reason or "NO_REASON", "Inspector says that this image's scan proves nothing")
    at = coverage.scanned_at or enrolled.completed_at
    if at is None:
        return Waiting(enrolled.status, "Inspector does not say yet when it scanned this image")
    return Complete(enrolled.findings, at, "enhanced")
