"""Events of a run, told to observers in order from one thread; and the progress that a step tells while it works."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Note:
    """One line for people about what is going on."""

    text: str


@dataclass(frozen=True, slots=True)
class Untrusted:
    """Output of somebody else's program (a build log): printed so that it can command nothing."""

    text: str


class How(StrEnum):
    """How a blob came to be there."""

    SENT = "sent"
    MOUNTED = "mounted"
    THERE = "there already"


@dataclass(frozen=True, slots=True)
class Transferred:
    """`done` of `total` bytes of `what` (a blob's short digest) have moved; the same `what` again replaces it."""

    what: str
    done: int
    total: int
    how: How = How.SENT


Progress: TypeAlias = Note | Untrusted | Transferred
Notify: TypeAlias = Callable[[Progress], None]
