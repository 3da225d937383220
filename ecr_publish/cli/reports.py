"""What a run writes when it is over: one format on standard output, and any number of others into files."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ecr_publish.cli.readers import say
from ecr_publish.errors import MachineFault, UsageError

if TYPE_CHECKING:
    from ecr_publish.app.project import Project
    from ecr_publish.report.report import Report, Reporter

FORMATS = ("console", "json", "markdown", "junit")
Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for: the format of standard output, and (format, file) for each `--report`."""

    format: str
    files: tuple[tuple[str, Path], ...] = ()


def report_options(function: Function) -> Function:
    """`--format NAME` and `--report FORMAT=FILE`, which reach the command as one value: `output: Wanted`."""

    @functools.wraps(function)
    def command(*args: Any, output: str, reports: tuple[str, ...], **options: Any) -> Any:
        return function(*args, output=Wanted(output, tuple(_named(each) for each in reports)), **options)

    with_reports = click.option(
        "--report",
        "reports",
        multiple=True,
        metavar="FORMAT=FILE",
        help="Write the report to a file as well (repeatable).",
    )(command)
    return click.option(
        "--format", "output", default=FORMATS[0], show_default=True, metavar="|".join(FORMATS), help="What is printed."
    )(with_reports)  # type: ignore[return-value]


def _named(text: str) -> tuple[str, Path]:
    name, equals, file = text.partition("=")
    if not equals or not name or not file:
        raise UsageError(
            what=f"{text!r} does not say which format goes where",
            where="--report",
            hint="write FORMAT=FILE, e.g. --report junit=report.xml",
        )
    return name, Path(file)


class Writers:
    """The writers behind what was asked for, looked up (and the files' places looked at) before anything is done."""

    def __init__(self, printed: Reporter, files: tuple[tuple[Reporter, Path], ...]) -> None:
        self._printed, self._files = printed, files

    def said(self, report: Report) -> tuple[MachineFault, ...]:
        """Print it; what hindered that. A reader that has left does not."""
        try:
            say(self._printed.text(report), nl=False)
        except OSError as error:
            return (unwritable(Path("standard output"), error, "--format"),)
        return ()

    def written(self, report: Report) -> tuple[MachineFault, ...]:
        """Write every file; what could not be written. One that fails does not hinder the others."""
        found = []
        for reporter, path in self._files:
            try:
                path.write_text(reporter.text(report), encoding="utf-8")
            except OSError as error:
                found.append(unwritable(path, error, "--report"))
        return tuple(found)


def writers(project: Project, wanted: Wanted) -> Writers:
    """Raises UsageError for a format that nobody writes and for a file that cannot be made."""
    known = {each.name: each for each in project.plugins.reporters}
    for name, path in wanted.files:
        _must_be_known(name, known, "--report")
        parent = path.absolute().parent
        if path.is_dir() or not parent.is_dir() or not os.access(path if path.exists() else parent, os.W_OK):
            raise UsageError(
                what=f"{path} cannot be written", where="--report", hint="name a file in a directory that exists"
            )
    _must_be_known(wanted.format, known, "--format")
    return Writers(known[wanted.format], tuple((known[name], path) for name, path in wanted.files))


def _must_be_known(name: str, known: dict[str, Reporter], option: str) -> None:
    if name not in known:
        raise UsageError(
            what=f"no output format is called {name!r}", where=option, hint=f"choose from {', '.join(known)}"
        )


def unwritable(path: Path, error: OSError, where: str) -> MachineFault:
    """The file and the system's reason."""
    return MachineFault(
        what=f"{path} was not written: {error.strerror or error}",
        where=where,
        hint="the run itself is over, and its result above is whole: free space or fix permissions",
    )
