"""Result files: what one job did, for the next job to go on with. A request, never evidence: digests are read again."""

from __future__ import annotations

import json
import os
import re
import tempfile
from dataclasses import replace
from pathlib import Path

from ecr_publish.errors import ResultUnusable
from ecr_publish.model.image import BuiltImage, InArchive, InEngine, InLayout, InRegistry, PublishedImage
from ecr_publish.model.registry import EcrRegistry
from ecr_publish.model.target import Target
from ecr_publish.plan.intent import Intent
from ecr_publish.run.outcome import AlreadyDone, Done, Outcome
from ecr_publish.run.resultfile import Published, Result, document, parsed, unusable

__all__ = ["Published", "Result", "keep", "prepare", "read"]

DIRECTORY = "result.d"
LARGEST_BYTES = 1_000_000
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")  # as config.kinds.Name


def prepare(workspace: Path) -> None:
    """Make the workspace, which git is to ignore whole: what we write must not make a tree dirty."""
    workspace.mkdir(parents=True, exist_ok=True)
    ignore = workspace / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")


def keep(workspace: Path, intent: Intent, outcome: Outcome, root: Path) -> None:
    """Put what an intent gave into its image's file. A new build forgets where older ones were published; a
    publication replaces that of the same environment and region. Raises OSError."""
    image = intent.place.image
    if image is None or not isinstance(outcome, Done | AlreadyDone):
        return
    for fact in outcome.facts:
        target = getattr(intent.details, "target", None)
        if isinstance(fact, BuiltImage) and intent.step == "build":
            _write(workspace, _built(Result(_path(workspace, image), image), fact, root))
        elif isinstance(fact, PublishedImage) and isinstance(target, Target):
            _write(workspace, _with(_left(workspace, image), fact, target))


def read(workspace: Path, image: str) -> Result:
    """What is known of an image. Raises ResultUnusable: absent, malformed, of another version, of another image."""
    path = _path(workspace, image)
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_BYTES + 1)
    except FileNotFoundError as error:
        raise ResultUnusable(
            what=f"no earlier job left a result for the image {image}",
            where=str(path),
            hint="run `ecr-publish build` or `ecr-publish push` first, or carry .ecr-publish between the jobs",
        ) from error
    except OSError as error:
        raise unusable(path, f"it cannot be read: {error.strerror}") from error
    if len(content) > LARGEST_BYTES:
        raise unusable(path, f"it is larger than {LARGEST_BYTES} bytes")
    return parsed(content, path, image)


def _path(workspace: Path, image: str) -> Path:
    if not _FILE_NAME.fullmatch(image):
        raise ResultUnusable(
            what=f"{image!r} cannot be the name of a file",
            where=str(workspace / DIRECTORY),
            hint="an image's name in ecr-publish.yaml has letters, digits, _ . - and at most 63 of them",
        )
    return workspace / DIRECTORY / f"{image}.json"


def _left(workspace: Path, image: str) -> Result:
    """What the file holds, to be added to; what cannot be read is replaced."""
    try:
        return read(workspace, image)
    except ResultUnusable:
        return Result(_path(workspace, image), image)


def _built(result: Result, fact: BuiltImage, root: Path) -> Result:
    match fact.where:
        case InLayout(path=path, digest=digest):
            return replace(result, layout=Path(os.path.relpath(path, root)).as_posix(), digest=str(digest))
        case InEngine(image_id=image_id):
            return replace(result, engine=image_id)
        case InArchive() | InRegistry():
            return result  # no other job goes on with an archive: `build` alone makes it a layout


def _with(result: Result, image: PublishedImage, target: Target) -> Result:
    region = target.registry.region if isinstance(target.registry, EcrRegistry) else None
    new = Published(target.environment, region, str(image.repository), str(image.digest), image.tags)
    others = (each for each in result.published if (each.environment, each.region) != (new.environment, region))
    return replace(result, published=(*others, new))


def _write(workspace: Path, result: Result) -> None:
    """Replace the file in one go: another job never sees half of it."""
    prepare(workspace)
    result.path.parent.mkdir(exist_ok=True)
    spool, name = tempfile.mkstemp(dir=result.path.parent, prefix=".", suffix=".new")
    try:
        with os.fdopen(spool, "w", encoding="utf-8") as file:
            file.write(json.dumps(document(result), indent=2) + "\n")
        Path(name).chmod(0o644)  # another job may run as another user
        Path(name).replace(result.path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
