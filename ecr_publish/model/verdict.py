"""Verdict: a gate's answer about one promotion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


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
