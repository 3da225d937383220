"""What the CI tests share: wheels and a copy of the action, made once, and an embedded ECR with the repositories."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.ci.runners import REPOSITORY, Toolbox
from tests.e2e.embedded import Embedded, local
from tests.e2e.programs import ROOT, Shell

ACCOUNTS = ("111111111111", "222222222222", "333333333333")


@pytest.fixture(scope="session")
def toolbox(tmp_path_factory: pytest.TempPathFactory) -> Toolbox:
    folder = tmp_path_factory.mktemp("toolbox")
    action, wheels, home = folder / "action", folder / "wheels", folder / "home"
    for each in (action, wheels, home):
        each.mkdir()
    for name in ("action.yml", "setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, action)
    shutil.copytree(ROOT / "ecr_publish", action / "ecr_publish", ignore=shutil.ignore_patterns("__pycache__"))
    source = folder / "source"
    shutil.copytree(action, source)
    shell = Shell(folder)
    shell.run(sys.executable, "-m", "pip", "wheel", "--quiet", "--wheel-dir", str(wheels), str(source))
    return Toolbox(action, wheels, home)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Embedded]:
    home = tmp_path / "served"
    home.mkdir()
    with local(home) as embedded:
        for account in ACCOUNTS:
            embedded.account(account).create(REPOSITORY, "--image-scanning-configuration", "scanOnPush=true")
        yield embedded
