"""A step of docker/build-push-action: how it builds, and by which names it pushes (its README, "inputs")."""

from __future__ import annotations

import re
from dataclasses import replace

from ecr_publish.adoption.building import below
from ecr_publish.adoption.found import Recipe
from ecr_publish.adoption.jobcontext import JobContext
from ecr_publish.adoption.metadata import Metadata
from ecr_publish.adoption.reading import lines, word
from ecr_publish.adoption.references import known, reference
from ecr_publish.config.document import Map, Text

_LEFT_BEHIND = (
    "cache-from",
    "cache-to",
    "secrets",
    "secret-envs",
    "secret-files",
    "ssh",
    "provenance",
    "sbom",
    "attests",
    "outputs",
    "build-contexts",
    "network",
    "add-hosts",
    "shm-size",
    "ulimit",
    "no-cache-filters",
    "allow",
    "annotations",
)


def left_behind(given: Map, context: JobContext) -> None:
    """Say which inputs have no counterpart."""
    for key in _LEFT_BEHIND:
        if key in given and word(given[key]) not in ("false", ""):
            said = " ".join(word(given[key]).split())[:60]
            context.say(given[key], f"{key}: {said} is not carried over")
    if "repository" in given:
        context.say(given["repository"], "the first version of this action named its image in other inputs: see there")


def recipe(given: Map, context: JobContext, described: dict[str, Metadata]) -> Recipe:
    """How the image is built; labels also of the metadata steps whose output is given."""
    there = context.value(word(given.get("context")) or ".").strip()
    there = re.sub(r"^\{\{defaultContext\}\}:?", "", there).removeprefix("./").rstrip("/") or "."
    if "://" in there or known(there) is None or there.startswith(".."):
        context.say(given["context"], f"which directory is the context cannot be told: {there}, so . is written")
        there = "."
    platforms = [each.strip() for line in lines(given.get("platforms")) for each in context.value(line).split(",")]
    file = context.value(word(given.get("file"))) or None
    if file is not None and "<" in file:
        context.say(given["file"], f"which Dockerfile is meant cannot be told: {word(given['file'])}")
        file = None
    made = Recipe(
        there,
        below(there, file),
        known(context.value(word(given.get("target")))),
        context.pairs(given.get("build-args")),
        context.pairs(given.get("labels")),
        tuple(each for each in platforms if each and "<" not in each),
        tuple(each for each in ("pull", "no-cache") if word(given.get(each)) == "true"),
    )
    labels = word(given.get("labels"))
    used = [each for name, each in described.items() if f"steps.{name}.outputs.labels" in labels]
    return replace(made, labels=made.labels + tuple(label for each in used for label in each.labels))


def pushes(given: Map, context: JobContext) -> bool:
    """Whether the step pushes: by `push`, or by an output of the registry's kind."""
    return (
        word(given.get("push")) not in ("false", "")
        or "true" in outputs(given, context, "push")
        or "registry" in outputs(given, context, "type")
    )


def outputs(given: Map, context: JobContext, field: str) -> list[str]:
    """The values of one field of `outputs: type=image,name=…`."""
    fields = [each.strip(' "') for line in lines(given.get("outputs")) for each in context.value(line).split(",")]
    return [each.partition("=")[2] for each in fields if each.partition("=")[0] == field]


def named(given: Map, context: JobContext) -> list[tuple[Text, str]]:
    """The references under `tags` with their lines, but for those that a metadata step gives; the well known first."""
    listed = [
        (line, found)
        for line in lines(given.get("tags"))
        if not re.search(r"outputs\.tags\s*\}\}", line)
        for each in context.value(line).split(",")
        if (found := each.strip())
    ]
    return sorted(listed, key=lambda each: known(reference(each[1]).repository) is None)
