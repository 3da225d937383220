"""`ecr-publish rehearse`: the same run on this machine, against an embedded ECR."""

from __future__ import annotations

import click
from click.core import ParameterSource

from ecr_publish.app.rehearsal import Told, rehearsal_world
from ecr_publish.cli.options import (
    as_tag_option,
    env_option,
    fault_option,
    file_option,
    image_option,
    width_option,
)
from ecr_publish.cli.reports import Wanted, report_options
from ecr_publish.cli.running import carry_out
from ecr_publish.cli.surroundings import environment, project
from ecr_publish.errors import UsageError
from ecr_publish.plan.ask import Ask


@click.command(
    help="The whole run on this machine against an embedded ECR: no AWS, no credentials, a clock of its own."
)
@click.argument("place", metavar="[FILE]", required=False, type=click.Path())
@file_option
@image_option
@env_option
@click.option("--to", "upto", metavar="ENV", help="Promote no further than this environment.")
@click.option("--findings", type=click.Path(dir_okay=False), help="What the scanner will find (YAML).")
@click.option("--seed", type=click.Path(dir_okay=False), help="What exists already: repositories, tags (YAML).")
@click.option("--faults", type=click.Path(dir_okay=False), help="Faults to happen on the way (YAML).")
@fault_option
@as_tag_option
@width_option
@report_options
def command(
    place: str | None,
    file: str,
    images: tuple[str, ...],
    environments: tuple[str, ...],
    upto: str | None,
    findings: str | None,
    seed: str | None,
    faults: str | None,
    named: tuple[str, ...],
    as_tag: str | None,
    parallel: int,
    output: Wanted,
) -> int:
    """Plan, start the embedded ECR, create what the file declares, run, report."""
    opened = project(_meant(place, file), as_tag)
    ask = Ask(images=images, environments=environments, upto=upto)
    told = Told(findings=findings, seed=seed, faults=faults, named=named)
    world = rehearsal_world(environment(), told)
    return carry_out(opened, ask, world, command="rehearse", output=output, parallel=parallel)


def _meant(place: str | None, file: str) -> str:
    """The file that stands behind the command, else what -f or ECR_PUBLISH_FILE names. Raises UsageError for both."""
    if place is None:
        return file
    if click.get_current_context().get_parameter_source("file") is ParameterSource.COMMANDLINE:
        raise UsageError(what=f"{place} and -f both name the file", where="rehearse", hint="give one of them")
    return place
