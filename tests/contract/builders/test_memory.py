"""A large file is never in memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BUILD = """
import resource, sys
from pathlib import Path
from ecr_publish.builders.files import FilesBuilder
from ecr_publish.config.model import FileEntry, FilesBuild
from tests.unit.builders.layouts import quiet, request
root = Path(sys.argv[1])
FilesBuilder().build(request(root, FilesBuild(files=(FileEntry(source="data", to="/data"),))), quiet)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def peak_kilobytes(root: Path, size: int) -> int:
    root.mkdir()
    with (root / "data").open("wb") as file:
        file.truncate(size)
    return int(subprocess.check_output([sys.executable, "-c", BUILD, str(root)], cwd=Path(__file__).parents[3]))


def test_building_with_a_file_of_200_megabytes_takes_no_more_memory_than_with_one_of_20(tmp_path):
    small = peak_kilobytes(tmp_path / "small", 20 << 20)
    large = peak_kilobytes(tmp_path / "large", 200 << 20)
    assert large - small < 8 << 10
