"""Promotion: making the same digest available in the next environment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ecr_publish.model.digest import Digest
from ecr_publish.model.registry import Repository
from ecr_publish.model.verdict import GateAnswer


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
class Promotion:
    """What a gate is asked about: this digest, from here to there, with these tags and these thresholds."""

    image: str
    from_environment: str
    to_environment: str
    source: Repository
    destination: Repository
    digest: Digest
    tags: tuple[str, ...]
    fail_on: tuple[tuple[str, int], ...]  # (severity word in lower case, greatest allowed count)
    unscannable: str | None = None  # the reason given with `unscannable: allow`, None = refuse


@dataclass(frozen=True, slots=True)
class PromotionRecord:
    """What was decided and done; the report shows it (a later version keeps it in the registry)."""

    promotion: Promotion
    answers: tuple[GateAnswer, ...]
    mode: GateMode
    advisory: tuple[str, ...]  # the refusals that an advisory edge let pass
    topology: Topology
    at: datetime
