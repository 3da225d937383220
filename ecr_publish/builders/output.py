"""The directory that a builder writes into: in the end an image is there, or nothing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ecr_publish.errors import MachineFault


@contextmanager
def all_or_nothing(output: Path) -> Iterator[None]:
    """Empty `output` if the work inside does not come to its end, whatever ends it.

    Raises MachineFault for what the disk refuses (full, quota, read-only, a broken device).
    """
    try:
        yield
    except OSError as error:
        _emptied(output)
        raise MachineFault(
            what=f"the image cannot be written: {error.strerror or error}",
            where=str(output),
            hint="look at `df -h` and the permissions there; an image needs up to three times its own size",
        ) from error
    except BaseException:
        _emptied(output)
        raise


def _emptied(output: Path) -> None:
    for path in output.iterdir() if output.is_dir() else ():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
