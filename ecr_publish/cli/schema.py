"""`ecr-publish schema`: the JSON Schemas."""

from __future__ import annotations

import importlib
import json

import click

from ecr_publish.cli.readers import say

SCHEMAS = {
    "config": ("ecr_publish.config.schema", "ecr-publish.yaml"),
    "seed": ("ecr_publish.local.seed", "seed, findings and faults files"),
    "result": ("ecr_publish.run.resultschema", "the result files between jobs"),
    "report": ("ecr_publish.report.schema", "the report of --format json"),
}


@click.command(help="Print the JSON Schema of a file: config (the default), seed, result or report.")
@click.argument("name", type=click.Choice(list(SCHEMAS)), default="config")
def command(name: str) -> int:
    """Print it."""
    say(json.dumps(importlib.import_module(SCHEMAS[name][0]).schema(), indent=2))
    return 0
