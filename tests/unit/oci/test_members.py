"""A tar's members by name: read where they lie, never outside, never without bounds."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

import pytest

from ecr_publish.errors import BadImage
from ecr_publish.oci.members import Members, members
from tests.unit.builders.layouts import directory, layer, link, write_tar


def content(found: Members, name: str) -> bytes:
    span = found.find(name)
    assert span is not None
    return found.open(span).content(1 << 20)


def tar(path: Path, *entries: tarfile.TarInfo | tuple[str, bytes]) -> Path:
    path.write_bytes(layer(*entries))
    return path


def of_kind(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("name", ["a", "./d/b", "d//c", "n" * 90 + "/" + "m" * 90])
def test_a_member_is_read_where_it_lies(tmp_path, form, name):
    with tarfile.open(tmp_path / "x.tar", "w", format=form) as made:
        for each, body in (("first", b"1" * 700), (name, b"2" * 512), ("last", b"")):
            info = tarfile.TarInfo(each)
            info.size = len(body)
            made.addfile(info, io.BytesIO(body))
    found = members(tmp_path / "x.tar")
    assert content(found, str(Path(name))) == b"2" * 512
    assert content(found, "last") == b""
    assert set(found.files) == {"first", str(Path(name)), "last"}


def test_links_are_followed_inside_of_the_tar(tmp_path):
    found = members(
        tar(
            tmp_path / "x.tar",
            ("d/file", b"content"),
            link("e/soft", "../d/file"),
            of_kind("hard", tarfile.LNKTYPE, "d/file"),
            link("e/chained", "soft"),
            link("nowhere", "gone"),
            link("round", "round"),
        )
    )
    assert [content(found, name) for name in ("e/soft", "hard", "e/chained")] == [b"content"] * 3
    assert (found.find("nowhere"), found.find("round")) == (None, None)


@pytest.mark.parametrize("name", ["/abs", "../up", "a/../../up"])
def test_names_that_lead_outside_are_refused(tmp_path, name):
    with pytest.raises(BadImage, match="leads outside"):
        members(tar(tmp_path / "x.tar", (name, b"x")))


@pytest.mark.parametrize("target", ["/etc/passwd", "../../etc/passwd", "a/../../../x"])
@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_links_that_lead_outside_are_refused(tmp_path, kind, target):
    with pytest.raises(BadImage, match="leads outside"):
        members(tar(tmp_path / "x.tar", of_kind("d/l", kind, target)))


@pytest.mark.parametrize(
    "entries",
    [
        (("n", b"one"), ("n", b"two")),
        (link("n", "other"), ("n", b"two")),
        (("n", b"one"), link("n", "b"), ("b", b"two")),
    ],
    ids=["files", "link and file", "file and link"],
)
def test_of_a_name_that_is_there_twice_the_last_one_counts_but_no_document_is_taken(tmp_path, entries):
    found = members(tar(tmp_path / "x.tar", *entries))
    assert content(found, "n") == b"two"
    with pytest.raises(BadImage, match="n is there twice"):
        found.document("n", 100)


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.GNUTYPE_SPARSE])
def test_special_files_are_refused(tmp_path, kind):
    with pytest.raises(BadImage, match="'special' is a device, a sparse file or another special file"):
        members(tar(tmp_path / "x.tar", of_kind("special", kind)))


def test_a_sparse_file_in_pax_form_is_refused(tmp_path):
    info = tarfile.TarInfo("sparse")
    info.pax_headers = {
        "GNU.sparse.major": "0",
        "GNU.sparse.minor": "1",
        "GNU.sparse.map": "0,1",
        "GNU.sparse.size": "9",
    }
    (tmp_path / "x.tar").write_bytes(info.tobuf(tarfile.PAX_FORMAT) + bytes(1024))
    with pytest.raises(BadImage, match="a sparse file"):
        members(tmp_path / "x.tar")


@pytest.mark.parametrize("cut", [100, 600, 1600, 2100])
def test_one_that_is_cut_off_is_refused(tmp_path, cut):
    whole = layer(("first", b"x" * 512), ("second", b"y" * 1000))
    (tmp_path / "x.tar").write_bytes(whole[:cut])
    with pytest.raises(BadImage, match="cut off"):
        members(tmp_path / "x.tar")


@pytest.mark.parametrize("body", [b"", b"x" * 2000, gzip.compress(layer(("a", b"b")))], ids=["empty", "text", "gzip"])
def test_what_is_no_tar_is_refused(tmp_path, body):
    (tmp_path / "x.tar").write_bytes(body)
    with pytest.raises(BadImage, match="no tar"):
        members(tmp_path / "x.tar")


def header(kind: bytes, size: int) -> bytes:
    """As tarfile writes it, with numbers beyond octal in base 256."""
    info = tarfile.TarInfo("header")
    info.type, info.size = kind, 0
    made = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    made[124:136] = tarfile.itn(size, 12, tarfile.GNU_FORMAT)
    made[148:156] = b" " * 8
    made[148:156] = b"%06o\0 " % sum(made)
    return bytes(made)


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (header(tarfile.XHDTYPE, 1 << 30), "memory at once"),
        (header(tarfile.GNUTYPE_LONGNAME, 1 << 40), "memory at once"),
        (header(tarfile.REGTYPE, -512), "negative size"),
        (header(tarfile.XHDTYPE, -512), "bytes of memory at once|cut off"),
        (header(tarfile.REGTYPE, 1 << 60), "cut off"),
        ((header(tarfile.GNUTYPE_LONGNAME, 512) + b"n".ljust(512, b"\0")) * 5000, "no tar, or is cut off"),
        (directory("d").tobuf() * 100_001, "more than 100000 entries"),
    ],
    ids=["large header", "endless name", "negative", "negative header", "beyond", "names of names", "endless list"],
)
def test_hostile_headers_are_refused(tmp_path, made, words):
    (tmp_path / "x.tar").write_bytes(made + bytes(4096))
    with pytest.raises(BadImage, match=words):
        members(tmp_path / "x.tar")


def test_a_document_that_is_absent_is_told_as_such(tmp_path):
    found = members(write_tar(tmp_path / "x.tar", {"there": b"x"}))
    assert found.document("there", 100) == b"x"
    with pytest.raises(FileNotFoundError):
        found.document("absent", 100)
