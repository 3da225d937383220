"""`ecr-publish check`: validate the file."""

from __future__ import annotations

import json
from collections.abc import Sized

import click

from ecr_publish.cli.options import config_path, file_option, format_option
from ecr_publish.cli.readers import say, tell
from ecr_publish.errors import ConfigErrors, UsageError
from ecr_publish.report.text import clean


@click.command(help="Validate ecr-publish.yaml: all errors at once, with their positions.")
@file_option
@click.option(
    "--print", "shown", is_flag=True, help="Print the resolved file: defaults merged, short forms written out."
)
@format_option("text", "json")
def command(file: str, shown: bool, output: str) -> int:
    """Load, and say what is wrong or worth telling."""
    from ecr_publish.config.loader import load

    path = config_path(file)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(
            what=error.strerror or str(error), where=str(path), hint="name the file with -f, or its directory"
        ) from error
    try:
        loaded = load(content, str(path))
    except ConfigErrors as errors:
        if output == "json":
            found = [{"where": each.where, "what": each.what, "hint": each.hint} for each in errors.errors]
            say(json.dumps({"errors": found, "warnings": []}, indent=2))
        raise
    if shown:
        from ecr_publish.config.printed import printed

        say(printed(loaded.config), nl=False)
    elif output == "json":
        say(json.dumps({"errors": [], "warnings": list(loaded.warnings)}, indent=2))
    else:
        config = loaded.config
        say(f"{path}: ok: {_number(config.images, 'image')}, {_number(config.environments, 'environment')}")
    for warning in loaded.warnings:
        tell(f"warning: {clean(warning)}")
    return 0


def _number(things: Sized, name: str) -> str:
    return f"{len(things)} {name}{'' if len(things) == 1 else 's'}"
