"""Whoever reads what is printed may leave before the end (`ecr-publish run 2>&1 | head -1`): that changes nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from subprocess import PIPE

import pytest

from tests.contract.pipeline.test_commands import Job, job, offline, server, tags

__all__ = ["Job", "job", "offline", "server"]  # fixtures


def unread(job: Job, *arguments: str, streams: tuple[str, ...]) -> tuple[int, str]:
    """The exit code where nobody reads these streams, and what the others said."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        return printed(job, *arguments, streams=dict.fromkeys(streams, writer))
    finally:
        os.close(writer)


def printed(job: Job, *arguments: str, streams: Mapping[str, int]) -> tuple[int, str]:
    """The same with these file descriptors as streams."""
    command, piped = [sys.executable, "-m", "ecr_publish", *arguments], {"stdout": PIPE, "stderr": PIPE}
    with subprocess.Popen(command, cwd=job.root, env=job.env, text=True, **piped | streams) as process:
        said = "".join(each or "" for each in process.communicate(timeout=60))
        return process.returncode, said


@pytest.mark.parametrize("streams", [("stdout",), ("stderr",), ("stdout", "stderr")], ids=" and ".join)
def test_a_run_that_nobody_reads_goes_to_its_end_and_keeps_its_results(job, server, streams):
    code, said = unread(job, "run", "--report", "json=report.json", streams=streams)
    assert (code, "Traceback" in said, "Exception ignored" in said) == (0, False, False), said
    assert tags(server, "2" * 12) == tags(server, "1" * 12) != {}
    assert (job.root / ".ecr-publish" / "result.d" / "web.json").exists()
    assert json.loads((job.root / "report.json").read_text())["exit_code"] == 0


@pytest.mark.parametrize("streams", [("stdout",), ("stderr",), ("stdout", "stderr")], ids=" and ".join)
def test_a_run_that_nobody_reads_ends_with_its_own_exit_code(job, streams):
    assert job.run("run", "--to", "dev")[0] == 0
    (job.root / "system" / "etc" / "motd").write_text("other bytes for the same tag")
    code, said = unread(job, "run", "--to", "dev", "--report", "json=report.json", streams=streams)
    assert code == 5, said
    assert json.loads((job.root / "report.json").read_text())["exit_code"] == 5


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("plan",), 0),
        (("schema",), 0),
        (("check", "--print"), 0),
        (("check", "--format", "json", "-f", "wrong.yaml"), 2),
    ],
    ids=["plan", "schema", "check", "check of a wrong file"],
)
def test_other_commands_do_the_same(offline, arguments, code):
    (offline.root / "wrong.yaml").write_text("version: 7\n")
    for streams in (("stdout",), ("stdout", "stderr")):
        ended, said = unread(offline, *arguments, streams=streams)
        assert (ended, "Exception ignored" in said) == (code, False), said


@pytest.mark.parametrize(("stream", "code"), [("stdout", 1), ("stderr", 0)])
def test_a_report_that_a_full_disk_does_not_take_is_told_and_the_rest_is_written(job, stream, code):
    with Path("/dev/full").open("w") as full:
        ended, said = printed(job, "run", "--report", "json=report.json", streams={stream: full.fileno()})
    assert (ended, "Exception ignored" in said) == (code, False), said
    assert code == 0 or "standard output was not written: No space left on device" in said
    assert json.loads((job.root / "report.json").read_text())["exit_code"] == 0
