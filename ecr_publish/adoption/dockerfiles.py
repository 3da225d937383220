"""Dockerfiles of a project that no CI file mentions: one image each."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from ecr_publish.adoption.found import Found, FoundImage, Place, Recipe, Source
from ecr_publish.adoption.names import repository_name

_SKIPPED = frozenset({"node_modules", "vendor", "third_party", "testdata", "test", "tests", "examples", "docs"})


def dockerfiles(paths: Iterable[str], project: str) -> Found:
    """Images of `Dockerfile`, `Dockerfile.NAME` and `NAME.Dockerfile` among the project's paths. `project` names the
    one at the top."""
    images = []
    for text in sorted(paths, key=lambda each: (each.count("/"), each)):
        path = PurePosixPath(text)
        suffix = _suffix(path.name)
        if suffix is None or _SKIPPED & set(path.parts) or any(part.startswith(".") for part in path.parts):
            continue
        context = str(path.parent)
        name = "-".join(part for part in (path.parent.name or project, suffix) if part)
        recipe = Recipe(context, None if path.name == "Dockerfile" else path.name)
        images.append(FoundImage(repository_name(name), recipe, Place(text, 1)))
    return Found(tuple(images), read=tuple(Source("docker", image.place.file) for image in images))


def _suffix(name: str) -> str | None:
    """`api` of `Dockerfile.api` and `api.Dockerfile`, empty for `Dockerfile`, None for another file."""
    if name in ("Dockerfile", "Containerfile"):
        return ""
    found = re.fullmatch(r"(?:Dockerfile|Containerfile)\.([\w-]+)|([\w-]+)\.(?:Dockerfile|Containerfile)", name)
    suffix = (found[1] or found[2]) if found else None
    return None if suffix == "dockerignore" else suffix
