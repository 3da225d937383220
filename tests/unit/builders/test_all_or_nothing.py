"""What ends a build in the middle leaves nothing behind."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ecr_publish.builders.archive import ArchiveBuilder
from ecr_publish.builders.files import FilesBuilder
from ecr_publish.builders.layout import LayoutBuilder
from ecr_publish.config.builds import ArchiveBuild, FileEntry, FilesBuild, LayoutBuild
from ecr_publish.errors import Interrupted, MachineFault
from tests.unit.builders.layouts import base_layout, config_of, layer, quiet, request, write_tar

LARGE = layer(("data", bytes(range(256)) * 2000))
BUILDS = [
    (FilesBuilder(), FilesBuild(files=(FileEntry(source="data", to="/data"),))),
    (FilesBuilder(), FilesBuild(files=(FileEntry(source="small", to="/data"),), base="base")),
    (ArchiveBuilder(), ArchiveBuild(archive="image.tar")),
    (LayoutBuilder(), LayoutBuild(layout="layout.tar")),
]
NAMES = ["files", "on a base", "archive", "layout"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "data").write_bytes(LARGE)
    (tmp_path / "small").write_bytes(b"x")
    base_layout(tmp_path / "base", LARGE)
    manifest = b'[{"Config": "config", "RepoTags": ["a:1"], "Layers": ["layer"]}]'
    write_tar(tmp_path / "image.tar", {"manifest.json": manifest, "config": config_of([LARGE]), "layer": LARGE})
    files = [path for path in (tmp_path / "base").rglob("*") if path.is_file()]
    write_tar(tmp_path / "layout.tar", {str(path.relative_to(tmp_path / "base")): path.read_bytes() for path in files})
    return tmp_path


@contextmanager
def no_file_above(size: int) -> Iterator[None]:
    """A limit of the operating system's own: writing on raises an error as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def left(root: Path) -> list[str]:
    given = {"data", "small", "base", "image.tar", "layout.tar", "out"}
    return [path.name for path in root.iterdir() if path.name not in given] + [
        path.name for path in (root / "out").iterdir()
    ]


@pytest.mark.parametrize(("builder", "section"), [BUILDS[0], BUILDS[2], BUILDS[3]], ids=["files", "archive", "layout"])
def test_a_disk_that_takes_no_more_is_a_fault_of_the_machine(root, builder, section):
    asked = request(root, section)
    with no_file_above(100), pytest.raises(MachineFault) as caught:
        builder.build(asked, quiet)
    assert (caught.value.exit_code, caught.value.where) == (1, str(root / "out"))
    assert left(root) == []


@pytest.mark.parametrize(("builder", "section"), BUILDS, ids=NAMES)
def test_a_stop_at_any_sign_of_life_leaves_nothing(root, builder, section):
    signs = []
    builder.build(request(root, section, output="whole"), signs.append)
    for number in range(len(signs)):
        countdown = iter(range(number))

        def stopping(progress: object, countdown: Iterator[int] = countdown) -> None:
            if next(countdown, None) is None:
                raise Interrupted(what="stopped", where="here", hint="run again")

        with pytest.raises(Interrupted):
            builder.build(request(root, section), stopping)
        assert [name for name in left(root) if name != "whole"] == []


def test_there_are_signs_of_life_in_the_middle_of_a_large_file(root):
    (root / "data").write_bytes(LARGE * 5)
    signs = []
    FilesBuilder().build(request(root, BUILDS[0][1]), signs.append)
    assert len(signs) > 10


def test_blobs_may_be_read_by_others(root):
    FilesBuilder().build(request(root, BUILDS[0][1]), quiet)
    assert {path.stat().st_mode & 0o777 for path in (root / "out" / "blobs" / "sha256").iterdir()} == {0o644}
