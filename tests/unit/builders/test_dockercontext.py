"""`.dockerignore` as docker's own client reads it. tests/e2e/engine compares the two on a real daemon."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecr_publish.builders.dockercontext import context_files, ignore_file
from ecr_publish.errors import BuildFailed

TREE = ("Dockerfile", "a.txt", "sub/a.txt", "sub/deep/a.txt", "sub/b.md", "node_modules/x/index.js")


def left(root: Path, ignore: str, tree: tuple[str, ...] = TREE, dockerfile: str = "Dockerfile") -> set[str]:
    for name in tree:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    (root / ".dockerignore").write_text(ignore)
    return {name for name, path in context_files(root, dockerfile, ignore_file(root, dockerfile)) if path.is_file()} - {
        ".dockerignore"
    }


@pytest.mark.parametrize(
    ("ignore", "without"),
    [
        ("", set()),
        ("*.txt", {"a.txt"}),  # a star stops at a slash
        ("**/*.txt", {"a.txt", "sub/a.txt", "sub/deep/a.txt"}),
        ("*/*.txt", {"sub/a.txt"}),
        ("sub", {"sub/a.txt", "sub/deep/a.txt", "sub/b.md"}),
        ("/sub/", {"sub/a.txt", "sub/deep/a.txt", "sub/b.md"}),
        ("sub/**", {"sub/a.txt", "sub/deep/a.txt", "sub/b.md"}),
        ("**/deep", {"sub/deep/a.txt"}),
        ("?.txt", {"a.txt"}),
        ("[ab].txt", {"a.txt"}),
        ("[^b].txt", {"a.txt"}),
        ("# a.txt", set()),
        ("  a.txt  ", {"a.txt"}),
        ("./a.txt", {"a.txt"}),
        ("sub/../a.txt", {"a.txt"}),
        ("\ufeffa.txt", {"a.txt"}),
        (r"a\.txt", {"a.txt"}),
        ("A.TXT", set()),
        (".", set()),
    ],
)
def test_a_pattern_leaves_out(tmp_path, ignore, without):
    assert left(tmp_path, ignore) == set(TREE) - without


def test_the_last_pattern_that_matches_decides(tmp_path):
    assert left(tmp_path, "*\n!sub\nsub/*.md") == {"Dockerfile", "sub/a.txt", "sub/deep/a.txt"}


def test_an_exception_brings_back_what_lies_in_an_ignored_directory(tmp_path):
    assert left(tmp_path, "sub\nnode_modules\na.txt\n!sub/deep/a.txt") == {"Dockerfile", "sub/deep/a.txt"}


def test_the_directories_above_what_is_sent_are_sent_first(tmp_path):
    left(tmp_path, "*\n!sub/deep/a.txt")
    names = [name for name, _ in context_files(tmp_path, "Dockerfile", tmp_path / ".dockerignore")]
    assert [name for name in names if name.startswith("sub")] == ["sub", "sub/deep", "sub/deep/a.txt"]


def test_the_dockerfile_is_sent_even_if_it_is_ignored(tmp_path):
    assert left(tmp_path, "*", (*TREE, "docker/Dockerfile"), "docker/Dockerfile") == {"docker/Dockerfile"}


def test_what_we_write_ourselves_is_never_sent(tmp_path):
    assert left(tmp_path, "!.ecr-publish", ("Dockerfile", ".ecr-publish/layouts/x", "sub/.ecr-publish/y")) == {
        "Dockerfile"
    }


def test_a_link_is_sent_as_one_and_never_followed(tmp_path):
    (tmp_path / "loop").symlink_to(".")
    assert ("loop", tmp_path / "loop") in list(context_files(tmp_path, "Dockerfile", tmp_path / ".dockerignore"))
    assert not any(
        name.startswith("loop/") for name, _ in context_files(tmp_path, "Dockerfile", tmp_path / ".dockerignore")
    )


def test_a_malformed_pattern_is_named(tmp_path):
    with pytest.raises(BuildFailed, match="malformed"):
        left(tmp_path, "[z-a].txt")


def test_a_dockerfiles_own_ignore_file_is_read_in_place_of_the_common_one(tmp_path):
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker" / "Dockerfile.dockerignore").write_text("*.txt\n")
    tree = (*TREE, "docker/Dockerfile")
    sent = left(tmp_path, "sub\n", tree, "docker/Dockerfile")
    assert sent == {*tree, "docker/Dockerfile.dockerignore"} - {"a.txt"}
    assert left(tmp_path, "sub\n", tree) == {each for each in sent | {"a.txt"} if not each.startswith("sub/")}


def test_a_dockerfiles_own_ignore_file_may_lie_beside_the_context_as_the_dockerfile_does(tmp_path):
    (tmp_path / "Dockerfile.dockerignore").write_text("b\n")
    for name in ("a", "b"):
        (tmp_path / "app" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "app" / name).write_text(name)
    app = tmp_path / "app"
    assert [name for name, _ in context_files(app, "x", ignore_file(app, "../Dockerfile"))] == ["a"]
