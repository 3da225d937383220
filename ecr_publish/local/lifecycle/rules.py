"""Rules of a lifecycle policy, as data.

Source: ECR User Guide, "Lifecycle policy properties".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

DAY = 24 * 3600.0  # seconds


class StorageClass(StrEnum):
    """Where an image lies; which images a rule is about."""

    STANDARD = "standard"
    ARCHIVE = "archive"


class Action(StrEnum):
    """What becomes of the images that a rule finds, in the API's words (LifecyclePolicyRuleAction)."""

    EXPIRE = "EXPIRE"
    TRANSITION = "TRANSITION"


@dataclass(frozen=True, slots=True)
class Untagged:
    """Images without a tag."""


@dataclass(frozen=True, slots=True)
class AnyTag:
    """All images."""


@dataclass(frozen=True, slots=True)
class Tagged:
    """Images of which each pattern matches some tag; `*` is any run of characters, and the whole tag must match."""

    patterns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Newest:
    """All but so many of the youngest (`imageCountMoreThan`)."""

    kept: int


@dataclass(frozen=True, slots=True)
class OlderThan:
    """More than so many days since `event`: `pushed`, `pulled` or `transitioned`."""

    event: str
    days: int


Selection = Untagged | AnyTag | Tagged
Count = Newest | OlderThan


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. A lower number is applied first."""

    priority: int
    selection: Selection
    storage: StorageClass
    count: Count
    action: Action

    def selects(self, tags: tuple[str, ...]) -> bool:
        """Whether an image with these tags is one that the rule is about."""
        match self.selection:
            case Untagged():
                return not tags
            case AnyTag():
                return True
            case Tagged(patterns):
                return all(any(_pattern(each).fullmatch(tag) for tag in tags) for each in patterns)


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, text.split("*"))), re.DOTALL)
