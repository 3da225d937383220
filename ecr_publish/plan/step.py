"""Step: what the planner knows of a step, and all that a step may look at when it is planned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from ecr_publish.config.model import Config, Edge, Image
from ecr_publish.model.origin import Origin
from ecr_publish.model.tags import TagSet
from ecr_publish.model.target import Place, Target
from ecr_publish.plan.intent import Give, Need, On


@dataclass(frozen=True, slots=True)
class Scene:
    """One arrival as a step sees it when it is planned. Absent ends are None."""

    config: Config
    origin: Origin
    now: datetime
    place: Place
    image: Image | None = None
    tags: TagSet | None = None
    target: Target | None = None
    edge: Edge | None = None
    sources: tuple[Target, ...] = ()
    inputs: str | None = None  # content hash of all that goes into the image's build; None where it was not computed
    resumed: str | None = None  # the tag or digest by which a later job takes up what was published
    tag: str | None = None  # --tag of a later promotion: stands for the git tag in `when.tag`


@dataclass(frozen=True, slots=True)
class LeaveOut:
    """A step's answer to an arrival that it does not want to run on, with the reason."""

    reason: str


class Plannable(Protocol):
    """The half of a step that the planner knows; built-in steps and plugins' steps are the same to it."""

    @property
    def name(self) -> str:
        """The word used in `pipeline:`, on the command line and in reports."""

    @property
    def on(self) -> On:
        """On which arrivals it can run."""

    @property
    def wanted(self) -> bool:
        """Whether it is planned for itself on each arrival, or only where another step needs what it gives."""

    @property
    def needs(self) -> tuple[Need, ...]:
        """The facts that must hold before."""

    @property
    def gives(self) -> tuple[Give, ...]:
        """The facts that hold afterwards."""

    def details(self, scene: Scene) -> Any:
        """The typed, frozen details for the plan, or LeaveOut. Pure. Raises PlanImpossible or ConfigError."""
