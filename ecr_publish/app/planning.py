"""A project's plan, made anew each time and compared with what was saved."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from ecr_publish.app.project import Project
from ecr_publish.errors import PlanDiffers, UsageError
from ecr_publish.plan.ask import Ask
from ecr_publish.plan.make import make_plan
from ecr_publish.plan.plan import Plan
from ecr_publish.run.clock import SystemClock
from ecr_publish.run.stop import StopRequest


def make(project: Project, ask: Ask, *, with_inputs: bool, now: datetime | None = None) -> Plan:
    """Plan. `with_inputs` reads everything that goes into the builds, to know whether they changed."""
    from ecr_publish.builders.inputs import inputs_hash

    if with_inputs:
        wanted = [image for image in project.config.images if not ask.images or image.name in ask.images]
        ask = replace(ask, inputs={image.name: inputs_hash(image.build, project.root) for image in wanted})
    return make_plan(
        project.config,
        project.origin,
        steps=project.plugins.steps,
        now=now or SystemClock(StopRequest()).now(),
        ask=ask,
        versions=project.plugins.versions,
    )


def insist(plan: Plan, saved: str) -> None:
    """Raise PlanDiffers unless the plan is what was saved."""
    from ecr_publish.plan.canonical import canonical, first_difference

    difference = first_difference(saved, canonical(plan))
    if difference is not None:
        raise PlanDiffers(
            what=f"what would run now is not what was planned: {difference}",
            where="--plan",
            hint="look at the change and plan again: `ecr-publish plan -o FILE`",
        )


def saved_now(saved: str | None) -> datetime | None:
    """The instant of a saved plan, which a run of it uses again. Raises UsageError for what is no saved plan."""
    if saved is None:
        return None
    import json

    try:
        return datetime.fromisoformat(json.loads(saved)["now"])
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(
            what="this is no saved plan", where="--plan", hint="make one with `ecr-publish plan -o FILE`"
        ) from error
