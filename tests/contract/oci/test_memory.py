"""A layer is never held in memory: the peak does not know how large it is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.contract.oci.registries import HERE, THERE, World

ROOT = Path(__file__).parents[3]


def peak(ecr: World, directory: Path, size: int) -> int:
    """KiB of a process that pushed a layer of that many bytes and copied it to another account."""
    directory.mkdir()
    here, there = ecr.tokens.access(HERE), ecr.tokens.access(THERE)
    arguments = [here.base_url, here.authorization or "", there.base_url, there.authorization or ""]
    command = [sys.executable, "-m", "tests.contract.oci.pusher", str(directory), str(size), *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def test_the_peak_is_flat_between_a_layer_of_20_mb_and_one_of_120(ecr: World, tmp_path: Path):
    ecr.create("web")
    there = ecr.create("web", THERE)
    small, large = peak(ecr, tmp_path / "small", 20 << 20), peak(ecr, tmp_path / "large", 120 << 20)
    assert large - small < 8 << 10, f"{small} KiB and {large} KiB"
    assert len(ecr.tags(there, THERE)) == 2
