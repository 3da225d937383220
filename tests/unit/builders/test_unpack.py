"""Tars from elsewhere: bounded, and never outside of where they are unpacked to."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
from pathlib import Path

import pytest

from ecr_publish.builders.unpack import Bounded, unpacked
from ecr_publish.errors import BadImage
from tests.unit.builders.layouts import directory, layer, link, write_tar


def special(kind: bytes) -> tarfile.TarInfo:
    info = tarfile.TarInfo("special")
    info.type = kind
    return info


def unpack(path: Path) -> Path:
    target = path.parent / "target"
    target.mkdir()
    unpacked(path, target)
    return target


@pytest.mark.parametrize("squeeze", [bytes, gzip.compress, bz2.compress, lzma.compress])
def test_a_tar_is_read_however_it_is_compressed(tmp_path, squeeze):
    (tmp_path / "x.tar").write_bytes(squeeze(layer(directory("d"), ("d/f", b"content"))))
    assert (unpack(tmp_path / "x.tar") / "d" / "f").read_bytes() == b"content"


@pytest.mark.parametrize("squeeze", [bytes, gzip.compress, bz2.compress, lzma.compress])
def test_one_that_is_cut_off_is_refused(tmp_path, squeeze):
    whole = squeeze(layer(("f", bytes(range(256)) * 100)))
    (tmp_path / "x.tar").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadImage):
        unpack(tmp_path / "x.tar")


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.GNUTYPE_SPARSE])
def test_special_files_are_refused(tmp_path, kind):
    write_tar(tmp_path / "x.tar", {"special": special(kind)})
    with pytest.raises(BadImage, match="special file"):
        unpack(tmp_path / "x.tar")


@pytest.mark.parametrize("name", ["/abs", "../up", "a/../../up"])
def test_names_that_lead_outside_are_refused(tmp_path, name):
    write_tar(tmp_path / "x.tar", {name: b"x"})
    with pytest.raises(BadImage, match="leads outside"):
        unpack(tmp_path / "x.tar")
    assert {path.name for path in tmp_path.iterdir()} == {"x.tar", "target"}


def test_links_are_told_and_never_made(tmp_path):
    write_tar(tmp_path / "x.tar", {"a/l": link("a/l", "../f"), "a/l/f": b"through"})
    (tmp_path / "target").mkdir()
    assert unpacked(tmp_path / "x.tar", tmp_path / "target") == {"a/l": "f"}
    assert not any(path.is_symlink() for path in tmp_path.rglob("*"))


@pytest.mark.parametrize("names", [("a", "a/b"), ("a/b", "a")])
def test_a_file_that_is_a_directory_too_is_refused(tmp_path, names):
    write_tar(tmp_path / "x.tar", dict.fromkeys(names, b"x"))
    with pytest.raises(BadImage, match="at once"):
        unpack(tmp_path / "x.tar")


def test_what_unpacks_to_far_more_than_it_is_is_refused_before_a_byte_is_written(tmp_path):
    info = tarfile.TarInfo("zeros")
    info.size = 2 << 30
    (tmp_path / "x.tar").write_bytes(gzip.compress(info.tobuf() + bytes(1 << 20)))
    with pytest.raises(BadImage, match="unpacks to more than 1073741824 bytes"):
        unpack(tmp_path / "x.tar")
    assert list((tmp_path / "target").iterdir()) == []


def test_no_more_is_read_than_allowed_whatever_the_headers_say():
    file = Bounded(io.BytesIO(bytes(100)), 50, "x.tar")
    assert file.read(50) == bytes(50)
    with pytest.raises(BadImage, match="unpacks to more than 50 bytes"):
        file.read(1)


def test_a_header_that_asks_for_much_memory_is_refused(tmp_path):
    info = tarfile.TarInfo("header")
    info.type, info.size = tarfile.XHDTYPE, 1 << 30
    (tmp_path / "x.tar").write_bytes(info.tobuf() + bytes(4096))
    with pytest.raises(BadImage, match="memory at once"):
        unpack(tmp_path / "x.tar")


def test_an_endless_list_of_members_is_refused(tmp_path):
    made = io.BytesIO()
    made.write(directory("d").tobuf() * 100_001)
    (tmp_path / "x.tar").write_bytes(made.getvalue())
    with pytest.raises(BadImage, match="100000 entries"):
        unpack(tmp_path / "x.tar")
