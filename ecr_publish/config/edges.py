"""Rules of promotion edges: each environment has one source per image, and nothing goes round in a circle."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from ecr_publish.config.checking import Checking
from ecr_publish.config.model import Image


def check_edges(check: Checking) -> None:
    """What the edges say of each other, of the environments and of the pipeline."""
    edges = check.config.promote
    for index, edge in enumerate(edges):
        if not {edge.source, edge.destination} <= set(check.environments):
            continue
        if edge.source == edge.destination:
            check.error(("promote", index), f"promotes {edge.source} to itself", "name two environments")
        if not index and "promote" not in check.config.pipeline:
            check.error(("promote",), "the pipeline has no promote step", "add promote to pipeline:")
        for other in edges[:index]:
            if other.destination == edge.destination and _share(check.config.images, other.images, edge.images):
                check.error(
                    ("promote", index, "to"),
                    f"{edge.destination} is promoted to from {other.source} and from {edge.source}",
                    "an environment has one source per image; use images: on the edges to tell them apart",
                )
    _cycle(check)


def _share(images: Iterable[Image], first: tuple[str, ...], second: tuple[str, ...]) -> bool:
    return any(_any(image.name, first) and _any(image.name, second) for image in images)


def _any(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _cycle(check: Checking) -> None:
    leads: dict[str, list[str]] = {}
    for edge in check.config.promote:
        leads.setdefault(edge.source, []).append(edge.destination)
    for index, edge in enumerate(check.config.promote):
        path, seen = [edge.source], {edge.source}
        while path[-1] in leads:
            path.append(leads[path[-1]][0])
            if path[-1] in seen:
                break
            seen.add(path[-1])
        if len(path) > 2 and path[-1] == path[0]:
            check.error(("promote", index), f"promotions go round in a circle: {' -> '.join(path)}", "remove one edge")
            return
