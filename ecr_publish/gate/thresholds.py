"""The built-in gate: how many findings of each severity an image may have. The worst child decides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from ecr_publish.model.evidence import ScanEvidence
from ecr_publish.model.scan import (
    ChildScan,
    Complete,
    Finding,
    Severity,
    TimedOut,
    Unscanned,
    Unsupported,
)
from ecr_publish.model.verdict import Allow, CannotJudge, Promotion, Refuse, Verdict

NAME = "thresholds"
NAMED_FINDINGS = 10
_RANK = {severity: rank for rank, severity in enumerate(Severity)}


def thresholds(promotion: Promotion, evidence: ScanEvidence) -> Verdict:
    """Allow, Refuse with the findings named, or CannotJudge where a child's scan proves nothing."""
    if not evidence.children:
        return CannotJudge("nothing-scannable", "nothing in this image can be scanned, so nothing proves it clean")
    reasons: list[str] = []
    notes: list[str] = []
    unknown: list[CannotJudge] = []
    for child in evidence.children:
        match _judged(child, promotion):
            case Refuse(reasons=more):
                reasons += more
            case CannotJudge() as one:
                unknown.append(one)
            case Allow(notes=told):
                notes += told
    if unknown:
        return unknown[0]
    return Refuse(tuple(reasons)) if reasons else Allow(tuple(notes))


def _judged(child: ChildScan, promotion: Promotion) -> Verdict:
    name = f"{child.platform} " if child.platform else ""
    match child.scan:
        case Complete(findings=findings):
            return _counted(name, findings, promotion)
        case Unsupported(detail=detail) if promotion.unscannable is not None:
            return Allow((f"NOT SCANNED: {name}{child.digest.short} ({detail}), allowed: {promotion.unscannable}",))
        case Unsupported(detail=detail):
            return CannotJudge("UNSUPPORTED_IMAGE", f"{name}{child.digest.short} cannot be scanned: {detail}")
        case Unscanned(status=status, detail=detail):
            return CannotJudge(status, f"{name}{child.digest.short} has no usable scan: {detail or status}")
        case TimedOut(last=last, waited_seconds=waited):
            return CannotJudge("TIMED_OUT", f"{name}{child.digest.short}: no result after {waited:.0f} s ({last})")


def level(severity: Severity) -> Severity:
    """What a severity counts as: a finding that nobody has rated yet counts as HIGH."""
    return Severity.HIGH if severity in (Severity.UNDEFINED, Severity.UNTRIAGED) else severity


def _counted(name: str, findings: Iterable[Finding], promotion: Promotion) -> Verdict:
    distinct = sorted(set(findings), key=lambda finding: (_RANK[level(finding.severity)], finding))
    counts = Counter(level(finding.severity) for finding in distinct)
    over = {
        Severity(word.upper()): allowed
        for word, allowed in promotion.fail_on
        if counts[Severity(word.upper())] > allowed
    }
    if not over:
        return Allow()
    totals = ", ".join(f"{counts[severity]} {severity} (at most {allowed})" for severity, allowed in over.items())
    named = [_named(finding) for finding in distinct if level(finding.severity) in over]
    rest = len(named) - NAMED_FINDINGS
    more = f" and {rest} more" if rest > 0 else ""
    return Refuse((f"{name}{totals}: {', '.join(named[:NAMED_FINDINGS])}{more}",))


def _named(finding: Finding) -> str:
    package = f" in {finding.package} {finding.version}".rstrip() if finding.package else ""
    fixed = f" (fixed in {finding.fixed_in})" if finding.fixed_in else ""
    return f"{finding.id} {finding.severity}{package}{fixed}"
