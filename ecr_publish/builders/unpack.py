"""A tar from elsewhere unpacked into a directory of ours: nothing leaves it, nothing but files and directories."""

from __future__ import annotations

import tarfile
from pathlib import Path, PurePosixPath

from ecr_publish.errors import BadImage

MOST_MEMBERS = 100_000
BLOCK = 1 << 20


def unpacked(archive: Path, directory: Path) -> dict[str, str]:
    """Unpack; returns the symbolic links inside (name -> target, both within the archive), which are not made.

    Raises BadImage for absolute or `..` paths, links that lead outside, devices, or no tar at all.
    """
    links: dict[str, str] = {}
    try:
        with tarfile.open(archive, "r:*") as tar:
            for number, member in enumerate(tar):
                if number > MOST_MEMBERS:
                    raise _bad(archive, f"it has more than {MOST_MEMBERS} entries")
                _member(tar, member, directory, links, archive)
    except (tarfile.TarError, EOFError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise _bad(archive, f"it is no tar, or is cut off: {error}") from error
    return links


def _member(
    tar: tarfile.TarFile, member: tarfile.TarInfo, directory: Path, links: dict[str, str], archive: Path
) -> None:
    name = _inside(member.name, archive)
    if member.isdir():
        (directory / name).mkdir(parents=True, exist_ok=True)
    elif member.issym() or member.islnk():
        base = PurePosixPath(name).parent if member.issym() else PurePosixPath()
        links[name] = _inside(_joined(base, member.linkname), archive)
    elif member.isreg():
        target = directory / name
        target.parent.mkdir(parents=True, exist_ok=True)
        source = tar.extractfile(member)
        assert source is not None
        with target.open("wb") as file:
            while block := source.read(BLOCK):
                file.write(block)
    else:
        raise _bad(archive, f"{member.name} is a device or another special file")


def _joined(base: PurePosixPath, link: str) -> str:
    parts: list[str] = list(base.parts)
    if link.startswith("/"):
        return link
    for part in PurePosixPath(link).parts:
        if part == "..":
            if not parts:
                return "../" + link
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)


def _inside(name: str, archive: Path) -> str:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise _bad(archive, f"{name!r} leads outside")
    return str(path)


def _bad(archive: Path, what: str) -> BadImage:
    return BadImage(what=what, where=str(archive), hint="make the archive again")
