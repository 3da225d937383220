"""Same files, same digest: whatever the order, the times, the umask, and whoever owns them."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from ecr_publish.builders.files import FilesBuilder
from ecr_publish.builders.tree import entries
from ecr_publish.config.builds import FileEntry, FilesBuild
from ecr_publish.model.platform import Platform
from tests.unit.builders.layouts import quiet, request, top_layer

NAMES = st.text(st.characters(blacklist_characters="/\0", blacklist_categories=["Cs"]), min_size=1, max_size=40).filter(
    lambda name: name not in (".", "..", ".git", ".ecr-publish") and len(name.encode()) < 200
)
TREES = st.dictionaries(NAMES, st.tuples(st.binary(max_size=200), st.booleans()), min_size=1, max_size=6)


def written(root: Path, tree: dict[str, tuple[bytes, bool]], order: list[str], umask: int, time: int) -> str:
    """The digest of an image of the tree, made of files written in that order under that umask at that time."""
    (root / "site").mkdir(mode=0o700)
    for name in order:
        content, executable = tree[name]
        path = root / "site" / name
        path.write_bytes(content)
        path.chmod((0o777 if executable else 0o666) & ~umask)
        os.utime(path, (time, time))
    section = FilesBuild(files=(FileEntry(source="site", to="/srv"),))
    return str(FilesBuilder().build(request(root, section), quiet).where.digest)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_the_digest_depends_on_content_only(data):
    tree = data.draw(TREES)
    digests = set()
    for _ in range(2):
        order = data.draw(st.permutations(sorted(tree)))
        umask, time = data.draw(st.sampled_from((0o000, 0o022, 0o077))), data.draw(st.integers(0, 2**31))
        with tempfile.TemporaryDirectory() as root:
            digests.add(written(Path(root), tree, order, umask, time))
    assert len(digests) == 1


def test_the_order_in_the_file_does_not_matter(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
    files = tuple(FileEntry(source=name, to=f"/{name}") for name in ("a", "b"))
    digests = {
        FilesBuilder().build(request(tmp_path, FilesBuild(files=order), output=output), quiet).where.digest
        for order, output in ((files, "one"), (files[::-1], "two"))
    }
    assert len(digests) == 1


def test_a_layer_is_in_the_order_of_names_so_that_directories_come_before_what_is_in_them(tmp_path):
    for name in ("z", "a", "m"):
        (tmp_path / name).write_text(name)
    files = tuple(FileEntry(source=name, to=f"/srv/{name}/deep/{name}") for name in ("z", "a", "m"))
    FilesBuilder().build(request(tmp_path, FilesBuild(files=files)), quiet)
    names = list(top_layer(tmp_path / "out"))
    assert names == sorted(names)
    assert names[:4] == ["srv", "srv/a", "srv/a/deep", "srv/a/deep/a"]


def test_what_goes_in_is_listed_in_the_order_of_names(tmp_path):
    for name in ("z", "a", "m"):
        (tmp_path / name).write_text(name)
    files = tuple(FileEntry(source=name, to=f"/{name}") for name in ("z", "a", "m"))
    assert [entry.name for entry in entries(files, tmp_path, Platform("linux", "amd64"))] == ["a", "m", "z"]
