"""Findings of both scanners in one form: AWS-native basic scanning, and Amazon Inspector (enhanced).

Source: ECR API Reference, ImageScanFinding and EnhancedImageScanFinding.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ecr_publish.model.scan import Finding, Severity

_RANK = {severity: rank for rank, severity in enumerate(Severity)}  # the most severe first; unknown ones as declared
_NO_FIX = ("", "NotAvailable")
_VERSION_KEYS = ("fixed_in_versions", "fixed_in_version", "fixed_version")


def merged(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """One per (id, package, version): the most severe, with a fixed version if any names one. Sorted by identity."""
    kept: dict[tuple[str, str, str], Finding] = {}
    for each in findings:
        identity = (each.id, each.package, each.version)
        kept[identity] = _worse(kept[identity], each) if identity in kept else each
    return tuple(kept[identity] for identity in sorted(kept))


def _worse(one: Finding, other: Finding) -> Finding:
    first, second = sorted((one, other), key=lambda each: _weight(each.severity))
    return Finding(
        first.id,
        first.severity,
        first.package,
        first.version,
        first.fixed_in or second.fixed_in,
        first.uri or second.uri,
    )


def _weight(severity: Severity) -> int:
    """UNDEFINED and UNTRIAGED stand beside HIGH: unknown is not low."""
    unknown = severity in (Severity.UNDEFINED, Severity.UNTRIAGED)
    return _RANK[Severity.HIGH] if unknown else _RANK[severity]


def is_open(finding: Mapping[str, Any]) -> bool:
    """Whether an enhanced finding counts: a closed one is history; a suppressed one counts, for nobody who judges
    here has seen why it was suppressed."""
    return str(finding.get("status", "ACTIVE")).upper() != "CLOSED"


def basic(finding: Mapping[str, Any]) -> Finding:
    """One element of `findings[]`: the package stands in its free-form attributes."""
    attributes = {str(each.get("key")): str(each.get("value", "")) for each in finding.get("attributes", ())}
    fixed = next((attributes[key] for key in _VERSION_KEYS if key in attributes), "")
    return Finding(
        id=str(finding.get("name", "unnamed")),
        severity=severity(finding.get("severity")),
        package=attributes.get("package_name", ""),
        version=attributes.get("package_version", ""),
        fixed_in=None if fixed in _NO_FIX else fixed,
        uri=finding.get("uri") or None,
    )


def enhanced(finding: Mapping[str, Any]) -> Iterator[Finding]:
    """One element of `enhancedFindings[]`: one finding for each vulnerable package, at least one."""
    details = finding.get("packageVulnerabilityDetails") or {}
    name = details.get("vulnerabilityId") or finding.get("title") or finding.get("findingArn") or "unnamed"
    for package in details.get("vulnerablePackages") or [{}]:
        fixed = str(package.get("fixedInVersion", ""))
        yield Finding(
            id=str(name),
            severity=severity(finding.get("severity")),
            package=str(package.get("name", "")),
            version=_version(package),
            fixed_in=None if fixed in _NO_FIX else fixed,
            uri=details.get("sourceUrl") or None,
        )


def _version(package: Mapping[str, Any]) -> str:
    """`epoch:version-release`, as package managers write it; Inspector says epoch 0 where there is none."""
    epoch, release = package.get("epoch"), package.get("release")
    return f"{f'{epoch}:' if epoch else ''}{package.get('version', '')}{f'-{release}' if release else ''}"


def severity(word: object) -> Severity:
    """The scanner's word; one that this version does not know is UNDEFINED, which counts as HIGH."""
    try:
        return Severity(str(word).upper())
    except ValueError:
        return Severity.UNDEFINED
