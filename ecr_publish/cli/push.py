"""`ecr-publish push`."""

from __future__ import annotations

import click

from ecr_publish.cli.options import as_tag_option, env_option, file_option, image_option, width_option
from ecr_publish.cli.reports import Wanted, report_options
from ecr_publish.cli.running import carry_out, real_world
from ecr_publish.cli.steps import built, must_be_trusted
from ecr_publish.cli.surroundings import project
from ecr_publish.plan.ask import Ask


@click.command(help="Only push what `build` left, to the environments that no promotion edge leads to.")
@file_option
@image_option
@env_option
@as_tag_option
@width_option
@report_options
def command(
    file: str,
    images: tuple[str, ...],
    environments: tuple[str, ...],
    as_tag: str | None,
    parallel: int,
    output: Wanted,
) -> int:
    """Push."""
    opened = project(file, as_tag)
    must_be_trusted(opened, "push")
    ask = Ask(images=images, environments=environments, steps=("push",), found=built(opened, images))
    world = real_world()
    return carry_out(opened, ask, world, command="push", output=output, parallel=parallel)
