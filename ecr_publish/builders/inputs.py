"""The inputs of a build as one hash: two builds with the same one are made of the same things."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from ecr_publish.builders.tree import OURS
from ecr_publish.config.model import ArchiveBuild, Build, DockerBuild, FilesBuild, LayoutBuild

BLOCK = 1 << 20


def inputs_hash(build: Build, root: Path) -> str:
    """Over the settings and the content, names and executable bits of every file that can go in.

    A path that does not exist counts as absent: saying so is the builder's part. 64 hex digits (sha256).
    """
    total = hashlib.sha256(build.model_dump_json().encode())
    for path in paths(build, root):
        _add(total, path, root)
    return total.hexdigest()


def paths(build: Build, root: Path) -> Iterator[Path]:
    """The files and directories below `root` that the build takes from."""
    match build:
        case DockerBuild(context=context):
            yield root / context
        case LayoutBuild(layout=layout):
            yield root / layout / "index.json" if (root / layout).is_dir() else root / layout
        case ArchiveBuild(archive=archive):
            yield root / archive
        case FilesBuild(files=files, base=base):
            for file in files:
                literal = file.source.replace("{os}", "*").replace("{arch}", "*").replace("{variant}", "*")
                yield from sorted(root.glob(literal)) if "*" in literal else [root / literal]
            if base is not None and base != "scratch":
                yield root / base / "index.json"


def _add(total: hashlib._Hash, path: Path, root: Path) -> None:
    if path.is_symlink():
        total.update(f"link {path.relative_to(root)} {path.readlink()}\0".encode())
    elif path.is_dir():
        ignored = ignore_patterns(path)
        for directory, names, files in os.walk(path):
            here = Path(directory)
            names[:] = sorted(name for name in names if name not in (OURS, ".git"))
            for name in sorted(files):
                inside = (here / name).relative_to(path).as_posix()
                if not is_ignored(inside, ignored):
                    _file(total, here / name, inside)
    elif path.is_file():
        _file(total, path, path.name)
    else:
        total.update(f"absent {path.name}\0".encode())


def _file(total: hashlib._Hash, path: Path, name: str) -> None:
    if path.is_symlink():
        total.update(f"link {name} {path.readlink()}\0".encode())
        return
    if not path.is_file():
        return
    status = path.stat()
    total.update(f"file {name} {bool(status.st_mode & 0o100)} {status.st_size}\0".encode())
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            total.update(block)


def ignore_patterns(context: Path) -> tuple[str, ...]:
    """The lines of `.dockerignore`, without comments and blanks."""
    path = context / ".dockerignore"
    if not path.is_file():
        return ()
    lines = (line.strip() for line in path.read_text(encoding="utf-8", errors="replace").splitlines())
    return tuple(line.strip("/") for line in lines if line and not line.startswith("#"))


def is_ignored(name: str, patterns: tuple[str, ...]) -> bool:
    """Whether a path inside the context is left out: the last pattern that matches it or a parent decides."""
    ignored = False
    parents = [name, *(parent.as_posix() for parent in Path(name).parents if parent.as_posix() != ".")]
    for pattern in patterns:
        plain = pattern.removeprefix("!")
        if any(fnmatchcase(each, plain) or fnmatchcase(each, plain.removeprefix("**/")) for each in parents):
            ignored = not pattern.startswith("!")
    return ignored
