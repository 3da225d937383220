"""Workflows and actions of the project that a workflow calls: read where they are there, with what they are given."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from ecr_publish.adoption.reading import mapping, read, texts
from ecr_publish.config.document import Map, Text

Files = Callable[[str], bytes | None]  # a path of the project -> its content; None where it is not there
DEEPEST = 4  # GitHub's own limit for workflows that call workflows (Docs, "Reuse workflows")


@dataclass(frozen=True, slots=True)
class Called:
    """A file that was called, and its inputs by name (`inputs.NAME`) as the caller's text."""

    file: str
    tree: Map
    inputs: Mapping[str, str]


def workflow_called(uses: str, given: Map, files: Files) -> Called | None:
    """The workflow behind a job's `uses: ./.github/workflows/NAME.yml`; None for another's, or where it is missing."""
    return _called(uses, (_inside(uses),), given, files)


def action_called(uses: str, given: Map, files: Files) -> Called | None:
    """The composite action behind a step's `uses: ./DIRECTORY`; None for another's, or one that is not there."""
    directory = _inside(uses)
    return _called(uses, tuple(f"{directory}/action.{end}" for end in ("yml", "yaml")), given, files)


def callable_by_others(tree: Map) -> bool:
    """Whether another workflow may call this one."""
    on = tree.get("on")
    return "workflow_call" in (on if isinstance(on, Map) else map(str, texts(on)))


def _inside(uses: str) -> str:
    return posixpath.normpath(uses.partition("@")[0]).removeprefix("/")


def _called(uses: str, paths: tuple[str, ...], given: Map, files: Files) -> Called | None:
    if not uses.startswith("./") or paths[0].startswith(".."):
        return None
    for path in paths:
        content = files(path)
        if content is not None:
            tree = read(content, path)
            declared = mapping(tree, "inputs") or mapping(tree, "on", "workflow_call", "inputs")
            return Called(path, tree, dict(_inputs(declared, given)))
    return None


def _inputs(declared: Map, given: Map) -> Iterator[tuple[str, str]]:
    for name, about in declared.items():
        value = given.get(name, mapping(about).get("default"))
        if isinstance(value, Text):
            yield f"inputs.{name}", str(value)
