"""What became of a diffID, kept for the next run: whole, one's own, of this compressor, or not believed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ecr_publish.builders import known as module
from ecr_publish.builders.known import KnownOnDisk, Nothing, known
from ecr_publish.model.digest import Digest
from ecr_publish.model.layer import StoredBlob

DIFF_ID = "sha256:" + "1" * 64
BLOB = StoredBlob(Digest("sha256:" + "2" * 64), 123, "application/vnd.oci.image.layer.v1.tar+gzip")


def entry(directory: Path) -> Path:
    (found,) = [path for path in directory.rglob("*") if path.is_file()]
    return found


def test_what_was_put_is_found_again(tmp_path):
    KnownOnDisk(tmp_path).put(DIFF_ID, BLOB)
    assert KnownOnDisk(tmp_path).get(DIFF_ID) == BLOB
    assert KnownOnDisk(tmp_path).get("sha256:" + "3" * 64) is None


@pytest.mark.parametrize("flip", range(0, 200, 7))
def test_one_changed_byte_anywhere_is_noticed(tmp_path, flip):
    KnownOnDisk(tmp_path).put(DIFF_ID, BLOB)
    file = entry(tmp_path)
    content = bytearray(file.read_bytes())
    content[flip % len(content)] ^= 1
    file.write_bytes(content)
    assert KnownOnDisk(tmp_path).get(DIFF_ID) in (None, BLOB)  # a byte of white space may say the same


def test_an_entry_of_somebody_else_is_not_believed(tmp_path):
    KnownOnDisk(tmp_path).put(DIFF_ID, BLOB)
    if os.geteuid() == 0:
        os.chown(entry(tmp_path), 1234, 1234)
        assert KnownOnDisk(tmp_path).get(DIFF_ID) is None
    assert entry(tmp_path).parent.stat().st_mode & 0o077 == 0


def test_a_directory_that_cannot_be_made_is_no_error(tmp_path):
    (tmp_path / "file").write_text("")
    KnownOnDisk(tmp_path / "file").put(DIFF_ID, BLOB)
    assert KnownOnDisk(tmp_path / "file").get(DIFF_ID) is None


def test_the_oldest_half_goes_when_there_are_too_many(tmp_path):
    kept = KnownOnDisk(tmp_path)
    kept.put(DIFF_ID, BLOB)
    os.utime(entry(tmp_path), (1, 1))
    directory = entry(tmp_path).parent
    for number in range(module.MOST):
        (directory / str(number)).touch()
    kept.put("sha256:" + "4" * 64, BLOB)
    assert kept.get(DIFF_ID) is None
    assert kept.get("sha256:" + "4" * 64) == BLOB
    assert len(list(directory.iterdir())) < module.MOST


@pytest.mark.parametrize(
    ("environment", "directory"),
    [
        ({"XDG_CACHE_HOME": "/cache", "HOME": "/home/me"}, "/cache/ecr-publish"),
        ({"XDG_CACHE_HOME": "relative", "HOME": "/home/me"}, "/home/me/.cache/ecr-publish"),
        ({"HOME": "/home/me"}, "/home/me/.cache/ecr-publish"),
    ],
)
def test_it_lies_where_caches_lie(environment, directory):
    found = known(environment)
    assert isinstance(found, KnownOnDisk)
    assert str(found.directory) == f"{directory}/layers"


@pytest.mark.parametrize("environment", [{}, {"HOME": ""}, {"HOME": "not/absolute"}])
def test_without_a_home_nothing_is_kept(environment):
    assert isinstance(known(environment), Nothing)
