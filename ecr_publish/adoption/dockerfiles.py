"""Dockerfiles of a project that no CI file mentions: one image each."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from ecr_publish.adoption.found import Found, FoundImage, Place, Recipe, Source

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


def repository_name(text: str) -> str:
    """The text if ECR takes it, else the nearest name that it takes (CreateRepository, repositoryName): lower case,
    separators between letters and digits only, at least two characters."""
    parts = [_part(each) for each in text.lower().split("/")]
    name = "/".join(each for each in parts if each)[:200].strip("._-/")
    return name if len(name) > 1 else f"{name or 'app'}-image"


def _part(text: str) -> str:
    plain = re.sub(r"[^a-z0-9._-]+", "-", text).strip("._-")
    return re.sub(r"[._-]+", lambda match: match[0] if re.fullmatch(r"\.|__?|-+", match[0]) else "-", plain)
