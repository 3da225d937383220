"""Intent: one entry of a plan, safe to perform again; facts and the ends of an arrival at which they hold."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from ecr_publish.model.target import Place


class At(StrEnum):
    """At which end of an arrival a fact is needed or given."""

    IMAGE = "image"  # web
    HERE = "here"  # web@staging
    TARGET = "target"  # @staging
    SOURCE = "source"  # web@dev: at every target of the edge's source environment


class On(StrEnum):
    """On which arrivals a step can run."""

    IMAGE = "image"  # once per image
    TARGET = "target"  # once per target
    ENTRY = "entry"  # once per image and target of an environment that no edge leads to
    EDGE = "edge"  # once per image, edge and target of the edge's destination
    PUBLISHED = "published"  # once per image and target, wherever the image is published


@dataclass(frozen=True, slots=True)
class Need:
    """A fact of type `kind` that must hold at `at` before the step runs."""

    kind: type
    at: At


@dataclass(frozen=True, slots=True)
class Give:
    """A fact of type `kind` that holds at `at` once the step has run."""

    kind: type
    at: At


@dataclass(frozen=True, slots=True)
class FactKey:
    """A fact is a kind at a place, printed `PublishedImage web@staging`."""

    kind: type
    place: Place

    def __str__(self) -> str:
        return f"{self.kind.__name__} {self.place}"


class Details(Protocol):
    """What a step adds to its intent: a frozen dataclass of JSON-like values; `summary` is one line for people."""

    @property
    def summary(self) -> str:
        """What will be done, in one line."""


@dataclass(frozen=True, slots=True)
class Intent:
    """One thing to do. The set of steps is open, so nothing in the core matches on `step`."""

    step: str
    place: Place
    source: tuple[Place, ...]  # an edge's source places; empty elsewhere
    needs: tuple[FactKey, ...]
    gives: tuple[FactKey, ...]
    details: Any  # of the step's own Details type

    @property
    def id(self) -> str:
        """`push web@dev`: unique in a plan."""
        return f"{self.step} {self.place}"


@dataclass(frozen=True, slots=True)
class Unplanned:
    """An arrival that was considered and left out, and why (an edge whose `when` does not hold)."""

    step: str
    place: Place
    reason: str

    @property
    def id(self) -> str:
        """`promote web@prod`."""
        return f"{self.step} {self.place}"
