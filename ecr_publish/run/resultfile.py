"""One result file as data: its members, strictly read and written in one way."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from ecr_publish.errors import ResultUnusable

VERSION = 1
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Published:
    """One image in one environment (and region, for ECR), as an earlier job says. `repository` is canonical."""

    environment: str
    region: str | None
    repository: str
    digest: str
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """What an earlier job left about one image: a layout (relative to the file's directory) with its digest, or an
    engine's image id, or neither; and where it has been published."""

    path: Path
    image: str
    layout: str | None = None
    digest: str | None = None
    engine: str | None = None
    published: tuple[Published, ...] = ()


def document(result: Result) -> dict[str, Any]:
    """The members of the file, as the schema has them (`ecr-publish schema result`)."""
    built: dict[str, Any] | None = None
    if result.layout is not None:
        built = {"layout": result.layout, "digest": result.digest}
    elif result.engine is not None:
        built = {"engine": result.engine}
    published = [
        {
            "environment": each.environment,
            "region": each.region,
            "repository": each.repository,
            "digest": each.digest,
            "tags": list(each.tags),
        }
        for each in result.published
    ]
    return {"version": VERSION, "image": result.image, "built": built, "published": published}


def parsed(content: bytes, path: Path, image: str) -> Result:
    """The content of `path`, which is to be about `image`. Raises ResultUnusable with the reason."""
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise unusable(path, f"it is not JSON: {error}") from error
    if not isinstance(value, dict) or value.get("version") is True or value.get("version") != VERSION:
        raise unusable(path, f"it is not of version {VERSION}")
    _only(value, ("version", "image", "built", "published"), path)
    if value.get("image") != image:
        raise unusable(path, f"it is about the image {value.get('image')!r}")
    built, published = value.get("built"), value.get("published")
    if not isinstance(published, list):
        raise unusable(path, "published is no list")
    made = Result(path, image, published=tuple(_published(each, path) for each in published))
    if built is None:
        return made
    if not isinstance(built, dict):
        raise unusable(path, "built is no object")
    if "engine" in built:
        _only(built, ("engine",), path)
        return replace(made, engine=_text(built, "engine", path))
    _only(built, ("layout", "digest"), path)
    return replace(made, layout=_layout(built, path), digest=_digest(built, path))


def _published(value: object, path: Path) -> Published:
    if not isinstance(value, dict):
        raise unusable(path, "an entry of published is no object")
    _only(value, ("environment", "region", "repository", "digest", "tags"), path)
    tags = value.get("tags")
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise unusable(path, "tags is no list of texts")
    return Published(
        environment=_text(value, "environment", path),
        region=None if value.get("region") is None else _text(value, "region", path),
        repository=_text(value, "repository", path),
        digest=_digest(value, path),
        tags=tuple(tags),
    )


def _layout(built: dict[str, Any], path: Path) -> str:
    layout = _text(built, "layout", path)
    if PurePosixPath(layout).is_absolute() or ".." in PurePosixPath(layout).parts:
        raise unusable(path, f"the layout {layout!r} is not below the directory of ecr-publish.yaml")
    return layout


def _digest(value: dict[str, Any], path: Path) -> str:
    digest = _text(value, "digest", path)
    if not _DIGEST.fullmatch(digest):
        raise unusable(path, f"{digest!r} is no digest")
    return digest


def _text(value: dict[str, Any], name: str, path: Path) -> str:
    found = value.get(name)
    if not isinstance(found, str) or not found:
        raise unusable(path, f"{name} is missing or no text")
    return found


def _only(value: dict[str, Any], names: tuple[str, ...], path: Path) -> None:
    for name in value:
        if name not in names:
            raise unusable(path, f"it has {name!r}, which version {VERSION} does not know")


def unusable(path: Path, what: str) -> ResultUnusable:
    """The error about this file."""
    return ResultUnusable(
        what=what, where=str(path), hint="remove the file and run `ecr-publish build` or `ecr-publish push` again"
    )
