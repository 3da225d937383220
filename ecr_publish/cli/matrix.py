"""`ecr-publish matrix`: one job per image, in the form of a CI."""

from __future__ import annotations

from pathlib import Path

import click

from ecr_publish.cli.handover import handover
from ecr_publish.cli.main import show
from ecr_publish.cli.options import as_tag_option, file_option, image_option
from ecr_publish.cli.readers import say
from ecr_publish.cli.reports import unwritable
from ecr_publish.cli.steps import chosen
from ecr_publish.cli.surroundings import project
from ecr_publish.errors import UsageError

CIS = ("github", "gitlab", "codebuild")


@click.command(help="Print one job per image: GitHub's matrix, GitLab's child pipeline or CodeBuild's batch.")
@file_option
@image_option
@click.option("--for", "ci", type=click.Choice(CIS), help="The CI it is for.  [default: the one it runs in]")
@click.option("--include", metavar="ADDRESS", help="GitLab: the component's address, or a file of the project.")
@click.option("--input", "inputs", multiple=True, metavar="NAME=VALUE", help="GitLab: an input for it (repeatable).")
@click.option("-o", "--out", type=click.Path(dir_okay=False), help="Write it to a file.")
@as_tag_option
def command(
    file: str,
    images: tuple[str, ...],
    ci: str | None,
    include: str | None,
    inputs: tuple[str, ...],
    out: str | None,
    as_tag: str | None,
) -> int:
    """Print it; in GitHub Actions also as the outputs `matrix` and `count`."""
    from ecr_publish.outputs import matrix

    given = handover()
    names = chosen(project(file, as_tag), images)
    match ci or given.ci:
        case "github":
            text = matrix.github(names)
        case "codebuild":
            text = matrix.codebuild(names)
        case "gitlab":
            text = matrix.gitlab(names, _included(include), _pairs(inputs))
        case _:
            raise UsageError(what="this is no CI", where="matrix", hint=f"say which one: --for {'|'.join(CIS)}")
    if out is not None:
        try:
            Path(out).write_text(text, encoding="utf-8")
        except OSError as error:
            raise unwritable(Path(out), error, "--out") from error
    else:
        say(text, nl=False)
    faults = given.named({"matrix": text.strip(), "count": str(len(names))}) if given.ci == "github" else ()
    for fault in faults:
        show(fault)
    return faults[0].exit_code if faults else 0


def _included(text: str | None) -> str:
    if not text:
        raise UsageError(
            what="a child pipeline includes the component, and nothing says where it is",
            where="--include",
            hint="name its address ($CI_SERVER_FQDN/GROUP/PROJECT/ecr-publish@VERSION) or a file (/ci/ecr-publish.yml)",
        )
    return text


def _pairs(inputs: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    for each in inputs:
        name, equals, value = each.partition("=")
        if not equals or not name.replace("-", "").isalnum():
            raise UsageError(what=f"{each!r} is no input", where="--input", hint="write NAME=VALUE")
        pairs[name] = value
    return pairs
