"""Judging: scans, and the gates that decide by them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ecr_publish.model.digest import Digest
    from ecr_publish.model.evidence import ScanEvidence
    from ecr_publish.model.registry import Repository
    from ecr_publish.model.scan import Scan
    from ecr_publish.model.target import Target
    from ecr_publish.model.verdict import GateAnswer, Promotion


class ScanSource(Protocol):
    """The registry's own scanner."""

    def scan(self, target: Target, repository: Repository, digest: Digest) -> Scan:
        """The present state of one manifest's scan, all pages read; starts a manual basic scan where none will come
        by itself. Never raises for a state: states are values."""

    def scans(self, target: Target, repository: Repository, digests: tuple[Digest, ...]) -> tuple[Scan, ...]:
        """Those of several manifests, side by side, in their order."""


class Gates(Protocol):
    """All gates, built-in and of plugins; every one must allow."""

    def judge(self, promotion: Promotion, evidence: ScanEvidence, required: tuple[str, ...]) -> tuple[GateAnswer, ...]:
        """One answer per gate; one that raises, is silent, or is required and absent has answered CannotJudge."""
