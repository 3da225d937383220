"""Promotion: making the same digest available in the next environment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ecr_publish.model.verdict import GateAnswer, Promotion


class Topology(StrEnum):
    """What a promotion does to the registry; the file does not change, the operations do."""

    RETAG = "retag"  # the same repository: a pointer or tags move, no bytes
    MOUNT = "mount"  # another repository of the same registry: mounted where ECR allows, else copied
    COPY = "copy"  # another account or region: streamed through two tokens


class GateMode(StrEnum):
    """Whether the edge's verdict stops a promotion."""

    ENFORCE = "enforce"
    ADVISORY = "advisory"


@dataclass(frozen=True, slots=True)
class PromotionRecord:
    """What was decided and done; the report shows it (a later version keeps it in the registry)."""

    promotion: Promotion
    answers: tuple[GateAnswer, ...]
    mode: GateMode
    advisory: tuple[str, ...]  # the refusals that an advisory edge let pass
    topology: Topology
    at: datetime
