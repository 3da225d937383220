"""GitHub Actions: workflow commands on a step's output, and the files that a step may append to.

Source: GitHub docs, "Workflow commands for GitHub Actions"; actions/runner, src/Runner.Common/ActionCommand.cs and
src/Runner.Worker/FileCommandManager.cs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ecr_publish.outputs.file import File
from ecr_publish.outputs.remarks import Remark
from ecr_publish.report.text import clean

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class GitHub:
    """`output` and `summary` are the files that the runner names; None where it names none."""

    output: Path | None
    summary: Path | None
    name: str = "github"
    folds: bool = True

    def block(self, title: str, lines: Iterable[str], token: str) -> Iterator[str]:
        """A folded group in which nothing is a command but `::token::`, which the lines' author cannot know."""
        yield command("group", title)
        yield command("stop-commands", token)
        yield from lines
        yield f"::{token}::"
        yield command("endgroup")

    def remarks(self, found: Iterable[Remark]) -> Iterator[str]:
        """Annotations."""
        for each in found:
            place = {"file": each.file, "line": each.line, "col": each.column, "title": each.title}
            yield command(each.level, each.message, **{key: str(value) for key, value in place.items() if value})

    def masks(self, secret: str) -> Iterator[str]:
        """Each line of a secret: the runner masks line by line. Short ones are left out, they would mask everything."""
        for line in secret.splitlines():
            if len(line) >= 8:
                yield command("add-mask", line)

    def values(self, named: Mapping[str, str], token: str) -> tuple[File, ...]:
        """The step's outputs."""
        if self.output is None:
            return ()
        text = "".join(record(name, value, f"ghadelimiter_{token}") for name, value in named.items())
        return (File(self.output, text, append=True),)

    def page(self, markdown: str) -> tuple[File, ...]:
        """The job's summary; a run does not fail for want of it."""
        return () if self.summary is None else (File(self.summary, f"{markdown}\n", append=True, needed=False),)


def command(name: str, message: str = "", **properties: str) -> str:
    """`::name key=value,key=value::message`, with everything escaped that could end it early."""
    told = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{name}{' ' if told else ''}{told}::{_data(message)}"


def record(name: str, value: str, delimiter: str) -> str:
    """One record of $GITHUB_OUTPUT, always with a delimiter: a line break in a value cannot begin another record."""
    if not _NAME.fullmatch(name) or delimiter in value:
        raise ValueError(f"no record can hold {clean(name)}")
    return f"{name}<<{delimiter}\n{value}\n{delimiter}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
