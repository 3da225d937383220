"""`ecr-publish tag`."""

from __future__ import annotations

import json

import click

from ecr_publish.cli.options import as_tag_option, file_option, format_option, image_option
from ecr_publish.cli.readers import say
from ecr_publish.cli.steps import chosen
from ecr_publish.cli.surroundings import project
from ecr_publish.model.tags import Fixed
from ecr_publish.plan.make import tags_of
from ecr_publish.report.text import clean
from ecr_publish.run.clock import SystemClock
from ecr_publish.run.stop import StopRequest


@click.command(help="Only show the tags that the rules give here, and why a rule gives none. Nothing is written.")
@file_option
@image_option
@as_tag_option
@format_option("text", "json")
def command(file: str, images: tuple[str, ...], as_tag: str | None, output: str) -> int:
    """Print them."""
    opened = project(file, as_tag)
    now = SystemClock(StopRequest()).now()
    found = {
        name: tags_of(opened.config, opened.config.image(name), opened.origin, now) for name in chosen(opened, images)
    }
    if output == "json":
        say(json.dumps({name: list(tags.names) for name, tags in found.items()}, indent=2))
        return 0
    for name, tags in found.items():
        for tag in tags.tags:
            movement = "fixed" if isinstance(tag.movement, Fixed) else "floating"
            say(f"{name:<16} {tag.name:<32} {movement:<9} {clean(tag.rule)}")
        for none in tags.without:
            say(f"{name:<16} {'-':<32} {'':<9} {clean(none.rule)}: {clean(none.reason)}")
    return 0
