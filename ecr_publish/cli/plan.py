"""`ecr-publish plan`: what `run` would do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ecr_publish.cli.options import as_tag_option, env_option, file_option, format_option, image_option
from ecr_publish.cli.readers import say
from ecr_publish.cli.surroundings import project
from ecr_publish.errors import UsageError
from ecr_publish.plan.ask import Ask

if TYPE_CHECKING:
    from ecr_publish.app.project import Project


@click.command(help="Show what `run` would do, per image and environment. Nothing is built, no AWS is called.")
@file_option
@image_option
@env_option
@click.option("--to", "upto", metavar="ENV", help="Promote no further than this environment.")
@as_tag_option
@format_option("text", "json")
@click.option(
    "-o", "--out", type=click.Path(dir_okay=False), help="Save the plan: `run --plan FILE` then insists on it."
)
@click.option(
    "--explain",
    is_flag=True,
    help="Instead: which rule gave each tag and why it may move or not, why a rule gave none, what decided on latest.",
)
def command(
    file: str,
    images: tuple[str, ...],
    environments: tuple[str, ...],
    upto: str | None,
    as_tag: str | None,
    output: str,
    out: str | None,
    explain: bool,
) -> int:
    """Plan and print."""
    from ecr_publish.app.planning import make
    from ecr_publish.plan.canonical import canonical
    from ecr_publish.report.plantext import plan_text

    opened = project(file, as_tag)
    if explain and out is not None:
        raise UsageError(
            what="--explain shows tags and plans nothing, so there is no plan to save",
            where="plan",
            hint="leave out --explain or -o",
        )
    if explain:
        say(_explained(opened, images, output), nl=False)
        return 0
    ask = Ask(images=images, environments=environments, upto=upto)
    plan = make(opened, ask, with_inputs=out is not None)
    if out is not None:
        Path(out).write_text(canonical(plan), encoding="utf-8")
    say(canonical(plan) if output == "json" else plan_text(plan, opened.config), nl=False)
    return 0


def _explained(opened: Project, images: tuple[str, ...], output: str) -> str:
    """Tags alone need no plan: this also answers where a plan is refused because no rule gives a tag."""
    from ecr_publish.cli.steps import chosen
    from ecr_publish.plan.make import explanation_of
    from ecr_publish.report.tagtext import explanations_json, explanations_text
    from ecr_publish.run.clock import SystemClock
    from ecr_publish.run.stop import StopRequest

    now = SystemClock(StopRequest()).now()
    config, origin = opened.config, opened.origin
    found = {name: explanation_of(config, config.image(name), origin, now) for name in chosen(opened, images)}
    return explanations_json(origin, found) if output == "json" else explanations_text(origin, found)
