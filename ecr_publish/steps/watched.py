"""Watched: the scans of an image's children, polled until each has an end. What scan-wait does when it runs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

from ecr_publish.model.digest import Digest
from ecr_publish.model.events import Note
from ecr_publish.model.evidence import ScanEvidence
from ecr_publish.model.image import PublishedImage
from ecr_publish.model.platform import Platform
from ecr_publish.model.registry import Repository
from ecr_publish.model.scan import (
    ChildScan,
    Complete,
    Evidence,
    Scan,
    Severity,
    TimedOut,
    Unscanned,
    Unsupported,
    Waiting,
)
from ecr_publish.model.target import Target
from ecr_publish.ports.bundle import Ports

# A scan can be reported complete before its findings are there, and then grow (aws/aws-sdk#289): only two equal reads
# this far apart are taken as the result.
SETTLE = timedelta(seconds=5)
FIRST_POLL, LONGEST_POLL = timedelta(seconds=2), timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class ScanDetails:
    """Where the scan is read, and how long it is waited for (seconds)."""

    target: Target
    repository: Repository
    timeout_seconds: int

    @property
    def summary(self) -> str:
        """`up to 15m`."""
        if not self.target.scannable:
            return "this registry does not scan"
        return f"up to {self.timeout_seconds // 60}m{self.timeout_seconds % 60 or ''}"


@dataclass(slots=True)
class _Watched:
    """One child while it is polled."""

    digest: Digest
    platform: Platform | None
    status: str = "not asked yet"
    seen: Complete | None = None
    result: Evidence | None = field(default=None)


def watched(image: PublishedImage, details: ScanDetails, ports: Ports) -> ScanEvidence:
    """The evidence of every scannable child, however each scan ends. States are values; nothing raises for them."""
    children = [_Watched(child.digest, child.platform) for child in image.children if child.scannable]
    if not image.children:
        children = [_Watched(image.digest, None)]
    if details.target.scannable:
        _watch(children, details, ports)
    scans = tuple(
        ChildScan(each.digest, each.platform, each.result or Unsupported("this registry has no scanner"))
        for each in children
    )
    return ScanEvidence(details.repository, image.digest, scans)


def _watch(watched: list[_Watched], details: ScanDetails, ports: Ports) -> None:
    begin, pause = ports.clock.monotonic(), FIRST_POLL
    while True:
        pending = [each for each in watched if each.result is None]
        scans = ports.scans.scans(details.target, details.repository, tuple(each.digest for each in pending))
        for each, scan in zip(pending, scans, strict=True):
            _note(each, scan)
        left = [each for each in watched if each.result is None]
        if not left:
            return
        waited = ports.clock.monotonic() - begin
        if waited >= details.timeout_seconds:
            for each in left:
                each.result = TimedOut(each.status, waited)
            return
        ports.notify(Note(f"scan: {left[0].status}, {len(left)} of {len(watched)} left, {waited:.0f} s"))
        settling = any(each.seen for each in left)
        # a second read that comes sooner would prove nothing: it has its time also where that ends behind the deadline
        ports.clock.sleep(SETTLE if settling else min(pause, timedelta(seconds=details.timeout_seconds - waited)))
        pause = min(pause * 2, LONGEST_POLL)


def _note(each: _Watched, scan: Scan) -> None:
    """What one child's scan says; a complete one counts when a second read says the same."""
    match scan:
        case Complete():
            if each.seen is not None and set(each.seen.findings) == set(scan.findings):
                each.result = scan
            each.seen, each.status = scan, f"{scan.scanner} scan complete, settling"
        case Waiting():
            each.seen, each.status = None, f"{scan.status} {scan.detail}".strip()
        case Unsupported() | Unscanned() | TimedOut():
            each.result = scan


def summary(evidence: ScanEvidence) -> str:
    """`2 children: 1 CRITICAL, 3 HIGH`, or the states that prove nothing."""
    counts: Counter[Severity] = Counter()
    states = []
    for child in evidence.children:
        match child.scan:
            case Complete(findings=findings):
                counts.update(finding.severity for finding in findings)
            case Unsupported(detail=detail):
                states.append(f"UNSUPPORTED_IMAGE {detail}".strip())
            case Unscanned(status=status):
                states.append(status)
            case TimedOut(last=last):
                states.append(f"timed out at {last}")
    found = ", ".join(f"{counts[severity]} {severity}" for severity in Severity if counts[severity])
    judged = len(evidence.children) - len(states)
    parts = ([found or "no findings"] if judged else []) + sorted(set(states))
    if not evidence.children:
        parts = ["nothing in it can be scanned"]
    return "; ".join(parts)
