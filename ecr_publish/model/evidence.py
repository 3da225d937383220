"""Evidence: the fact that a promotion needs. Apart from what is in it, which only a run that scans or judges loads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ecr_publish.model.digest import Digest
    from ecr_publish.model.registry import Repository
    from ecr_publish.model.scan import ChildScan


@dataclass(frozen=True, slots=True)
class ScanEvidence:
    """What a gate judges by: one scan per scannable child of `digest`, read from `repository`."""

    repository: Repository
    digest: Digest
    children: tuple[ChildScan, ...]
