"""`ecr-publish plan`: what `run` would do."""

from __future__ import annotations

from pathlib import Path

import click

from ecr_publish import app
from ecr_publish.cli.options import as_tag_option, env_option, file_option, format_option, image_option
from ecr_publish.cli.surroundings import project
from ecr_publish.plan.ask import Ask


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
def command(
    file: str,
    images: tuple[str, ...],
    environments: tuple[str, ...],
    upto: str | None,
    as_tag: str | None,
    output: str,
    out: str | None,
) -> int:
    """Plan and print."""
    from ecr_publish.plan.canonical import canonical
    from ecr_publish.report.plantext import plan_text

    opened = project(file, as_tag)
    ask = Ask(images=images, environments=environments, upto=upto)
    plan = app.make(opened, ask, with_inputs=out is not None)
    if out is not None:
        Path(out).write_text(canonical(plan), encoding="utf-8")
    click.echo(canonical(plan) if output == "json" else plan_text(plan, opened.config), nl=False)
    return 0
