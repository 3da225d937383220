"""The files of an image: what `files:` lists, found, checked and brought into one order."""

from __future__ import annotations

import glob
import os
import posixpath
import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from ecr_publish.config.builds import FileEntry
from ecr_publish.errors import BuildFailed
from ecr_publish.model.platform import Platform

OURS = ".ecr-publish"
# Never part of an image by way of a directory: what we write ourselves, and git's store, which differs in every clone.
_LEFT_OUT = (OURS, ".git")
_OWNER = re.compile(r"([0-9]{1,10})(?::([0-9]{1,10}))?")
_MODE = re.compile(r"[0-7]{3,4}")


@dataclass(frozen=True, slots=True)
class Directory:
    """A directory. Names have no leading slash."""

    name: str
    mode: int = 0o755
    uid: int = 0
    gid: int = 0


@dataclass(frozen=True, slots=True)
class File:
    """A regular file; `source` is where its bytes are, never a symbolic link."""

    name: str
    mode: int
    uid: int
    gid: int
    source: Path


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link, kept as it is written."""

    name: str
    target: str
    uid: int = 0
    gid: int = 0


Entry: TypeAlias = Directory | File | Link


@dataclass(frozen=True, slots=True)
class _Way:
    """How what one item of `files:` names goes into the image."""

    to: str
    into: bool  # `to` is a directory, and the source's own name goes below it
    mode: int | None
    uid: int
    gid: int
    where: str


def entries(files: tuple[FileEntry, ...], root: Path, platform: Platform) -> tuple[Entry, ...]:
    """All entries sorted by name, but not the directories that are only implied. Raises BuildFailed with the `from`."""
    found: dict[str, Entry] = {}
    for number, file in enumerate(files):
        where = f"files[{number}] from {file.source}"
        for entry in _listed(file, root, platform, where):
            other = found.get(entry.name)
            if other is not None and not (isinstance(other, Directory) and isinstance(entry, Directory)):
                raise BuildFailed(
                    what=f"/{entry.name} is put into the image twice", where=where, hint="take one of the two out"
                )
            found[entry.name] = entry
    if not found:
        raise BuildFailed(what="there is nothing to put into the image", where="files", hint="list at least one file")
    return tuple(found[name] for name in sorted(found))


def with_parents(found: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """The same with the directories on the way to each entry, sorted by name: parents come before what is in them.

    Raises BuildFailed where something is put below a file or a link.
    """
    by_name = {entry.name: entry for entry in found}
    for entry in found:
        for parent in parents(entry.name):
            above = by_name.setdefault(parent, Directory(parent))
            if not isinstance(above, Directory):
                raise BuildFailed(
                    what=f"/{entry.name} is put below /{parent}, which is no directory",
                    where="files",
                    hint="change to: of one of the two",
                )
    return tuple(by_name[name] for name in sorted(by_name))


def parents(name: str) -> Iterator[str]:
    """The directories above a name, the nearest first."""
    while name := posixpath.dirname(name):
        yield name


def _listed(file: FileEntry, root: Path, platform: Platform, where: str) -> Iterator[Entry]:
    text = file.source.replace("{os}", platform.os).replace("{arch}", platform.architecture)
    text = text.replace("{variant}", platform.variant or "")
    sources, is_glob = _sources(text, root, where)
    uid, gid = _owner(file.owner, where)
    way = _Way(file.to, is_glob or file.to.endswith("/"), _mode(file.mode, where), uid, gid, where)
    for source in sources:
        if source.is_dir():
            yield from _walked(source.resolve(), way)
        else:
            name = _destination(way, source.name if way.into else "")
            if not name:
                raise BuildFailed(what=f"to: {way.to} is the root for a file", where=where, hint="write to: /name")
            # The file itself, not the link to it: a link's target would lead to nothing in the image.
            yield _entry(source.resolve(), name, way)


def _sources(text: str, root: Path, where: str) -> tuple[list[Path], bool]:
    if Path(text).is_absolute() or ".." in Path(text).parts:
        raise BuildFailed(
            what=f"{text} leaves the directory of the file", where=where, hint="name a path below ecr-publish.yaml"
        )
    is_glob = not os.path.lexists(root / text)
    paths = [root / each for each in sorted(glob.glob(text, root_dir=root))] if is_glob else [root / text]
    if not paths:
        raise BuildFailed(what=f"{text} is not there", where=where, hint="build it before, or fix the path")
    for path in paths:
        name = path.relative_to(root)
        try:
            resolved = path.resolve(strict=True)
        except (OSError, RuntimeError) as error:
            raise BuildFailed(what=f"{name} is a link to nothing", where=where, hint="fix the link") from error
        if not resolved.is_relative_to(root.resolve()):
            raise BuildFailed(what=f"{name} leads outside by a symbolic link", where=where, hint="copy it in")
    return paths, is_glob


def _walked(source: Path, way: _Way) -> Iterator[Entry]:
    """The directory (unless it is the image's root) and everything in it; links inside stay links."""
    if name := _destination(way, ""):
        yield Directory(name, uid=way.uid, gid=way.gid)
    for directory, names, files in os.walk(source, onerror=_unreadable(way.where)):
        names[:] = sorted(name for name in names if name not in _LEFT_OUT)
        for each in [*names, *files]:
            path = Path(directory, each)
            yield _entry(path, _destination(way, path.relative_to(source).as_posix()), way)


def _unreadable(where: str) -> Callable[[OSError], None]:
    def fail(error: OSError) -> None:
        raise BuildFailed(
            what=f"{error.filename} cannot be read: {error.strerror}", where=where, hint="check its permissions"
        ) from error

    return fail


def _destination(way: _Way, inside: str) -> str:
    if ".." in way.to.split("/"):
        raise BuildFailed(what=f"to: {way.to} goes upwards", where=way.where, hint="name an absolute path in the image")
    return posixpath.normpath(posixpath.join("/", way.to, inside)).lstrip("/")


def _entry(path: Path, name: str, way: _Way) -> Entry:
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode):
        return Link(name, str(path.readlink()), way.uid, way.gid)
    if stat.S_ISDIR(status.st_mode):
        return Directory(name, uid=way.uid, gid=way.gid)
    if not stat.S_ISREG(status.st_mode):
        raise BuildFailed(
            what=f"{path.name} is neither file, directory nor link",
            where=way.where,
            hint="devices, pipes and sockets cannot go in",
        )
    # Only whether it is executable is taken from the file: umask and checkout must not change the digest.
    kept = 0o755 if status.st_mode & 0o100 else 0o644
    return File(name, kept if way.mode is None else way.mode, way.uid, way.gid, path)


def _owner(text: str, where: str) -> tuple[int, int]:
    match = _OWNER.fullmatch(text)
    if match is None:
        raise BuildFailed(
            what=f"owner {text!r} is not uid:gid in numbers", where=where, hint='write owner: "1000:1000"'
        )
    return int(match[1]), int(match[2] or match[1])


def _mode(text: str | None, where: str) -> int | None:
    if text is None:
        return None
    if not _MODE.fullmatch(text):
        raise BuildFailed(what=f"mode {text!r} is not octal", where=where, hint='write mode: "0755"')
    return int(text, 8)
