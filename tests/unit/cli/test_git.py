"""What is asked of git, against real repositories."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from ecr_publish.cli.git import git_facts

_ALONE = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@example.com",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@example.com",
}


def git(where: Path, *arguments: str | bytes) -> str:
    done = subprocess.run(["git", "-C", where, *arguments], env=_ALONE, check=True, capture_output=True)
    return done.stdout.decode("utf-8", "replace").strip()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    made = tmp_path / "tree"
    made.mkdir()
    git(made, "init", "-q", "-b", "main")
    git(made, "commit", "-q", "--allow-empty", "-m", "::set-output name=x::y")
    return made


def test_a_branch_keeps_its_name_where_a_tag_has_it_too(tree: Path):
    git(tree, "tag", "main")
    found = git_facts(tree)
    assert found is not None
    assert (found.branch, found.tags, found.branches) == ("main", ("main",), ("main",))


def test_a_detached_head_has_no_branch_but_those_that_point_at_it(tree: Path):
    git(tree, "branch", "release/2.x")
    git(tree, "checkout", "-q", "--detach")
    found = git_facts(tree)
    assert found is not None
    assert (found.branch, found.branches) == (None, ("main", "release/2.x"))


def test_a_shallow_clone_says_so_and_knows_its_default_branch(tree: Path, tmp_path: Path):
    git(tree, "commit", "-q", "--allow-empty", "-m", "two")
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{tree}", "copy")
    git(tmp_path / "copy", "checkout", "-q", "--detach")
    found = git_facts(tmp_path / "copy")
    assert found is not None
    assert (found.shallow, found.default_branch, found.branches) == (True, "main", ("main",))


def test_tags_come_with_the_greatest_version_first(tree: Path):
    for name in ("v1.9.0", "v1.10.0", "v1.10.0-rc.1", "stable"):
        git(tree, "tag", name)
    git(tree, "tag", "-a", "-m", "annotated", "v1.2.0")
    found = git_facts(tree)
    assert found is not None
    assert found.tags == ("v1.10.0", "v1.10.0-rc.1", "v1.9.0", "v1.2.0", "stable")


@pytest.mark.parametrize("name", ["ünï", "$(id)", 'a"b', "a'b;c", "x" * 200, "日本"])
def test_any_name_of_a_branch_is_taken_as_it_is(tree: Path, name: str):
    git(tree, "checkout", "-q", "-b", name)
    found = git_facts(tree)
    assert found is not None
    assert found.branch == name


def test_a_name_that_is_not_utf_8_is_no_crash(tree: Path):
    git(tree, "checkout", "-q", "-b", b"caf\xe9")
    found = git_facts(tree)
    assert found is not None
    assert found.branch == "caf\udce9"


def test_a_repository_without_a_commit_says_so(tmp_path: Path):
    git(tmp_path, "init", "-q")
    found = git_facts(tmp_path)
    assert found is not None
    assert found.problem == "the repository has no commit yet"


def test_a_top_directory_may_have_a_line_break_in_its_name(tmp_path: Path):
    made = tmp_path / "a\nb"
    made.mkdir()
    git(made, "init", "-q", "-b", "main")
    git(made, "commit", "-q", "--allow-empty", "-m", "one")
    (made / "new").write_text("x")
    found = git_facts(made)
    assert found is not None
    assert found.untracked == (made.resolve() / "new",)


def test_a_repository_without_a_work_tree_is_none(tree: Path, tmp_path: Path):
    git(tmp_path, "clone", "-q", "--bare", str(tree), "bare")
    assert git_facts(tmp_path / "bare") is None
    assert git_facts(tree / ".git") is None
