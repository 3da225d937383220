"""What evidence and gates say, in one line of words."""

from __future__ import annotations

from collections import Counter

from ecr_publish.model.evidence import ScanEvidence
from ecr_publish.model.promotion import GateMode, PromotionRecord
from ecr_publish.model.scan import Complete, Finding, Severity, TimedOut, Unscanned, Unsupported
from ecr_publish.model.verdict import Allow

_ORDER = tuple(Severity)


def findings(evidence: ScanEvidence) -> tuple[Finding, ...]:
    """Distinct findings over all children, worst first; one that they rate differently counts as the worst of it."""
    found: dict[tuple[str, str, str], Finding] = {}
    for child in evidence.children:
        for finding in child.scan.findings if isinstance(child.scan, Complete) else ():
            identity = (finding.id, finding.package, finding.version)
            found[identity] = min(finding, found.get(identity, finding), key=lambda each: _ORDER.index(each.severity))
    return tuple(sorted(found.values(), key=lambda each: (_ORDER.index(each.severity), each.id, each.package)))


def severities(evidence: ScanEvidence) -> dict[Severity, int]:
    """Distinct findings per severity, worst first; severities that do not occur are left out."""
    counts = Counter(finding.severity for finding in findings(evidence))
    return {severity: counts[severity] for severity in _ORDER if counts[severity]}


def unproved(evidence: ScanEvidence) -> tuple[str, ...]:
    """The states of children that prove nothing, in the scanner's own words; each once."""
    states = []
    for child in evidence.children:
        match child.scan:
            case Complete():
                continue
            case Unsupported():
                states.append("UNSUPPORTED_IMAGE")
            case Unscanned(status=status):
                states.append(status)
            case TimedOut(last=last):
                states.append(f"timed out ({last})")
    return tuple(dict.fromkeys(states))


def scan_words(evidence: ScanEvidence) -> str:
    """`clean`, `1 CRITICAL, 3 HIGH`, `UNSUPPORTED_IMAGE`, or both where the children differ."""
    if not evidence.children:
        return "nothing to scan"
    counts, states = severities(evidence), unproved(evidence)
    parts = [", ".join(f"{count} {severity}" for severity, count in counts.items())] if counts else []
    if not parts and any(isinstance(child.scan, Complete) for child in evidence.children):
        parts = ["clean"]
    return "; ".join([*parts, *states])


def judged(record: PromotionRecord) -> str:
    """What the gates made of a promotion that went through: `allowed`, or that an advisory edge let it pass."""
    objected = any(not isinstance(each.verdict, Allow) for each in record.answers)
    if objected and record.mode is GateMode.ADVISORY:
        return "passed, advisory"
    noted = any(isinstance(each.verdict, Allow) and each.verdict.notes for each in record.answers)
    return "allowed, see notes" if noted else "allowed"
