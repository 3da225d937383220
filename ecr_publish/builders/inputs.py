"""The inputs of a build as one hash: two builds with the same one are made of the same things."""

from __future__ import annotations

import glob
import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ecr_publish.config.builds import SCRATCH, ArchiveBuild, Build, DockerBuild, FilesBuild, LayoutBuild
from ecr_publish.errors import BuildFailed, MachineFault

if TYPE_CHECKING:
    from ecr_publish.builders.tree import Entry

BLOCK = 1 << 20


def inputs_hash(build: Build, root: Path) -> str:
    """Over the settings, and names, executable bits and content of every file that can go in: 64 hex digits (sha256).

    Nothing of the machine is in it: no times, owners or absolute paths. What does not exist counts as absent: saying
    so is the builder's part. Raises MachineFault for a file that cannot be read.
    """
    inputs = _Inputs(root)
    inputs.add(b"build", build.model_dump_json().encode())
    try:
        inputs.of(build)
    except BuildFailed as error:
        inputs.add(b"absent", error.what.replace(str(root), ".").encode())
    except OSError as error:
        raise MachineFault(
            what=f"{error.filename} cannot be read: {error.strerror}", where="inputs", hint="check its permissions"
        ) from error
    return inputs.total.hexdigest()


def paths(build: Build, root: Path) -> Iterator[Path]:
    """The files and directories below `root` that the build takes from."""
    match build:
        case DockerBuild(context=context):
            yield root / context
        case LayoutBuild(layout=layout):
            yield _of_layout(root / layout)
        case ArchiveBuild(archive=archive):
            yield root / archive
        case FilesBuild(files=files, base=base):
            for file in files:
                pattern = re.sub(r"\{(?:os|arch|variant)\}", "*", file.source)
                found = glob.glob(pattern, root_dir=root) if glob.has_magic(pattern) else [pattern]
                yield from (root / each for each in sorted(found))  # what is outside is refused by the builder
            yield from _of_base(base, root)


def _of_base(base: str | None, root: Path) -> Iterator[Path]:
    """What stands for the layout that an image is based on; nothing where it is based on none."""
    if base is not None and base != SCRATCH:
        yield _of_layout(root / base)


def _of_layout(path: Path) -> Path:
    """A layout's index names everything in it by digest."""
    return path / "index.json" if path.is_dir() else path


class _Inputs:
    def __init__(self, root: Path) -> None:
        self._root, self._known = root, dict[Path, bytes]()
        self.total = hashlib.sha256()

    def add(self, *fields: bytes) -> None:
        """One record; each field has its length before it, so that no two lists of fields read the same."""
        for each in fields:
            self.total.update(f"{len(each)}:".encode() + each)

    def of(self, build: Build) -> None:
        match build:
            case DockerBuild():
                self._context(build)
            case LayoutBuild(reference=reference) | ArchiveBuild(reference=reference):
                for path in paths(build, self._root):
                    if not self._tar(path, reference):
                        self._file(path.name, path)
            case FilesBuild(base=base):
                for path in _of_base(base, self._root):
                    self._file("base", path)
                self._tree(build)

    def _tar(self, path: Path, reference: str | None) -> bool:
        """Add what determines the image in a tar; False where the file has to be read for it, or is none."""
        if path.name == "index.json" or not path.is_file():
            return False
        from ecr_publish.builders.tarinputs import tar_inputs

        found = tar_inputs(path, reference)
        if found is not None:
            self.add(b"tar", *found)
        return found is not None

    def _tree(self, build: FilesBuild) -> None:
        from ecr_publish.builders.tree import entries
        from ecr_publish.model.platform import parse_platform

        for platform in build.platforms:
            for entry in entries(build.files, self._root, parse_platform(platform)):
                self._entry(entry)

    def _context(self, build: DockerBuild) -> None:
        from ecr_publish.builders.dockercontext import DOCKERFILE, context_files, ignore_file

        # A context that leads outside is the builder's to refuse: nothing out there is to be read before that.
        if not (self._root / build.context).resolve().is_relative_to(self._root.resolve()):
            self.add(b"outside", build.context.encode())
            return
        context = self._root / build.context
        name = build.dockerfile or DOCKERFILE
        ignore = ignore_file(context, os.path.normpath(name))
        for inside, path in context_files(context, name, ignore) if context.is_dir() else ():
            # git's store differs in every clone; the commit that it is at is compared by itself.
            if inside.split("/")[0] != ".git":
                self._file(inside, path)
        self._file(f"Dockerfile {name}", context / name)

    def _entry(self, entry: Entry) -> None:
        from ecr_publish.builders.tree import Directory, File, Link

        match entry:
            case Directory(name=name):
                self.add(b"directory", _bytes(name), f"{entry.uid}:{entry.gid}".encode())
            case Link(name=name, target=target):
                self.add(b"link", _bytes(name), _bytes(target))
            case File(name=name, source=source):
                self.add(
                    b"file", _bytes(name), f"{entry.mode:o} {entry.uid}:{entry.gid}".encode(), self._content(source)
                )

    def _file(self, name: str, path: Path) -> None:
        if path.is_symlink():
            self.add(b"link", _bytes(name), _bytes(str(path.readlink())))
        elif path.is_dir():
            self.add(b"directory", _bytes(name))
        elif path.is_file():
            executable = b"x" if path.stat().st_mode & 0o100 else b"-"
            self.add(b"file", _bytes(name), executable, self._content(path))
        else:
            self.add(b"absent", _bytes(name))

    def _content(self, path: Path) -> bytes:
        """The digest of a file; several platforms take the same files, which are read once."""
        if path not in self._known:
            with path.open("rb") as file:
                self._known[path] = hashlib.file_digest(file, "sha256").digest()
        return self._known[path]


def _bytes(name: str) -> bytes:
    """File names are bytes; one that is no UTF-8 is still hashed as what it is."""
    return name.encode("utf-8", "surrogateescape")
