"""Neither a large file nor a large layer is ever in memory, and of many layers only where they lie."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
BUILD = """
import sys
from pathlib import Path
from ecr_publish.builders.files import FilesBuilder
from ecr_publish.config.builds import FileEntry, FilesBuild
from tests.peak import peak
from tests.unit.builders.layouts import quiet, request
root = Path(sys.argv[1])
FilesBuilder().build(request(root, FilesBuild(files=(FileEntry(source="data", to="/data"),))), quiet)
print(peak())
"""
PUSH = """
import sys
from pathlib import Path
from ecr_publish.builders.archived import ArchivedImages
from ecr_publish.builders.packing import OnDisk
from ecr_publish.model.image import InArchive
from tests.peak import peak
root = Path(sys.argv[1])
(root / "out").mkdir()
ArchivedImages().layout(InArchive(str(root / "image.tar")), root / "out", lambda progress: None, OnDisk())
print(peak())
"""


def peak_of(program: str, root: Path) -> int:
    """KiB."""
    return int(subprocess.check_output([sys.executable, "-c", program, str(root)], cwd=ROOT))


def build(root: Path, size: int) -> int:
    root.mkdir()
    with (root / "data").open("wb") as file:
        file.truncate(size)
    return peak_of(BUILD, root)


def archive(root: Path, squeeze: str, size: int, layers: int = 1) -> int:
    """Made in a process of its own, for this one is to stay small."""
    root.mkdir()
    command = [sys.executable, "-m", "tests.contract.builders.largetar", str(root / "image.tar"), squeeze]
    subprocess.run([*command, str(size), str(layers)], cwd=ROOT, check=True)
    return peak_of(PUSH, root)


def test_building_with_a_file_of_200_megabytes_takes_no_more_memory_than_with_one_of_20(tmp_path):
    small, large = build(tmp_path / "small", 20 << 20), build(tmp_path / "large", 200 << 20)
    assert large - small < 8 << 10, f"{small} KiB and {large} KiB"


@pytest.mark.parametrize("squeeze", ["plain", "gzip", "zstd"])
def test_an_archive_with_a_layer_of_200_megabytes_takes_no_more_memory_than_with_one_of_20(tmp_path, squeeze):
    small = archive(tmp_path / "small", squeeze, 20 << 20)
    large = archive(tmp_path / "large", squeeze, 200 << 20)
    assert large - small < 8 << 10, f"{small} KiB and {large} KiB"
    assert large < 150 << 10


def test_an_archive_of_two_thousand_layers_takes_little_more_memory_than_one_of_twenty(tmp_path):
    few, many = archive(tmp_path / "few", "plain", 2000, 20), archive(tmp_path / "many", "plain", 2000, 2000)
    assert many - few < 12 << 10, f"{few} KiB and {many} KiB"
