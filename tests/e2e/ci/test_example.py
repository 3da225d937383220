"""The example workflow under act: three jobs, the digest goes from one to the next, each leaves its summary.

act keeps no environment protection and issues no identity tokens: both are reviewed here, not run.
"""

from __future__ import annotations

from pathlib import Path

from tests.e2e.ci.conftest import ACCOUNTS
from tests.e2e.ci.runners import REPOSITORY, Toolbox, act, outputs, project
from tests.e2e.embedded import Embedded

RELEASE = ("-W", ".github/workflows/release.yml")


def test_a_version_tag_goes_from_dev_to_prod_as_one_digest(served: Embedded, toolbox: Toolbox, tmp_path: Path):
    folder = project(tmp_path / "github" / "web", served.shell, toolbox, tag="v1.4.0")
    done = act(toolbox.shell(folder, served.shell), folder, toolbox, "refs/tags/v1.4.0", *RELEASE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("Job succeeded") == 3

    (digest,) = {served.account(account).tags(REPOSITORY)["1.4.0"] for account in ACCOUNTS}
    assert [outputs(done.stdout, job)["digest"] for job in ("build", "staging", "prod")] == [digest] * 3
    assert outputs(done.stdout, "prod")["environment"] == "prod"
    assert done.stdout.count("Summary - ## ecr-publish") >= 3


def test_a_push_to_main_goes_no_further_than_staging(served: Embedded, toolbox: Toolbox, tmp_path: Path):
    folder = project(tmp_path / "github" / "web", served.shell, toolbox)
    done = act(toolbox.shell(folder, served.shell), folder, toolbox, "refs/heads/main", *RELEASE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "main" in served.account("222222222222").tags(REPOSITORY)
    assert served.account("333333333333").tags(REPOSITORY) == {}
