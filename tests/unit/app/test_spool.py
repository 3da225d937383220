"""A spool goes with its run; what a killed process left goes with the next."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ecr_publish.app.spool import spool

KILLED = """
import os, pathlib, sys
from ecr_publish.app.spool import spool
with spool(pathlib.Path(sys.argv[1]), "web") as directory:
    (directory / "blob").write_bytes(b"layer")
    print(directory, flush=True)
    sys.stdin.read()
    os.abort()
"""


def test_a_spool_goes_at_the_end_and_after_a_failure(tmp_path: Path):
    workspace = tmp_path / "work"
    with spool(workspace, "web") as directory:
        (directory / "blob").write_bytes(b"layer")
    with pytest.raises(ValueError), spool(workspace, "web") as directory:
        (directory / "blob").write_bytes(b"layer")
        raise ValueError
    assert list(workspace.iterdir()) == []


def test_what_a_killed_process_left_goes_and_what_others_work_with_stays(tmp_path: Path):
    other = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, text=True)  # fmt: skip
    assert other.stdout is not None
    theirs = Path(other.stdout.readline().strip())
    with spool(tmp_path, "web") as ours, spool(tmp_path, "api"):
        assert (theirs / "blob").exists()
        assert ours.exists()
    other.kill()
    other.communicate()
    assert (theirs / "blob").exists()
    with spool(tmp_path, "web"):
        assert not theirs.exists()


def test_a_link_that_is_called_like_a_spool_is_not_followed(tmp_path: Path):
    kept = tmp_path / "kept"
    kept.mkdir()
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "spool-web-link").symlink_to(kept)
    with spool(tmp_path / "work", "web"):
        assert kept.exists()
