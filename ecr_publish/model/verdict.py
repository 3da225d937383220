"""Verdict: what a gate is asked about one promotion, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from ecr_publish.model.digest import Digest
from ecr_publish.model.registry import Repository


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
class Allow:
    """The gate has no objection; `notes` are worth telling (an `unscannable: allow`, counts below a threshold)."""

    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refuse:
    """The gate objects; each reason is one sentence that names what it is about."""

    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CannotJudge:
    """Nothing proves the image good: the same as a refusal, with exit code 7. `code` is the reason's stable name."""

    code: str
    reason: str


Verdict: TypeAlias = Allow | Refuse | CannotJudge


@dataclass(frozen=True, slots=True)
class GateAnswer:
    """Which gate gave which verdict."""

    gate: str
    verdict: Verdict
