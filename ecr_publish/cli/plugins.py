"""`ecr-publish plugins`: what is loaded, and what each contributes."""

from __future__ import annotations

import json

import click

from ecr_publish.cli.options import file_option, format_option
from ecr_publish.cli.readers import say
from ecr_publish.cli.surroundings import project


@click.command(help="List the plugins that the file loads, and what each contributes.")
@file_option
@format_option("text", "json")
def command(file: str, output: str) -> int:
    """Print them."""
    listed = project(file).plugins.listed
    if output == "json":
        keys = ("name", "distribution", "version", "hooks", "contributes")
        say(json.dumps([{key: getattr(each, key) for key in keys} for each in listed], indent=2))
        return 0
    for each in listed:
        say(f"{each.name} ({each.distribution} {each.version})")
        say(f"  hooks: {', '.join(each.hooks) or 'none'}")
        for what in each.contributes:
            say(f"  {what}")
    return 0
