"""What one `docker build` or kaniko command builds: its options as a recipe and tags, and those that are left behind.

Sources: Docker's "docker buildx build" reference; kaniko's README, "Additional Flags".
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from ecr_publish.adoption.found import Recipe
from ecr_publish.adoption.references import known

# Options with a value that are carried over, and those that are left behind with a remark.
_DOCKER: Mapping[str, str] = {
    "-t": "tag",
    "--tag": "tag",
    "-f": "file",
    "--file": "file",
    "--target": "target",
    "--build-arg": "arg",
    "--label": "label",
    "--platform": "platform",
}
_KANIKO: Mapping[str, str] = {
    "-c": "context",
    "--context": "context",
    "--context-sub-path": "below",
    "-d": "tag",
    "--destination": "tag",
    "-f": "file",
    "--dockerfile": "file",
    "--target": "target",
    "--build-arg": "arg",
    "--label": "label",
    "--custom-platform": "platform",
    "--customPlatform": "platform",
}
_DOCKER_LEFT = (
    "--cache-from",
    "--cache-to",
    "--secret",
    "--ssh",
    "--output",
    "-o",
    "--provenance",
    "--sbom",
    "--attest",
    "--build-context",
    "--annotation",
    "--network",
    "--add-host",
    "--memory",
    "--isolation",
    "--manifest",
)
_KANIKO_LEFT = ("--cache", "--cache-repo", "--registry-mirror", "--registry-map", "--tar-path", "--tarPath", "--git")
# Options with a value that say nothing of the image.
_DOCKER_QUIET = (
    "--progress",
    "--builder",
    "--iidfile",
    "--metadata-file",
    "--format",
    "--layers",
    "--storage-driver",
    "--shm-size",
    "--ulimit",
    "--cpuset-cpus",
    "--cgroup-parent",
    "--authfile",
)
_KANIKO_QUIET = (
    "--cache-dir",
    "--cache-ttl",
    "--digest-file",
    "--image-name-with-digest-file",
    "--image-name-tag-with-digest-file",
    "--oci-layout-path",
    "--snapshot-mode",
    "--snapshotMode",
    "--verbosity",
    "-v",
    "--log-format",
    "--push-retry",
    "--image-fs-extract-retry",
    "--image-download-retry",
    "--ignore-path",
    "--compression",
    "--compression-level",
    "--skip-tls-verify-registry",
    "--insecure-registry",
)
_FLAGS_ONLY = ("--cache",)  # kaniko takes its booleans with `=` or alone

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Build:
    """One command's recipe, the references that stand for what it builds, and whether it pushes them."""

    recipe: Recipe
    references: tuple[str, ...]
    pushes: bool


@dataclass(frozen=True, slots=True)
class _Options:
    """Values by what they are, options that stand alone, and words that are no options."""

    got: dict[str, list[str]]
    alone: list[str]
    positional: list[str]


def docker_build(words: Iterable[str], directory: str, say: Say) -> Build:
    """What stands behind `docker build`; `directory` is where it runs, from the project. `say` gets each remark."""
    options = _options(words, _DOCKER, (_DOCKER_LEFT, _DOCKER_QUIET), say)
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
    options = _options(words, _KANIKO, (_KANIKO_LEFT, _KANIKO_QUIET), say)
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


def _options(
    words: Iterable[str], carried: Mapping[str, str], others: tuple[tuple[str, ...], tuple[str, ...]], say: Say
) -> _Options:
    got: dict[str, list[str]] = {}
    alone: list[str] = []
    positional: list[str] = []
    rest = iter(words)
    left, quiet = others
    for word in rest:
        name, equals, value = word.partition("=")
        if name in _FLAGS_ONLY:
            say(f"{word} is not carried over")
        elif name in carried or name in left or name in quiet:
            value = value if equals else next(rest, "")
            got.setdefault(carried.get(name, "left" if name in left else "quiet"), []).append(value)
            if name in left:
                say(f"{name} {value} is not carried over".replace("  ", " "))
        elif name in ("--squash", "--no-push", "--pull", "--no-cache"):
            alone += [name] * (value != "false")
            if name == "--squash":
                say("--squash is not carried over")
        elif word.startswith("-") and word != "-":
            alone.append(word)
        else:
            positional.append(word)
    return _Options(got, alone, positional)


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


def _recipe(options: _Options, context: str, files: list[str], directory: str, say: Say) -> Recipe:
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
