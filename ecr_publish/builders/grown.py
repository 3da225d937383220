"""Which directories and links a base's layers have grown, so that what is laid over them changes nothing else.

A layer that holds a directory entry for `bin` hides a base's link `bin -> usr/bin` and everything behind it; one with
`tmp` as 0755 takes the sticky bit away. So names are followed through the base's links, and its directories stay
what they are.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from tarfile import TarInfo
from typing import TypeAlias

from ecr_publish.builders.tree import Directory, Entry, Link
from ecr_publish.builders.unpack import opened
from ecr_publish.errors import BadImage, BuildFailed
from ecr_publish.model.events import Note, Notify

Kept: TypeAlias = Directory | Link
# image-spec, "Image Layer Filesystem Changeset", Whiteouts.
_WHITEOUT, _OPAQUE = ".wh.", ".wh..wh..opq"
_MOST_LINKS = 40  # as in Linux, path_resolution(7)


def grown(layers: Iterable[tuple[Path, str]], where: str, notify: Notify) -> dict[str, Kept]:
    """Directories and links by name after all layers (file and media type), lowest first. Raises BadImage."""
    tree: dict[str, Kept] = {}
    for path, media_type in layers:
        if "zstd" in media_type:
            raise BadImage(what="the base has a layer compressed by zstd", where=where, hint="make it with gzip layers")
        with opened(path) as reading:
            for member in reading.members():
                notify(Note("reading the base"))
                _apply(tree, member)
    return tree


def _apply(tree: dict[str, Kept], member: TarInfo) -> None:
    name = posixpath.normpath(posixpath.join("/", member.name)).lstrip("/")
    above, last = posixpath.split(name)
    if last == _OPAQUE:
        _cut(tree, above)
    elif last.startswith(_WHITEOUT):
        hidden = posixpath.join(above, last.removeprefix(_WHITEOUT))
        tree.pop(hidden, None)
        _cut(tree, hidden)
    elif member.isdir():
        tree[name] = Directory(name, member.mode & 0o7777, member.uid, member.gid)
    else:
        if isinstance(tree.pop(name, None), Directory):
            _cut(tree, name)
        if member.issym():
            tree[name] = Link(name, member.linkname)


def _cut(tree: dict[str, Kept], name: str) -> None:
    below = f"{name}/" if name else ""
    for each in [each for each in tree if each.startswith(below)]:
        del tree[each]


def laid_over(entry: Entry, tree: Mapping[str, Kept]) -> Entry:
    """The entry where it really lands in the base; a directory that the base has stays as the base has it."""
    above, last = posixpath.split(entry.name)
    name = posixpath.join(_followed(above, tree), last)
    if not isinstance(entry, Directory):
        return replace(entry, name=name)
    name = _followed(name, tree)
    there = tree.get(name)
    return there if isinstance(there, Directory) else replace(entry, name=name)


def _followed(name: str, tree: Mapping[str, Kept]) -> str:
    """The directory that a name leads to, every link on the way followed, never above the image's root."""
    ahead, at, links = list(PurePosixPath(name).parts), "", 0
    while ahead:
        part = ahead.pop(0)
        if part in ("/", "."):
            continue
        if part == "..":
            at = posixpath.dirname(at)
            continue
        there = tree.get(posixpath.join(at, part))
        if not isinstance(there, Link):
            at = posixpath.join(at, part)
            continue
        if (links := links + 1) > _MOST_LINKS:
            raise BuildFailed(what=f"/{name} goes round in links of the base", where="files", hint="change to:")
        ahead[:0] = PurePosixPath(there.target).parts
        at = "" if there.target.startswith("/") else at
    return at
