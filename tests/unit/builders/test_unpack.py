"""Tars from elsewhere: bounded, and never outside of where they are unpacked to."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
from pathlib import Path

import pytest
import zstandard

from ecr_publish.builders.unpack import Bounded, decompressed, unpacked
from ecr_publish.errors import BadImage
from ecr_publish.oci.members import members
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


SQUEEZED = [bytes, gzip.compress, bz2.compress, lzma.compress, zstandard.ZstdCompressor().compress]


@pytest.mark.parametrize("squeeze", SQUEEZED)
def test_a_tar_is_read_however_it_is_compressed(tmp_path, squeeze):
    (tmp_path / "x.tar").write_bytes(squeeze(layer(directory("d"), ("d/f", b"content"))))
    assert (unpack(tmp_path / "x.tar") / "d" / "f").read_bytes() == b"content"
    with decompressed(tmp_path / "x.tar", tmp_path) as plain:
        assert members(plain).find("d/f") is not None
    assert sorted(each.name for each in tmp_path.iterdir()) == ["target", "x.tar"]


@pytest.mark.parametrize("squeeze", SQUEEZED)
def test_one_that_is_cut_off_is_refused(tmp_path, squeeze):
    whole = squeeze(layer(("f", bytes(range(256)) * 100)))
    (tmp_path / "x.tar").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadImage):
        unpack(tmp_path / "x.tar")
    with pytest.raises(BadImage), decompressed(tmp_path / "x.tar", tmp_path) as plain:
        members(plain)


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


def test_a_tar_with_a_link_is_refused(tmp_path):
    """What is unpacked is a layout: no tool makes one with links, and a link may lead elsewhere when it is followed."""
    write_tar(tmp_path / "x.tar", {"a/l": link("a/l", "../f"), "a/l/f": b"through"})
    with pytest.raises(BadImage, match="holds links: 'a/l'"):
        unpack(tmp_path / "x.tar")
    assert list((tmp_path / "target").iterdir()) == []


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


@pytest.mark.parametrize("squeeze", [gzip.compress, zstandard.ZstdCompressor().compress])
def test_a_tar_that_decompresses_to_far_more_than_it_is_is_given_up(tmp_path, squeeze):
    (tmp_path / "x.tar").write_bytes(squeeze(bytes(64 << 20)) * 17)
    with (
        pytest.raises(BadImage, match="unpacks to more than 1073741824 bytes"),
        decompressed(tmp_path / "x.tar", tmp_path),
    ):
        pass
    assert [each.name for each in tmp_path.iterdir()] == ["x.tar"]


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
