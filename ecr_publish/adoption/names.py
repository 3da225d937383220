"""Names made of what was found: those that ECR takes for repositories, and those of environments and images."""

from __future__ import annotations

import re

from ecr_publish.adoption.found import Destination


def repository_name(text: str) -> str:
    """The text if ECR takes it, else the nearest name that it takes (CreateRepository, repositoryName): lower case,
    separators between letters and digits only, at least two characters."""
    parts = [_part(each) for each in text.lower().split("/")]
    name = "/".join(each for each in parts if each)[:200].strip("._-/")
    return name if len(name) > 1 else f"{name or 'app'}-image"


def _part(text: str) -> str:
    plain = re.sub(r"[^a-z0-9._-]+", "-", text).strip("._-")
    return re.sub(r"[._-]+", lambda match: match[0] if re.fullmatch(r"\.|__?|-+", match[0]) else "-", plain)


def environment_name(there: Destination, *, first: bool) -> str:
    """What the files call it, else by its kind of registry; the `first` that has neither is `dev`."""
    if there.name:
        return re.sub(r"[^A-Za-z0-9_.-]+", "-", there.name).strip("-._")[:60] or "dev"
    if there.public_alias is not None:
        return "public"
    if there.plain is not None:
        return re.sub(r"[^A-Za-z0-9]+", "-", there.plain).strip("-")[:60]
    return "dev" if first else "env"


def image_name(repository: str) -> str:
    """The last part of its repository's name."""
    return repository.rpartition("/")[2][:63]


def unique(name: str, taken: set[str]) -> str:
    """The name, numbered where it is taken; it is taken from now on."""
    number, made = 2, name
    while made in taken:
        made, number = f"{name}-{number}", number + 1
    taken.add(made)
    return made
