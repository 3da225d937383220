"""Two releases in a row and a late one, through three accounts whose repositories are immutable but for `latest`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.embedded import Embedded, local
from tests.e2e.programs import Shell
from tests.e2e.projects import committed

ACCOUNTS = {"dev": "111111111111", "staging": "222222222222", "prod": "333333333333"}

FILE = """\
version: 1
environments:
  dev: { account: "111111111111", region: us-east-2 }
  staging: { account: "222222222222", region: us-east-2, role: arn:aws:iam::222222222222:role/ecr-publish }
  prod: { account: "333333333333", region: us-east-2, role: arn:aws:iam::333333333333:role/ecr-publish }
images:
  app:
    repository: team/app
    build: { builder: files, files: [{ from: app, to: /app }] }
    tags: [ "type=semver,pattern={{version}}" ]
promote:
  - { from: dev, to: staging, unscannable: { allow: "one file on scratch, nothing to scan" } }
  - { from: staging, to: prod, unscannable: { allow: "one file on scratch, nothing to scan" } }
"""

SEED = "repositories:\n" + "".join(
    f'  - {{ account: "{account}", region: us-east-2, name: team/app, immutable: {{ except: [latest] }} }}\n'
    for account in ACCOUNTS.values()
)


@pytest.fixture
def seeded(tmp_path: Path) -> Iterator[Embedded]:
    home = tmp_path / "home"
    home.mkdir()
    (home / "seed.yaml").write_text(SEED)
    with local(home, "--seed", "seed.yaml", "--scan-seconds", "0.1") as running:
        yield running


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "ecr-publish.yaml").write_text(FILE)
    return folder


def release(shell: Shell, project: Path, version: str) -> None:
    """Commit something new under that tag, and run."""
    (project / "app").write_text(f"this is {version}\n")
    committed(shell, project, tag=version)
    done = shell.publish("run", cwd=project)
    assert done.returncode == 0, done.stdout + done.stderr


def test_fixed_tags_stay_and_latest_never_goes_back(seeded: Embedded, project: Path):
    for version in ("v1.4.0", "v1.4.1", "v1.3.9"):
        release(seeded.shell, project, version)

    tags = {name: seeded.account(account).tags("team/app") for name, account in ACCOUNTS.items()}
    assert tags["dev"] == tags["staging"] == tags["prod"]
    assert sorted(tags["prod"]) == ["1.3.9", "1.4.0", "1.4.1", "latest"]
    assert len(set(tags["prod"].values())) == 3
    assert tags["prod"]["latest"] == tags["prod"]["1.4.1"]
