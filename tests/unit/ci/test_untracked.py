"""Which files that git does not know make a tree dirty."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecr_publish.ci.localgit import seen_from
from ecr_publish.model.origin import GitFacts

TREE = Path("/src")


@pytest.mark.parametrize(
    ("untracked", "context", "dirty"),
    [
        ("web/new.txt", "web", True),
        ("web", "web/site", True),  # git names a new directory, not what is in it
        ("notes.txt", ".", True),
        ("notes.txt", "web", False),
        ("website/new.txt", "web", False),
    ],
)
def test_an_untracked_file_counts_where_it_can_get_into_an_image(untracked: str, context: str, dirty: bool):
    git = GitFacts(sha="a" * 40, untracked=(TREE / untracked,))
    assert seen_from(git, [TREE / context]).dirty is dirty


def test_a_changed_tracked_file_counts_everywhere():
    assert seen_from(GitFacts(sha="a" * 40, dirty=True), [TREE / "web"]).dirty
