"""The jobs that a matrix of GitHub or GitLab makes, each by the values that its expressions and variables have."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from ecr_publish.adoption.reading import mapping, maps, texts
from ecr_publish.config.document import Map, Sequence, Text

MOST_COMBINATIONS = 64


def combinations(matrix: Map) -> Iterator[dict[str, str]]:
    """Each job of a matrix whose values stand in the file; one empty one where there is no matrix."""
    axes = [
        [tuple(_named(f"matrix.{name}", each)) for each in values]
        for name, values in matrix.items()
        if name not in ("include", "exclude") and isinstance(values, Sequence)
    ]
    crossed = [dict(itertools.chain(*pairs)) for pairs in itertools.product(*axes)] if axes else []
    extra = [dict(_named("matrix", each)) for each in maps(matrix.get("include"))]
    own = [each for each in extra if not any(_extends(each, base) for base in crossed)]
    for base in crossed:
        base.update({name: value for each in extra if _extends(each, base) for name, value in each.items()})
    yield from itertools.islice((crossed + own) or [{}], MOST_COMBINATIONS)


def _named(name: str, tree: object) -> Iterator[tuple[str, str]]:
    """A value by its name in expressions; those of a mapping each by its own (`matrix.image.context`)."""
    if isinstance(tree, Text):
        yield name, str(tree)
    elif isinstance(tree, Map):
        for key, value in tree.items():
            yield from _named(f"{name}.{key}", value)


def _extends(entry: dict[str, str], base: dict[str, str]) -> bool:
    shared = entry.keys() & base.keys()
    return bool(shared) and all(entry[name] == base[name] for name in shared)


def parallel(job: Map) -> list[Map]:
    """The variables of each job that GitLab's `parallel:matrix` makes; one empty mapping where there is none."""
    found: list[Map] = []
    for entry in maps(mapping(job, "parallel").get("matrix")):
        axes = [[(name, value) for value in texts(entry[name])] for name in entry]
        for pairs in itertools.islice(itertools.product(*axes), MOST_COMBINATIONS - len(found)):
            chosen = Map(entry.at)
            chosen.update(pairs)
            found.append(chosen)
    return found or [Map(job.at)]
