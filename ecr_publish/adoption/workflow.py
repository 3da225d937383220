"""GitHub workflows: what their jobs build and push as images and rules, with the workflows that they call.

Source: GitHub Docs, "Workflow syntax for GitHub Actions" (`jobs`, `strategy`, `uses`, `outputs`, `defaults`).
"""

from __future__ import annotations

from dataclasses import replace

from ecr_publish.adoption.called import DEEPEST, Called, Files, workflow_called
from ecr_publish.adoption.found import Destination, Found, FoundImage, Place, Recipe, Source
from ecr_publish.adoption.holdings import Built
from ecr_publish.adoption.jobcontext import JobContext
from ecr_publish.adoption.jobsteps import JobSteps
from ecr_publish.adoption.matrix import combinations
from ecr_publish.adoption.metadata import Metadata
from ecr_publish.adoption.reading import mapping, read, word
from ecr_publish.adoption.references import reference
from ecr_publish.config.document import Map


def workflow(content: bytes, file: str, files: Files = lambda path: None) -> Found:
    """What one workflow builds and pushes, and what it calls of the project. Raises ConfigError for what is no YAML."""
    return _workflow(Called(file, read(content, file), {}), files, 0)


def _workflow(called: Called, files: Files, depth: int) -> Found:
    file, tree = called.file, called.tree
    found, needs = Found(), dict(called.inputs)
    described: list[Metadata] = []
    untagged: set[Place] = set()
    built: Built = {}  # a later job may push what an earlier one has built
    directory = word(mapping(tree, "defaults", "run").get("working-directory"))
    for name, job in mapping(tree, "jobs").items():
        if not isinstance(job, Map):
            continue
        for matrix in combinations(mapping(job, "strategy", "matrix")):
            here = JobContext(file, mapping(tree, "env"), job, {**needs, **matrix})
            if "uses" in job:
                found += _calling(here, files, depth)
            else:
                steps = JobSteps(here, files, directory, depth, built)
                found += steps.found()
                described += steps.metadata.values()
                untagged |= steps.untagged
            needs |= here.outputs(name)
    images = (_described(each, described) if each.place in untagged else each for each in found.images)
    found = replace(found, images=tuple(images))
    told = bool(found.images or found.remarks)
    return Found(
        _distinct(found.images),
        tuple(dict.fromkeys(found.remarks)),
        (*((Source("github", file),) if told else ()), *found.read),
    )


def _calling(here: JobContext, files: Files, depth: int) -> Found:
    """The workflow that a job calls."""
    uses = here.job["uses"]
    called = workflow_called(str(uses), here.given(here.job), files)
    if called is None or depth >= DEEPEST:
        here.say(uses, f"the workflow {uses} is not read: if it builds images, write them by hand")
        return Found(remarks=tuple(here.remarks))
    return _workflow(called, files, depth + 1)


def _described(image: FoundImage, described: list[Metadata]) -> FoundImage:
    """An image that was pushed by its digest, with the tags that a later job of the workflow gives it."""
    for each in described if not image.tags else ():
        if any(reference(text).repository == image.repository for text in each.images):
            return replace(image, tags=each.tags, flavor=each.flavor)
    return image


def _distinct(images: tuple[FoundImage, ...]) -> tuple[FoundImage, ...]:
    """Images of one repository and one recipe are one, with all their tags."""
    found: dict[tuple[Destination, str, Recipe], FoundImage] = {}
    for image in images:
        key = image.destination, image.repository, image.recipe
        first = found.get(key)
        found[key] = replace(first, tags=tuple(dict.fromkeys(first.tags + image.tags))) if first else image
    return tuple(found.values())
