"""Spools: directories for the blobs of one image each, on the workspace's disk."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def spool(workspace: Path, name: str) -> Iterator[Path]:
    """A directory that is removed whatever happens; those that killed processes left there go too. Raises OSError.

    A process holds a lock on its own (the kernel lets go of it when the process ends), and the directory has its name
    only when it is locked: one without a lock is nobody's.
    """
    workspace.mkdir(parents=True, exist_ok=True)
    for left in workspace.glob("spool-*"):
        if _is_left(left):
            shutil.rmtree(left, ignore_errors=True)
    made = Path(tempfile.mkdtemp(prefix=".new-", dir=workspace))
    held = os.open(made, os.O_RDONLY)
    try:
        with suppress(OSError):  # a file system without locks: there nothing is taken for left
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        made = made.rename(made.with_name(f"spool-{name}-{made.name[5:]}"))
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
        os.close(held)


def _is_left(directory: Path) -> bool:
    try:
        opened = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(opened)
    return True
