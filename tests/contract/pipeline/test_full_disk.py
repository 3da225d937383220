"""A disk that is full while an image is spooled: exit code 1, the place named, nothing half-made left behind."""

from __future__ import annotations

import os
import resource
import subprocess
import sys

from tests.contract.pipeline.test_commands import offline

__all__ = ["offline"]  # a fixture

LARGEST = 200_000  # bytes of any file that the command may write


def test_what_cannot_be_spooled_is_exit_code_1_and_leaves_nothing(offline):
    """The limit of this process stands in for a disk's: both end a write in the middle."""
    (offline.root / "system" / "big").write_bytes(os.urandom(10 * LARGEST))
    done = subprocess.run(
        [sys.executable, "-m", "ecr_publish", "rehearse"],
        cwd=offline.root,
        env=offline.env,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST, LARGEST)),
    )
    said = done.stdout + done.stderr
    assert done.returncode == 1, said
    assert "Traceback" not in said
    assert ".ecr-publish/layouts/web: the image cannot be written: File too large" in said
    assert "look at `df -h`" in said
    left = [path for path in (offline.root / ".ecr-publish" / "layouts").rglob("*") if path.is_file()]
    assert left == []
