"""What of a directory goes to a Docker engine as the context: `.dockerignore` as Docker's own clients read it."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ecr_publish.builders.tree import OURS
from ecr_publish.errors import BuildFailed

DOCKERFILE = "Dockerfile"
IGNORE_FILE = ".dockerignore"


@dataclass(frozen=True, slots=True)
class Pattern:
    """One line of `.dockerignore`. `excepts` is of a line with `!`: what it matches is taken in again."""

    expression: re.Pattern[str]
    excepts: bool


def context_files(context: Path, dockerfile: str, ignore: Path) -> Iterator[tuple[str, Path]]:
    """Names (with `/`) and paths of everything that is sent, parents first; links are not followed. `ignore` is what
    `ignore_file` gives.

    The Dockerfile and its ignore file are always among them (the engine takes them out again itself where they are
    ignored), and what we write ourselves never is. Raises BuildFailed for a directory that cannot be read.
    """
    always = (dockerfile, os.path.relpath(ignore, context))
    ignored = ignore_patterns(ignore)
    pruning = not any(pattern.excepts for pattern in ignored)
    told: set[str] = set()
    for directory, names, files in os.walk(context, onerror=_unreadable):
        above = Path(directory).relative_to(context)
        names[:] = sorted(name for name in names if name != OURS)
        kept = []
        for name in sorted((*names, *files)):
            inside = (above / name).as_posix()
            if inside in always or not is_ignored(inside, ignored):
                kept.append(inside)
        for inside in kept:
            for each in (*_above(inside), inside):
                if each not in told:
                    told.add(each)
                    yield each, context / each
        if pruning:
            # The directory of an ignored Dockerfile is walked for its sake.
            wanted = {*kept, *_above(dockerfile), *_above(always[1])}
            names[:] = [name for name in names if (above / name).as_posix() in wanted]


def _unreadable(error: OSError) -> None:
    raise BuildFailed(
        what=f"{error.filename} cannot be read: {error.strerror}",
        where="build.context",
        hint="check its permissions, or list it in .dockerignore",
    ) from error


def _above(name: str) -> list[str]:
    parts = name.split("/")[:-1]
    return ["/".join(parts[: count + 1]) for count in range(len(parts))]


def ignore_file(context: Path, dockerfile: str) -> Path:
    """The ignore file, which may be absent: a Dockerfile's own stands beside it and is read in place of `.dockerignore`
    (docs.docker.com, "Filename and location": `<dockerfile>.dockerignore`)."""
    own = context / f"{dockerfile}{IGNORE_FILE}"
    return own if own.is_file() else context / IGNORE_FILE


def ignore_patterns(path: Path) -> tuple[Pattern, ...]:
    """The patterns of an ignore file in their order (moby/patternmatcher, `ignorefile.ReadAll`)."""
    if not path.is_file():
        return ()
    lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    return tuple(found for line in lines if (found := _pattern(line)) is not None)


def _pattern(line: str) -> Pattern | None:
    if line.startswith("#") or not (text := line.strip()):
        return None
    excepts = text.startswith("!")
    text = text.removeprefix("!").strip()
    text = posixpath.normpath(text) if text else ""
    text = text.lstrip("/") if len(text) > 1 else text
    return Pattern(_expression(text), excepts) if text and text != "." else None


def _expression(text: str) -> re.Pattern[str]:
    """The language of Go's filepath.Match with `**` for any number of directories; `*` and `?` stop at a slash."""
    expression, at = "", 0
    while at < len(text):
        here = text[at]
        at += 1
        if here == "*" and text[at : at + 1] == "*":
            at += 1
            if text[at : at + 1] == "/":
                at += 1
            expression += ".*" if at == len(text) else "(?:.*/)?"
        elif here == "*":
            expression += "[^/]*"
        elif here == "?":
            expression += "[^/]"
        elif here == "[" and (end := text.find("]", at + 1)) > 0:
            expression += "[" + text[at:end].replace("[", r"\[") + "]"
            at = end + 1
        elif here == "\\" and at < len(text):
            expression += re.escape(text[at])
            at += 1
        else:
            expression += re.escape(here)
    try:
        return re.compile(expression, re.DOTALL)
    except re.error as error:
        raise BuildFailed(
            what=f"the pattern {text!r} is malformed", where=IGNORE_FILE, hint="escape [ and ] with a backslash"
        ) from error


def is_ignored(name: str, patterns: tuple[Pattern, ...]) -> bool:
    """Whether a path is left out: the last pattern decides that matches it or a directory above it."""
    ignored = False
    candidates = (name, *_above(name))
    for pattern in patterns:
        # A pattern that could only confirm what holds already is not looked at.
        if pattern.excepts == ignored and any(pattern.expression.fullmatch(each) for each in candidates):
            ignored = not pattern.excepts
    return ignored
