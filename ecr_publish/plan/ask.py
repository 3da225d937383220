"""Ask: which part of the file a command wants done, and what it takes up from an earlier job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ecr_publish.model.target import Place


@dataclass(frozen=True, slots=True)
class Found:
    """A fact that no step of this plan gives: it is taken up from a result file or from a tag in the registry.

    `details` is of the resuming step; `reference` is the tag or digest where one was named.
    """

    details: Any
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """What to plan. Empty tuples mean "no limit"."""

    images: tuple[str, ...] = ()
    steps: tuple[
        str, ...
    ] = ()  # these steps are wanted, on each of their arrivals; empty = those wanted for themselves
    environments: tuple[str, ...] = ()  # limits where wanted steps run, not what they need
    edge: tuple[str, str] | None = None  # (from, to): only this edge
    upto: str | None = None  # promotions go no further than this environment
    found: Mapping[tuple[type, Place], Found] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)  # image -> content hash of what goes into its build
    tag: str | None = None  # --tag: stands for the git tag in `when.tag` of a later promotion
