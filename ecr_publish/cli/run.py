"""`ecr-publish run`: everything that the file says."""

from __future__ import annotations

import click

from ecr_publish.cli.options import as_tag_option, env_option, file_option, image_option, width_option
from ecr_publish.cli.reports import Wanted, report_options
from ecr_publish.cli.running import carry_out, read_text, real_world
from ecr_publish.cli.surroundings import project
from ecr_publish.plan.ask import Ask


@click.command(help="Build, tag, push, wait for scans and promote, as the file says.")
@file_option
@image_option
@env_option
@click.option("--only", "steps", multiple=True, metavar="STEP", help="Want only this step (repeatable), and its needs.")
@click.option("--to", "upto", metavar="ENV", help="Promote no further than this environment.")
@click.option("--plan", "saved", type=click.Path(dir_okay=False), help="Refuse to run anything but this saved plan.")
@as_tag_option
@width_option
@report_options
def command(
    file: str,
    images: tuple[str, ...],
    environments: tuple[str, ...],
    steps: tuple[str, ...],
    upto: str | None,
    saved: str | None,
    as_tag: str | None,
    parallel: int,
    output: Wanted,
) -> int:
    """Plan, check, run, report."""
    opened = project(file, as_tag)
    ask = Ask(images=images, environments=environments, steps=steps, upto=upto)
    return carry_out(
        opened,
        ask,
        real_world(),
        command="run",
        output=output,
        parallel=parallel,
        saved_plan=read_text(saved) if saved else None,
    )
