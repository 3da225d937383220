"""`ecr-publish login`."""

from __future__ import annotations

import click

from ecr_publish.cli.options import env_option, file_option
from ecr_publish.cli.reports import Wanted, report_options
from ecr_publish.cli.running import carry_out, real_world
from ecr_publish.cli.steps import must_be_trusted
from ecr_publish.cli.surroundings import project
from ecr_publish.plan.ask import Ask


@click.command(help="Only check who we are at each target. No token is kept and no docker config is written.")
@file_option
@env_option
@report_options
def command(file: str, environments: tuple[str, ...], output: Wanted) -> int:
    """Ask STS at each target."""
    opened = project(file)
    must_be_trusted(opened, "log in")
    ask = Ask(environments=environments, steps=("login",))
    return carry_out(opened, ask, real_world(), command="login", output=output)
