"""Options that several commands share."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

DEFAULT_FILE = "ecr-publish.yaml"

Function = TypeVar("Function", bound=Callable[..., Any])


def file_option(function: Function) -> Function:
    """`-f FILE`: the file, or the directory that holds it."""
    return click.option(
        "-f",
        "--file",
        "file",
        default=DEFAULT_FILE,
        envvar="ECR_PUBLISH_FILE",
        show_default=True,
        help="The file, or the directory that holds it.",
    )(function)


def image_option(function: Function) -> Function:
    """`--image NAME`, several times."""
    return click.option("--image", "images", multiple=True, metavar="NAME", help="Only this image (repeatable).")(
        function
    )


def env_option(function: Function) -> Function:
    """`--env NAME`, several times."""
    return click.option(
        "--env",
        "environments",
        multiple=True,
        metavar="NAME",
        help="Only what is wanted in this environment, and all that it needs (repeatable).",
    )(function)


def fault_option(function: Function) -> Function:
    """`--fault NAME`, several times."""
    return click.option(
        "--fault",
        "named",
        multiple=True,
        metavar="NAME",
        help="A fault that is shipped, such as throttled (repeatable).",
    )(function)


def as_tag_option(function: Function) -> Function:
    """`--as-tag v1.4.0`."""
    return click.option(
        "--as-tag",
        metavar="TAG",
        callback=_git_tag,
        help="Proceed as if this commit had been pushed as this git tag.",
    )(function)


def _git_tag(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """What no git tag can be called is refused (git-check-ref-format: no space, control character, ~ ^ : ? * [ \\)."""
    if value is not None and not re.fullmatch(r"(?!.*(?:\.\.|//|@\{))[^\x00-\x20\x7f~^:?*\[\\]+(?<![./])", value):
        raise click.BadParameter(f"{value!r} cannot be the name of a git tag")
    return value


def format_option(*names: str) -> Callable[[Function], Function]:
    """`--format NAME` of these; the first name is the default."""

    def add(function: Function) -> Function:
        return click.option("--format", "output", type=click.Choice(names), default=names[0], show_default=True)(
            function
        )

    return add


def width_option(function: Function) -> Function:
    """`--parallel N`: how many intents run side by side."""
    return click.option(
        "--parallel", default=8, show_default=True, type=click.IntRange(1, 64), help="How many steps run side by side."
    )(function)


def config_path(text: str) -> Path:
    """The file meant by `text`: itself, or ecr-publish.yaml in it if it is a directory."""
    path = Path(text)
    return path / DEFAULT_FILE if path.is_dir() else path
