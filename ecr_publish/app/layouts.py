"""Layouts: the directories that images are built into, each of them one command's at a time."""

from __future__ import annotations

import fcntl
import os
import shutil
from contextlib import suppress
from pathlib import Path

from ecr_publish.errors import MachineFault


class LayoutDirectories:
    """The layouts below a workspace, as one command has them. They stay for a later job; what ends with the command, in
    whatever way, is its hold on them (flock(2) on the directory itself: nothing more lies in what jobs carry on)."""

    def __init__(self, workspace: Path) -> None:
        self._top = workspace / "layouts"
        self._held: list[int] = []  # open directories, each with its lock

    def fresh(self, image: str) -> Path:
        """An image's directory, emptied. Raises MachineFault where another command is at work on it, OSError."""
        directory = self._top / image
        directory.mkdir(parents=True, exist_ok=True)
        self._hold(image, fcntl.LOCK_EX)
        _empty(directory)
        return directory

    def keep(self, image: str) -> None:
        """See to it that nobody builds into an image's directory meanwhile; others may read there. Raises MachineFault
        where somebody builds already."""
        with suppress(FileNotFoundError, NotADirectoryError):  # nothing is there: whoever wants to read it says so
            self._hold(image, fcntl.LOCK_SH)

    def close(self) -> None:
        """Let go of all."""
        while self._held:
            os.close(self._held.pop())

    def _hold(self, image: str, lock: int) -> None:
        directory = self._top / image
        opened = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        self._held.append(opened)
        try:
            fcntl.flock(opened, lock | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise MachineFault(
                what=f"another command is at work on the image {image} in this directory",
                where=str(directory),
                hint="run again when that one has ended, or give each a checkout of its own",
            ) from error
        except OSError:  # a file system without locks: there nobody is seen
            pass


def _empty(directory: Path) -> None:
    """The directory itself stays: it is what is locked."""
    for path in directory.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
