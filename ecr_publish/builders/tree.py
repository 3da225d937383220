"""The files of an image: what `files:` lists, found, checked and brought into one order."""

from __future__ import annotations

import glob
import os
import posixpath
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ecr_publish.config.model import FileEntry
from ecr_publish.errors import BuildFailed
from ecr_publish.model.platform import Platform

OURS = ".ecr-publish"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the layer: `name` without a leading slash; `source` None for a directory that is only implied."""

    name: str
    mode: int
    uid: int
    gid: int
    source: Path | None = None
    link: str | None = None

    @property
    def is_directory(self) -> bool:
        """Whether it is a directory."""
        return self.link is None and (self.source is None or self.source.is_dir())


def entries(files: tuple[FileEntry, ...], root: Path, platform: Platform) -> tuple[Entry, ...]:
    """All entries sorted by name, with the directories on the way. Raises BuildFailed naming the `from`."""
    found: dict[str, Entry] = {}
    for number, file in enumerate(files):
        where = f"files[{number}] from {file.source}"
        for entry in _listed(file, root, platform, where):
            other = found.get(entry.name)
            if other is not None and not (other.is_directory and entry.is_directory):
                raise BuildFailed(
                    what=f"/{entry.name} is put into the image twice", where=where, hint="take one of the two out"
                )
            found[entry.name] = entry
    if not found:
        raise BuildFailed(what="there is nothing to put into the image", where="files", hint="list at least one file")
    for name in list(found):
        for parent in _parents(name):
            found.setdefault(parent, Entry(parent, 0o755, 0, 0))
    return tuple(found[name] for name in sorted(found))


def _parents(name: str) -> Iterator[str]:
    while name := posixpath.dirname(name):
        yield name


def _listed(file: FileEntry, root: Path, platform: Platform, where: str) -> Iterator[Entry]:
    uid, gid = _owner(file.owner, where)
    mode = _mode(file.mode, where)
    for source in _sources(file.source, root, platform, where):
        for path, inside in _walked(source):
            name = _destination(file, source, inside, where)
            yield _entry(path, name, (mode, uid, gid), where)


def _sources(pattern: str, root: Path, platform: Platform, where: str) -> list[Path]:
    text = pattern.replace("{os}", platform.os).replace("{arch}", platform.architecture)
    text = text.replace("{variant}", platform.variant or "")
    if Path(text).is_absolute() or ".." in Path(text).parts:
        raise BuildFailed(
            what=f"{text} leaves the directory of the file", where=where, hint="name a path below ecr-publish.yaml"
        )
    literal = root / text
    paths = [literal] if os.path.lexists(literal) else [Path(each) for each in sorted(glob.glob(str(literal)))]
    if not paths:
        raise BuildFailed(what=f"{text} is not there", where=where, hint="build it before, or fix the path")
    for path in paths:
        if not path.resolve().is_relative_to(root.resolve()):
            raise BuildFailed(
                what=f"{path.relative_to(root)} leads outside by a symbolic link", where=where, hint="copy it in"
            )
    return paths


def _walked(source: Path) -> Iterator[tuple[Path, str]]:
    """The file itself, or everything in the directory with its path inside; never what we write ourselves."""
    if not source.is_dir():
        yield source, ""
        return
    for directory, names, files in os.walk(source):
        names[:] = sorted(name for name in names if name != OURS)
        for name in [*names, *files]:
            path = Path(directory, name)
            yield path, path.relative_to(source).as_posix()


def _destination(file: FileEntry, source: Path, inside: str, where: str) -> str:
    to = file.to
    if not inside and to.endswith("/"):
        inside = source.name
    name = (
        posixpath.normpath(posixpath.join("/", to, inside)) if inside else posixpath.normpath(posixpath.join("/", to))
    )
    if ".." in to.split("/"):
        raise BuildFailed(what=f"to: {to} goes upwards", where=where, hint="name an absolute path in the image")
    name = name.lstrip("/")
    if not name:
        raise BuildFailed(what=f"to: {to} is the root for a file", where=where, hint="write to: /name or to: /dir/")
    return name


def _entry(path: Path, name: str, how: tuple[int | None, int, int], where: str) -> Entry:
    mode, uid, gid = how
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode):
        return Entry(name, 0o777, uid, gid, link=str(path.readlink()))
    if stat.S_ISDIR(status.st_mode):
        return Entry(name, 0o755, uid, gid, source=path)
    if not stat.S_ISREG(status.st_mode):
        raise BuildFailed(
            what=f"{path.name} is neither file, directory nor link",
            where=where,
            hint="devices and sockets cannot go in",
        )
    # Only whether it is executable is taken from the file: umask and checkout must not change the digest.
    kept = 0o755 if status.st_mode & 0o100 else 0o644
    return Entry(name, kept if mode is None else mode, uid, gid, source=path)


def _owner(text: str, where: str) -> tuple[int, int]:
    uid, _, gid = text.partition(":")
    if not uid.isdigit() or not (gid or "0").isdigit():
        raise BuildFailed(
            what=f"owner {text!r} is not uid:gid in numbers", where=where, hint='write owner: "1000:1000"'
        )
    return int(uid), int(gid or uid)


def _mode(text: str | None, where: str) -> int | None:
    if text is None:
        return None
    try:
        return int(text, 8)
    except ValueError as error:
        raise BuildFailed(what=f"mode {text!r} is not octal", where=where, hint='write mode: "0755"') from error
