"""Result files: what one job did, for the next job to go on with. A request, never evidence."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ecr_publish.errors import ResultUnusable
from ecr_publish.model.image import BuiltImage, InEngine, InLayout, PublishedImage
from ecr_publish.model.registry import EcrRegistry
from ecr_publish.plan.intent import Intent
from ecr_publish.run.outcome import AlreadyDone, Done, Outcome

VERSION = 1
DIRECTORY = "result.d"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Published:
    """One image in one environment, as an earlier job says."""

    environment: str
    region: str | None
    repository: str
    digest: str
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """What an earlier job left about one image."""

    path: Path
    image: str
    layout: str | None = None
    digest: str | None = None
    engine: str | None = None
    published: tuple[Published, ...] = ()


def prepare(workspace: Path) -> None:
    """Make the workspace, which git is to ignore whole."""
    workspace.mkdir(parents=True, exist_ok=True)
    ignore = workspace / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")


def keep(workspace: Path, intent: Intent, outcome: Outcome, root: Path) -> None:
    """Put what a step gave into its image's file; what the file has of other targets stays."""
    image = intent.place.image
    if image is None or not isinstance(outcome, Done | AlreadyDone):
        return
    for fact in outcome.facts:
        if isinstance(fact, BuiltImage) and intent.step == "build":
            _write(workspace, image, {"built": _built(fact, root)})
        if isinstance(fact, PublishedImage):
            target = intent.details.target
            entry = {
                "environment": target.environment,
                "region": target.registry.region if isinstance(target.registry, EcrRegistry) else None,
                "repository": str(fact.repository),
                "digest": str(fact.digest),
                "tags": list(fact.tags),
            }
            _write(workspace, image, {"published": entry})


def _built(fact: BuiltImage, root: Path) -> dict[str, str] | None:
    match fact.where:
        case InLayout(path=path, digest=digest):
            return {"layout": os.path.relpath(path, root), "digest": str(digest)}
        case InEngine(image_id=image_id):
            return {"engine": image_id}
        case _:
            return None


def _write(workspace: Path, image: str, news: dict[str, Any]) -> None:
    prepare(workspace)
    path = workspace / DIRECTORY / f"{image}.json"
    path.parent.mkdir(exist_ok=True)
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        assert isinstance(value, dict)
    except (OSError, ValueError, AssertionError):
        value = {}
    value |= {"version": VERSION, "image": image}
    if "built" in news:
        value["built"], value["published"] = news["built"], []
    else:
        entry = news["published"]
        others = [
            each
            for each in value.get("published", [])
            if (each.get("environment"), each.get("region")) != (entry["environment"], entry["region"])
        ]
        value["published"] = [*others, entry]
    spool = path.with_suffix(".new")
    spool.write_text(json.dumps(value, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    spool.replace(path)


def read(workspace: Path, image: str) -> Result:
    """What is known of an image. Raises ResultUnusable: absent, malformed, of another version."""
    path = workspace / DIRECTORY / f"{image}.json"
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ResultUnusable(
            what=f"no earlier job left a result for {image}",
            where=str(path),
            hint="run the step before this one in the same checkout, or carry .ecr-publish between the jobs",
        ) from error
    except (OSError, ValueError) as error:
        raise _bad(path, f"it cannot be read: {error}") from error
    if not isinstance(value, dict) or value.get("version") != VERSION:
        raise _bad(path, f"its version is not {VERSION}")
    if value.get("image") != image:
        raise _bad(path, f"it is about {value.get('image')!r}")
    built = value.get("built") or {}
    if not isinstance(built, dict) or not isinstance(value.get("published", []), list):
        raise _bad(path, "built or published is not of the right kind")
    layout, digest, engine = (_text(built.get(name), path, name) for name in ("layout", "digest", "engine"))
    if digest is not None and not _DIGEST.fullmatch(digest):
        raise _bad(path, f"{digest!r} is no digest")
    if layout is not None and (Path(layout).is_absolute() or ".." in Path(layout).parts or digest is None):
        raise _bad(path, "the layout must be a path below the file, with its digest")
    return Result(
        path, image, layout, digest, engine, tuple(_published(each, path) for each in value.get("published", []))
    )


def _published(value: object, path: Path) -> Published:
    if not isinstance(value, dict):
        raise _bad(path, "an entry of published is no object")
    environment, repository, digest = (
        _text(value.get(name), path, name) for name in ("environment", "repository", "digest")
    )
    tags = value.get("tags", [])
    if environment is None or repository is None or digest is None or not _DIGEST.fullmatch(digest):
        raise _bad(path, "an entry of published lacks environment, repository or a digest")
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise _bad(path, "tags is no list of texts")
    return Published(environment, _text(value.get("region"), path, "region"), repository, digest, tuple(tags))


def _text(value: object, path: Path, name: str) -> str | None:
    if value is not None and not isinstance(value, str):
        raise _bad(path, f"{name} is no text")
    return value


def _bad(path: Path, what: str) -> ResultUnusable:
    return ResultUnusable(what=what, where=str(path), hint="remove the file and run the step before this one again")


def schema() -> dict[str, Any]:
    """The JSON Schema of a result file."""
    digest = {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}
    text = {"type": "string"}
    published = {
        "type": "object",
        "properties": {
            "environment": text,
            "region": {"type": ["string", "null"]},
            "repository": text,
            "digest": digest,
            "tags": {"type": "array", "items": text},
        },
        "required": ["environment", "repository", "digest", "tags"],
    }
    built = {"type": ["object", "null"], "properties": {"layout": text, "digest": digest, "engine": text}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "ecr-publish result",
        "type": "object",
        "properties": {
            "version": {"const": VERSION},
            "image": text,
            "built": built,
            "published": {"type": "array", "items": published},
        },
        "required": ["version", "image", "published"],
    }
