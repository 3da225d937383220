"""The context as the tar that an engine builds from."""

from __future__ import annotations

import os
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ecr_publish.builders.dockercontext import DOCKERFILE, context_files, ignore_file
from ecr_publish.config.builds import DockerBuild
from ecr_publish.engine.dockerfile import line_of_refusal, line_of_step
from ecr_publish.errors import BuildFailed

# Where a Dockerfile goes that is not a plain file of the context; no build has a file of that name.
_ASIDE = ".ecr-publish.Dockerfile"


@dataclass(frozen=True, slots=True)
class Context:
    """A directory and the Dockerfile to build it by; both are there, and inside of the repository."""

    directory: Path
    dockerfile: Path
    name: str  # the Dockerfile's in the tar
    where: str
    shown: str  # the Dockerfile's path from the directory of ecr-publish.yaml
    ignore: Path

    def named(self, step: str = "", refusal: str = "") -> str:
        """`images.web.build (app/Dockerfile:7)`: the line of a step, or the one that a parser's refusal names."""
        try:
            content = self.dockerfile.read_text(encoding="utf-8", errors="replace")
        except OSError:
            content = ""
        line = line_of_step(content, step) or line_of_refusal(refusal)
        return f"{self.where} ({self.shown}{f':{line}' if line else ''})"

    def pack(self, archive: IO[bytes]) -> None:
        """Write the tar. `.dockerignore` is honoured, what we write ourselves is never in it, links stay links, and
        owners are left out, as Docker's own client does. Raises BuildFailed."""
        with tarfile.open(fileobj=archive, mode="w", format=tarfile.PAX_FORMAT) as tar:
            for name, path in context_files(self.directory, self.name, self.ignore):
                self._add(tar, name, path)
            if self.name == _ASIDE:
                _file(tar, _ASIDE, self.dockerfile)

    def _add(self, tar: tarfile.TarFile, name: str, path: Path) -> None:
        if path.is_symlink():
            self._inside(name, path)
            _entry(tar, name, tarfile.SYMTYPE, str(path.readlink()))
        elif path.is_dir():
            info = _info(name, path)
            info.type = tarfile.DIRTYPE
            tar.addfile(info)
        elif path.is_file():
            try:
                _file(tar, name, path)
            except PermissionError as error:
                raise BuildFailed(
                    what=f"{name} cannot be read: {error.strerror}",
                    where=f"{self.where}.context",
                    hint="check its permissions, or list it in .dockerignore",
                ) from error

    def _inside(self, name: str, path: Path) -> None:
        try:
            found = path.resolve()
        except (OSError, RuntimeError):
            return  # a circle leads nowhere
        if not found.is_relative_to(self.directory.resolve()):
            raise BuildFailed(
                what=f"{name} is a symbolic link that leads out of the context",
                where=f"{self.where}.context",
                hint="copy the file in, or list it in .dockerignore",
            )


def context_of(root: Path, build: DockerBuild, where: str) -> Context:
    """Raises BuildFailed: no such context or Dockerfile, or one outside of the repository."""
    directory = root / build.context
    if not directory.is_dir():
        raise BuildFailed(
            what=f"the context {build.context} is no directory", where=f"{where}.context", hint="check the path"
        )
    if not directory.resolve().is_relative_to(root.resolve()):
        raise BuildFailed(
            what=f"the context {build.context} leads outside of the repository",
            where=f"{where}.context",
            hint="a context lies below the directory of ecr-publish.yaml",
        )
    name = build.dockerfile or DOCKERFILE
    path = directory / name
    if not path.is_file():
        raise BuildFailed(
            what=f"there is no {name} in the context {build.context} ({path})",
            where=f"{where}.dockerfile",
            hint="write one, or name it with dockerfile: (relative to the context)",
        )
    found = path.resolve()
    if not found.is_relative_to(root.resolve()):
        raise BuildFailed(
            what=f"{name} leads outside of the repository", where=f"{where}.dockerfile", hint="copy it in"
        )
    plain = os.path.normpath(name)
    inside = found == directory.resolve() / plain
    return Context(
        directory,
        found,
        Path(plain).as_posix() if inside else _ASIDE,
        where,
        os.path.normpath(Path(build.context, name)),
        ignore_file(directory, plain),
    )


def _file(tar: tarfile.TarFile, name: str, path: Path) -> None:
    with path.open("rb") as file:
        info = _info(name, path)
        info.size = os.fstat(file.fileno()).st_size
        tar.addfile(info, file)


def _info(name: str, path: Path) -> tarfile.TarInfo:
    info, status = tarfile.TarInfo(name), path.stat()
    info.mode, info.mtime = status.st_mode & 0o7777, int(status.st_mtime)
    return info


def _entry(tar: tarfile.TarFile, name: str, kind: bytes, target: str) -> None:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = kind, target, 0o777
    tar.addfile(info)
