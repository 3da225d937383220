"""Outcome: what became of an intent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from ecr_publish.errors import PublishError
from ecr_publish.model.traffic import NO_TRAFFIC, Traffic


@dataclass(frozen=True, slots=True)
class Done:
    """It was done now. `facts` has one value for each of the intent's `gives`, in order."""

    summary: str
    facts: tuple[Any, ...] = ()
    warnings: tuple[str, ...] = ()
    traffic: Traffic = NO_TRAFFIC


@dataclass(frozen=True, slots=True)
class AlreadyDone:
    """Everything was there already; nothing was changed."""

    summary: str
    facts: tuple[Any, ...] = ()
    warnings: tuple[str, ...] = ()
    traffic: Traffic = NO_TRAFFIC


@dataclass(frozen=True, slots=True)
class Skipped:
    """Deliberately not done."""

    reason: str


@dataclass(frozen=True, slots=True)
class NotYet:
    """It may be done later (a soak that is not over)."""

    reason: str
    since: datetime


@dataclass(frozen=True, slots=True)
class NotStarted:
    """Something that it needs did not come about; `because` names it."""

    because: str


@dataclass(frozen=True, slots=True)
class Failed:
    """It was tried and failed; whatever it had put in place carries no tag."""

    error: PublishError


Outcome: TypeAlias = Done | AlreadyDone | Skipped | NotYet | NotStarted | Failed
