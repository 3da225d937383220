"""Holding: a store's directory belongs to one process at a time. Another one would take the first one's uploads, and
what it has not saved yet, for leftovers and remove them."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import IO

from ecr_publish.errors import UsageError


def held(directory: Path) -> IO[bytes]:
    """The directory's lock, until it is closed or the process ends, in whatever way (flock(2)).

    Raises UsageError if another process has it.
    """
    lock = (directory / "lock").open("ab")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise UsageError(
            what="another embedded ECR keeps its store here",
            where=str(directory),
            hint="end that one, or name another directory with --store",
        ) from error
    return lock
