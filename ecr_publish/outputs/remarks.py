"""Remarks: errors and warnings at a line of a file, as CIs show them beside the code."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from ecr_publish.errors import PublishError
from ecr_publish.report.problems import Problem, problem, problems
from ecr_publish.report.report import Report
from ecr_publish.report.rows import warnings
from ecr_publish.report.text import clean

MOST = 8  # of a level: GitHub shows ten of a step and drops the rest in silence
# A place is the whole `where` (ecr-publish.yaml:3:5) or in brackets at its end (images.web.build (Dockerfile:7)).
_PLACE = re.compile(r"(?:^|\()(?P<file>[^()]+?):(?P<line>\d{1,6})(?::(?P<column>\d{1,6}))?\)?$")


class Level(StrEnum):
    """How bad it is."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Remark:
    """One of them; every text is clean. `file` is as the CI names files; line and column count from 1."""

    level: Level
    title: str
    message: str  # may have several lines
    file: str | None = None
    line: int | None = None
    column: int | None = None


Locate = Callable[[str], str | None]  # a file's path as the CI names it; None if there is no such file


def remarks(report: Report, images: Mapping[str, str], locate: Locate) -> tuple[Remark, ...]:
    """Those of a run, errors first, at most MOST of each level. `images` maps an image to its place in the file, where
    an error that has no place of its own is shown."""
    errors = [_remark(each, _image(report, each, images), locate) for each in problems(report)]
    warned = [Remark(Level.WARNING, "ecr-publish", each) for each in warnings(report)]
    return (*_first(errors), *_first(warned))


def refusals(errors: Sequence[PublishError], locate: Locate) -> tuple[Remark, ...]:
    """Those of a command that came to no report."""
    return _first([_remark(problem("", each), "", locate) for each in errors])


def _image(report: Report, wrong: Problem, images: Mapping[str, str]) -> str:
    failed = next((each.intent for each in report.entries if clean(each.intent.id) == wrong.intent), None)
    return images.get(failed.place.image or "", "") if failed else ""


def _remark(wrong: Problem, otherwise: str, locate: Locate) -> Remark:
    remark = Remark(
        Level.ERROR, clean(f"ecr-publish: {wrong.intent or wrong.code}"), f"{wrong.what}\nhint: {wrong.hint}"
    )
    for where in (wrong.where, otherwise):
        match = _PLACE.search(where)
        file = locate(match["file"].strip()) if match else None
        if match and file:
            column = int(match["column"]) if match["column"] else None
            return replace(remark, file=file, line=int(match["line"]), column=column)
    return replace(remark, message=f"{wrong.where}: {remark.message}")


def _first(found: list[Remark]) -> tuple[Remark, ...]:
    if len(found) <= MOST:
        return tuple(found)
    more = Remark(found[0].level, "ecr-publish", f"{len(found) - MOST + 1} more: see the log")
    return (*found[: MOST - 1], more)
