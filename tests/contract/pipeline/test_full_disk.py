"""A disk that is full while an image is spooled: exit code 1, the place named, nothing half-made left behind."""

from __future__ import annotations

import os
import resource
import subprocess
import sys

from tests.contract.pipeline.test_commands import Job, job, offline, server, tags

__all__ = ["Job", "job", "offline", "server"]  # fixtures

LARGEST = 200_000  # bytes of any file that the command may write


def test_what_cannot_be_spooled_is_exit_code_1_and_leaves_nothing(offline):
    """The limit of this process stands in for a disk's: both end a write in the middle."""
    (offline.root / "system" / "big").write_bytes(os.urandom(10 * LARGEST))
    done = subprocess.run(
        [sys.executable, "-m", "ecr_publish", "build"],
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


def test_a_result_that_cannot_be_kept_ends_nothing_and_is_told(job, server):
    """The registry has everything all the same, the report comes, and the next job knows why it has no result."""
    (job.root / ".ecr-publish").mkdir()
    (job.root / ".ecr-publish" / "result.d").write_text("in the way")
    code, said = job.run("run")
    assert code == 1, said
    assert "the result for the next job cannot be kept" in said
    assert "What exists where" in said
    assert tags(server, "2" * 12) == tags(server, "1" * 12) != {}
