"""What one `docker build` or kaniko command builds: its options as a recipe, and the references that stand for it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass, replace

from ecr_publish.adoption.buildoptions import Options, Say, docker_options, kaniko_options
from ecr_publish.adoption.found import Recipe
from ecr_publish.adoption.references import known


@dataclass(frozen=True, slots=True)
class Build:
    """One command's recipe, the references that stand for what it builds, and whether it pushes them."""

    recipe: Recipe
    references: tuple[str, ...]
    pushes: bool


def docker_build(words: Iterable[str], directory: str, say: Say) -> Build:
    """What stands behind `docker build`; `directory` is where it runs, from the project. `say` gets each remark."""
    options = docker_options(words, say)
    got = options.got
    context = options.positional[-1] if options.positional else "."
    for word in options.positional[:-1]:
        say(f"what {word} adds to the build cannot be told")
    if context == "-":
        say("a build from standard input has no directory: the Dockerfile of the project is written")
        context = "."
    recipe = _recipe(options, _context(context, say), got.get("file", []), directory, say)
    pushes = "--push" in options.alone or any(_pushing(each) for each in got.get("left", []))
    return Build(recipe, tuple(got.get("tag", [])), pushes)


def kaniko(words: Iterable[str], directory: str, say: Say) -> Build:
    """What stands behind kaniko's `executor`. It looks for the Dockerfile where it runs, then in the context: one
    that is named from the project's directory is taken for the former."""
    options = kaniko_options(words, say)
    got = options.got
    given = (got.get("context") or ["."])[-1].removeprefix("dir://")
    context = _context("/".join([given, *got.get("below", [])[-1:]]), say)
    files = got.get("file", [])[-1:]
    inside = [each for each in files if path(each) != path(f"{context}/{each}") and not each.startswith(("./", "/"))]
    if inside and not path(inside[0]).startswith(f"{path(context)}/"):
        files = [f"{context}/{inside[0]}"]
    recipe = _recipe(options, context, files, directory, say)
    for word in options.positional:
        say(f"what {word} adds to the build cannot be told")
    return Build(recipe, tuple(got.get("tag", [])), "--no-push" not in options.alone)


def _pushing(output: str) -> bool:
    fields = [each.strip() for each in output.split(",")]
    return "push=true" in fields or "type=registry" in fields


def _context(text: str, say: Say) -> str:
    """The directory that is sent to the builder; the project's own where it cannot be told."""
    if "://" in text or text.startswith("git@"):
        say(f"the context {text} is no directory of the project: . is written")
    elif known(text) is None:
        say(f"which directory is the context cannot be told: {text}, so . is written")
    else:
        return text
    return "."


def _recipe(options: Options, context: str, files: list[str], directory: str, say: Say) -> Recipe:
    got, alone = options.got, options.alone
    targets = got.get("target", [])
    if files and known(files[-1]) is None:
        say(f"which Dockerfile is meant cannot be told: {files[-1]}")
        files = []
    for option in ("target", "platform"):
        for value in got.get(option, []):
            if known(value) is None:
                say(f"the {option} {value} comes from the CI and is not carried over")
    there = path(f"{directory}/{path(context)}")
    if known(there) is None:
        say(f"which directory is the context cannot be told: {there}, so . is written")
        there = "."
    elif there.startswith(".."):
        say(f"the context {there} is outside of the project: . is written")
        there = "."
    recipe = Recipe(
        context=there,
        dockerfile=below(there, path(f"{directory}/{path(files[-1])}") if files else None),
        target=targets[-1] if targets else None,
        args=_pairs(got.get("arg", []), say),
        labels=_pairs(got.get("label", []), say),
        platforms=tuple(each for text in got.get("platform", []) for each in text.split(",") if each),
    )
    return replace(
        recipe,
        switches=tuple(each for each in ("pull", "no-cache") if f"--{each}" in alone),
        target=known(recipe.target) if recipe.target else None,
        platforms=tuple(each for each in recipe.platforms if known(each)),
    )


def _pairs(texts: Iterable[str], say: Say) -> tuple[tuple[str, str], ...]:
    """`NAME=value` whose values stand in the file. A name alone takes the value that its variable has in the job."""
    found = []
    for name, equals, value in (each.partition("=") for each in texts):
        if equals and "<" not in value:
            found.append((name, value))
        else:
            say(f"the value of {name} comes from the CI and is not carried over")
    return tuple(found)


def path(text: str) -> str:
    """A path as our file writes it: no `./` before it and no slash behind it."""
    return posixpath.normpath(text.strip("/") or ".")


def below(context: str, file: str | None) -> str | None:
    """A Dockerfile's path from its context, where both are paths from the project; None for the context's own
    `Dockerfile`. Docker takes `--file` from the working directory, our file from the context."""
    if file is None:
        return None
    found = posixpath.relpath(f"/{path(file)}", f"/{path(context)}")
    return None if found == "Dockerfile" else found
