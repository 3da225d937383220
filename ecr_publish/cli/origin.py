"""`ecr-publish origin`: what was understood of this CI or git tree, and from which variable."""

from __future__ import annotations

import dataclasses
import json

import click

from ecr_publish.ci import as_tag as proceeding_as_tag
from ecr_publish.ci import origin as found_origin
from ecr_publish.cli.git import git_facts
from ecr_publish.cli.options import as_tag_option, config_path, file_option, format_option
from ecr_publish.cli.surroundings import environment, event_payload
from ecr_publish.report.text import clean


@click.command(help="Show what was understood of this CI or git tree, and from which variable.")
@file_option
@as_tag_option
@format_option("text", "json")
def command(file: str, as_tag: str | None, output: str) -> int:
    """Print it. The file need not exist."""
    env = environment()
    origin = found_origin(env, event_payload(env), git_facts(config_path(file).absolute().parent))
    if as_tag is not None:
        origin = proceeding_as_tag(origin, as_tag)
    values = dataclasses.asdict(origin)
    sources = dict(values.pop("sources"))
    warnings = values.pop("warnings")
    if output == "json":
        click.echo(json.dumps({**values, "sources": sources, "warnings": warnings}, indent=2, default=str))
        return 0
    for name, value in values.items():
        source = f"  ({sources[name]})" if name in sources and value is not None else ""
        click.echo(f"{name:<16} {clean(str(value)) if value is not None else '-'}{source}")
    for warning in warnings:
        click.echo(f"warning: {warning}", err=True)
    return 0
