"""`ecr-publish scan-wait`."""

from __future__ import annotations

import click

from ecr_publish.cli.options import env_option, file_option, image_option
from ecr_publish.cli.reports import Wanted, report_options
from ecr_publish.cli.running import carry_out, real_world
from ecr_publish.cli.steps import left_by_edges, must_be_trusted, published
from ecr_publish.cli.surroundings import project
from ecr_publish.plan.ask import Ask


@click.command(help="Only wait for the scans of what was published. `promote` judges them; this does not.")
@file_option
@image_option
@env_option
@report_options
def command(file: str, images: tuple[str, ...], environments: tuple[str, ...], output: Wanted) -> int:
    """Wait."""
    opened = project(file)
    must_be_trusted(opened, "read scans")
    wanted = environments or left_by_edges(opened, images)
    ask = Ask(images=images, environments=wanted, steps=("scan-wait",), found=published(opened, images, wanted))
    return carry_out(opened, ask, real_world(), command="scan-wait", output=output)
