"""Ledger: the in-memory, append-only record of a run; facts by (kind, place), and what became of each intent."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from ecr_publish.model.target import Place
from ecr_publish.plan.intent import FactKey, Intent
from ecr_publish.run.outcome import AlreadyDone, Done, Outcome

Fact = TypeVar("Fact")


class Facts(Protocol):
    """What is known so far, as a running step sees it."""

    def get(self, kind: type[Fact], place: Place) -> Fact:
        """The fact; the scheduler runs an intent only when all that it needs is there."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger; instants are aware UTC, None for what was never started."""

    intent: Intent
    outcome: Outcome
    started: datetime | None = None
    finished: datetime | None = None


class Ledger:
    """Append-only and safe from threads. A second run resumes from the registry, never from this."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._facts: dict[FactKey, object] = {}
        self._lock = threading.Lock()

    def append(self, entry: Entry) -> None:
        """Record what became of an intent, and the facts that it gave."""
        with self._lock:
            self._entries.append(entry)
            if isinstance(entry.outcome, Done | AlreadyDone):
                self._facts.update(zip(entry.intent.gives, entry.outcome.facts, strict=True))

    def get(self, kind: type[Fact], place: Place) -> Fact:
        """The fact of that kind at that place. Raises KeyError if no intent has given it."""
        with self._lock:
            fact = self._facts[FactKey(kind, place)]
        assert isinstance(fact, kind)
        return fact

    def holds(self, key: FactKey) -> bool:
        """Whether the fact has been given."""
        with self._lock:
            return key in self._facts

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All entries so far, in the order in which they ended."""
        with self._lock:
            return tuple(self._entries)
