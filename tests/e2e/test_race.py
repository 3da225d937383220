"""The race against other clients works, one scenario of each kind, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.programs import ROOT

KINDS = (
    "retag M",
    "fleet push",
    "nothing changed M, engine 20.10",
    "ECR: copy between, M",
    "fleet of 300 to two regions",
)
PEERS = ("skopeo", "crane", "regctl", "oras")


def race(base: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "bench.transfer.race", "--small", "--base", str(base), *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def left(base: Path) -> list[str]:
    """Processes that have the directory in their arguments, and what lies in it."""
    found = [path.read_bytes() for path in processes()]
    return [each.decode() for each in found if str(base).encode() in each] + [path.name for path in base.iterdir()]


def processes() -> Iterator[Path]:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        if path.parent.name != str(os.getpid()) and path.exists():
            yield path


def test_each_kind_of_scenario_is_raced_by_all_who_can_do_it_and_nothing_is_left(tmp_path: Path):
    process = race(tmp_path, "--scenarios", ";".join(KINDS))
    out, said = process.communicate(timeout=240)
    assert process.returncode == 0, said
    rows = {tuple(cell.strip(" *") for cell in line.split("|")[1:4]) for line in out.splitlines() if "|" in line}
    for who in (*PEERS, "engine", "ecr-publish"):
        assert ("retag M", "0", who) in rows
        assert ("ECR: copy between, M", "0", who) in rows
    for who in PEERS:
        assert ("fleet push", "0", f"loop of {who}") in rows
        assert ("fleet push", "0", f"4 at a time: {who}") in rows
    assert ("retag M", "0", "imagetools") in rows
    assert ("nothing changed M, engine 20.10", "0", "docker 20.10") in rows
    assert "| loop of crane | " in out.partition("### A fleet to two regions")[2]
    assert left(tmp_path) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_race_that_is_ended_leaves_nothing(tmp_path: Path, number: signal.Signals):
    process = race(tmp_path, "--scenarios", "push S;ECR: push M")
    deadline = time.monotonic() + 60
    while not any("docker-registry" in each for each in left(tmp_path)):
        assert process.poll() is None and time.monotonic() < deadline, "it has started nothing"
        time.sleep(0.05)
    process.send_signal(number)
    process.communicate(timeout=30)
    assert process.returncode == 128 + number
    assert left(tmp_path) == []
