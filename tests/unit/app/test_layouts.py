"""A layout's directory is one command's at a time, until that command ends; what cannot be emptied is told."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from ecr_publish.app.layouts import LayoutDirectories
from ecr_publish.errors import MachineFault

BUILDING = """
import pathlib, sys
from ecr_publish.app.layouts import LayoutDirectories
layouts = LayoutDirectories(pathlib.Path(sys.argv[1]))
layouts.fresh("web")
print("building", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[LayoutDirectories]:
    with closing(LayoutDirectories(tmp_path)) as found:
        yield found


@contextmanager
def another(workspace: Path) -> Iterator[subprocess.Popen]:
    """Another process that builds the image web there."""
    command = [sys.executable, "-c", BUILDING, str(workspace)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "building\n"
        yield process
        process.kill()


def test_a_fresh_directory_is_empty_whatever_was_there(ours, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").touch()
    old = tmp_path / "layouts" / "web"
    (old / "blobs" / "sha256").mkdir(parents=True)
    (old / "blobs" / "sha256" / "ab").write_bytes(b"layer")
    (old / "index.json").write_text("{}")
    (old / "link").symlink_to(outside)
    assert ours.fresh("web") == old
    assert list(old.iterdir()) == []
    assert (outside / "kept").exists()


def test_what_another_process_builds_is_neither_emptied_nor_read_until_that_ends(ours, tmp_path):
    with another(tmp_path) as process:
        (tmp_path / "layouts" / "web" / "theirs").touch()
        for wanted in (ours.fresh, ours.keep):
            with pytest.raises(MachineFault, match="another command is at work on the image web"):
                wanted("web")
        assert (tmp_path / "layouts" / "web" / "theirs").exists()
        ours.fresh("api")
        process.kill()
        process.wait()
        assert list(ours.fresh("web").iterdir()) == []


def test_two_may_read_one_layout_and_nobody_builds_there_meanwhile(ours, tmp_path):
    (tmp_path / "layouts" / "web").mkdir(parents=True)
    with closing(LayoutDirectories(tmp_path)) as others:
        others.keep("web")
        ours.keep("web")
        ours.close()
        with pytest.raises(MachineFault):
            ours.fresh("web")
    ours.fresh("web")


def test_a_layout_that_is_not_there_is_left_to_its_reader(ours):
    ours.keep("web")


def test_what_cannot_be_removed_is_told_by_its_own_reason(ours, tmp_path):
    """The kernel's own directories are such for everybody, root too."""
    (tmp_path / "layouts").symlink_to("/proc/self")
    with pytest.raises(PermissionError, match="fdinfo"):
        ours.fresh("fdinfo")
