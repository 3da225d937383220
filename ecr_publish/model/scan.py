"""Scan: what the registry's scanner says of an image, without a verdict."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from ecr_publish.model.digest import Digest
from ecr_publish.model.platform import Platform


class Severity(StrEnum):
    """The scanner's level. UNDEFINED and UNTRIAGED are unknown, not low: they count as HIGH."""

    CRITICAL = "CRITICAL"
    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    LOW = "LOW"
    INFORMATIONAL = "INFORMATIONAL"
    UNDEFINED = "UNDEFINED"
    UNTRIAGED = "UNTRIAGED"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One vulnerability in one package of one image; identity = (id, package, version)."""

    id: str
    severity: Severity
    package: str = ""
    version: str = ""
    fixed_in: str | None = None
    uri: str | None = None


@dataclass(frozen=True, slots=True)
class Complete:
    """A scan that is proved to have finished: `findings` is all of them, from every page."""

    findings: tuple[Finding, ...]
    completed_at: datetime
    scanner: str  # "basic" or "enhanced"


@dataclass(frozen=True, slots=True)
class Waiting:
    """Not there yet, may come: no record, pending, running, or complete without proof. `status` is ECR's own word."""

    status: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Unsupported:
    """The scanner cannot read this image (UNSUPPORTED_IMAGE), or this registry has no scanner at all."""

    detail: str


@dataclass(frozen=True, slots=True)
class Unscanned:
    """A terminal state that proves nothing: FAILED, SCAN_ELIGIBILITY_EXPIRED, LIMIT_EXCEEDED, IMAGE_ARCHIVED, ….

    `status` is ECR's own word, also one that this version does not know.
    """

    status: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class TimedOut:
    """Still waiting when the time was up; `last` is the last status seen."""

    last: str
    waited_seconds: float


Scan: TypeAlias = Complete | Waiting | Unsupported | Unscanned | TimedOut
Evidence: TypeAlias = Complete | Unsupported | Unscanned | TimedOut


@dataclass(frozen=True, slots=True)
class ChildScan:
    """The scan of one scannable child (for a single manifest: of the image itself)."""

    digest: Digest
    platform: Platform | None
    scan: Evidence
