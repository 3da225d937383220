"""`ecr-publish build`."""

from __future__ import annotations

import click

from ecr_publish.cli.options import as_tag_option, file_option, image_option, width_option
from ecr_publish.cli.reports import Wanted, report_options
from ecr_publish.cli.running import carry_out, real_world
from ecr_publish.cli.surroundings import project
from ecr_publish.plan.ask import Ask


@click.command(help="Only build, and leave a result file (.ecr-publish/result.d) for the next job.")
@file_option
@image_option
@click.option(
    "--output",
    "kept",
    type=click.Choice(["engine", "layout"]),
    default="engine",
    show_default=True,
    help="Where a Docker engine's image is left; a layout can go to another machine.",
)
@as_tag_option
@width_option
@report_options
def command(file: str, images: tuple[str, ...], kept: str, as_tag: str | None, parallel: int, output: Wanted) -> int:
    """Build the images."""
    world = real_world(as_layout=kept == "layout")
    ask = Ask(images=images, steps=("build",))
    return carry_out(project(file, as_tag), ask, world, command="build", output=output, parallel=parallel)
