"""A branch whose name is a command, in the CIs' own clients: it names a tag and runs nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.ci.runners import Toolbox, act, gitlab, outputs, project
from tests.e2e.embedded import Embedded
from tests.e2e.programs import Shell

BRANCH = 'a"b\'c-`touch$IFS"stolen"`-$(touch${IFS}stolen);::error::x'


@pytest.fixture
def folder(served: Embedded, toolbox: Toolbox, tmp_path: Path) -> Path:
    return project(tmp_path / "job" / "web", served.shell, toolbox)


@pytest.fixture
def shell(served: Embedded, toolbox: Toolbox, folder: Path) -> Shell:
    return toolbox.shell(folder, served.shell)


def untouched(toolbox: Toolbox, folder: Path) -> bool:
    """act works in a copy below the home that all jobs share."""
    return not [*folder.parent.rglob("stolen"), *toolbox.home.rglob("stolen")]


def test_act_runs_none_of_it(shell: Shell, toolbox: Toolbox, folder: Path):
    done = act(shell, folder, toolbox, f"refs/heads/{BRANCH}", "-W", ".github/workflows/once.yml")
    assert done.returncode == 0, done.stdout + done.stderr
    handed = outputs(done.stdout, "publish")
    assert handed["digest"].startswith("sha256:")
    assert any(tag.startswith("a-b-c") for tag in handed["tags"].split(",")), handed
    assert untouched(toolbox, folder)


def test_gitlab_ci_local_runs_none_of_it(shell: Shell, toolbox: Toolbox, folder: Path):
    done = gitlab(shell, folder, toolbox, CI_COMMIT_BRANCH=BRANCH, CI_DEFAULT_BRANCH=BRANCH)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "push web@dev" in done.stdout + done.stderr
    assert untouched(toolbox, folder)
