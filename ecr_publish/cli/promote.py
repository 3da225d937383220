"""`ecr-publish promote`."""

from __future__ import annotations

import click

from ecr_publish.cli.options import as_tag_option, file_option, image_option, width_option
from ecr_publish.cli.reports import Wanted, report_options
from ecr_publish.cli.running import carry_out, real_world
from ecr_publish.cli.steps import must_be_trusted, published, reference, referenced
from ecr_publish.cli.surroundings import project
from ecr_publish.plan.ask import Ask


@click.command(help="Only promote over one edge: what the result files say, or the image under --tag or --digest.")
@file_option
@image_option
@click.option("--from", "source", metavar="ENV", required=True, help="The environment it is promoted from.")
@click.option("--to", "destination", metavar="ENV", required=True, help="The environment it is promoted to.")
@click.option("--tag", metavar="TAG", help="The tag that names the image in the source environment.")
@click.option("--digest", metavar="sha256:…", help="The image's digest in the source environment.")
@as_tag_option
@width_option
@report_options
def command(
    file: str,
    images: tuple[str, ...],
    source: str,
    destination: str,
    tag: str | None,
    digest: str | None,
    as_tag: str | None,
    parallel: int,
    output: Wanted,
) -> int:
    """Scan evidence is read anew, every gate is asked, then the digest is made available."""
    named = reference(tag, digest)
    opened = project(file, as_tag)
    must_be_trusted(opened, "promote")
    if named is not None:
        found = referenced(opened, images, source, named, "--digest" if tag is None else "--tag")
    else:
        found = published(opened, images, (source,))
    ask = Ask(images=images, steps=("promote",), edge=(source, destination), found=found, tag=tag)
    world = real_world()
    return carry_out(opened, ask, world, command="promote", output=output, parallel=parallel)
