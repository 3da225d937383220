"""`ecr-publish origin`: what was understood of this CI or git tree, and from which variable."""

from __future__ import annotations

from dataclasses import replace

import click

from ecr_publish.ci import as_tag as proceeding_as_tag
from ecr_publish.ci import origin as found_origin
from ecr_publish.ci import tagged
from ecr_publish.cli.git import git_facts
from ecr_publish.cli.options import as_tag_option, config_path, file_option, format_option
from ecr_publish.cli.readers import say, tell
from ecr_publish.cli.surroundings import environment, event_payload, project
from ecr_publish.errors import ConfigError
from ecr_publish.model.origin import Origin
from ecr_publish.report.origintext import origin_json, origin_text
from ecr_publish.report.text import clean


@click.command(help="Show what was understood of this CI or git tree, and from which variable.")
@file_option
@as_tag_option
@format_option("text", "json")
def command(file: str, as_tag: str | None, output: str) -> int:
    """Print it. The file need not exist."""
    origin = _of_project(file, as_tag) if config_path(file).exists() else _bare(file, as_tag)
    say(origin_json(origin) if output == "json" else origin_text(origin), nl=False)
    for warning in origin.warnings:
        tell(f"warning: {clean(warning)}")
    return 0


def _of_project(file: str, as_tag: str | None) -> Origin:
    """As a run would see it: plugins that the file lists may know this CI, and its contexts say what makes a tree
    dirty. A file that is wrong does not keep anybody from asking."""
    try:
        return project(file, as_tag).origin
    except ConfigError as error:
        found = _bare(file, as_tag)
        said = f"the file is wrong (ecr-publish check): its plugins were not asked, nor its contexts: {error.what}"
        return replace(found, warnings=(*found.warnings, said))


def _bare(file: str, as_tag: str | None) -> Origin:
    env = environment()
    git = tagged(git_facts(config_path(file).absolute().parent), as_tag)
    origin = found_origin(env, event_payload(env), git)
    return origin if as_tag is None else proceeding_as_tag(origin, as_tag)
