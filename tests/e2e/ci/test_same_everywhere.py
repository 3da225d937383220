"""The same commit in act, gitlab-ci-local, the CodeBuild stand-in and on a laptop: the same tags, the same digest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.ci.runners import Toolbox, act, codebuild, gitlab, outputs, project, report
from tests.e2e.embedded import Embedded

TAGS = {
    "refs/heads/main": {"main", "edge", "sha-"},
    "refs/tags/v1.4.0": {"1.4.0", "1.4", "v1.4.0", "latest", "sha-"},
}


def said(found: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    """(digest, tags) of the one place."""
    (place,) = found["published"]
    return place["digest"], tuple(sorted(place["tags"]))


@pytest.mark.parametrize("ref", list(TAGS))
def test_a_push_gives_the_same_image_in_every_ci(served: Embedded, toolbox: Toolbox, tmp_path: Path, ref: str):
    tag = ref.removeprefix("refs/tags/") if ref.startswith("refs/tags/") else None
    found: dict[str, tuple[str, tuple[str, ...]]] = {}

    def checkout(ci: str) -> Path:
        return project(tmp_path / ci / "web", served.shell, toolbox, tag=tag)

    folder = checkout("github")
    done = act(toolbox.shell(folder, served.shell), folder, toolbox, ref, "-W", ".github/workflows/once.yml")
    assert done.returncode == 0, done.stdout + done.stderr
    handed = outputs(done.stdout, "publish")
    found["github"] = handed["digest"], tuple(sorted(handed["tags"].split(",")))

    folder = checkout("gitlab")
    which = {"CI_COMMIT_TAG": tag, "CI_COMMIT_BRANCH": ""} if tag else {"CI_COMMIT_BRANCH": "main"}
    done = gitlab(toolbox.shell(folder, served.shell), folder, toolbox, **which)
    assert done.returncode == 0, done.stdout + done.stderr
    found["gitlab"] = said(report(next((folder / ".gitlab-ci-local" / "artifacts").iterdir())))

    folder = checkout("codebuild")
    sha = served.shell.run("git", "rev-parse", "HEAD", cwd=folder).strip()
    build = codebuild(toolbox.shell(folder, served.shell), folder, toolbox, ref, sha)
    assert build.exit_code == 0, build.log
    found["codebuild"] = said(report(folder))
    assert build.exported["ECR_PUBLISH_DIGEST"] == found["codebuild"][0]
    assert {path.name for path in build.artifacts} >= {"imagedefinitions.json", "imageDetail.json", "report.json"}
    assert [path.name for path in build.reports["ecr-publish"]] == ["junit.xml"]

    folder = checkout("laptop")
    served.shell.run("ecr-publish", "run", "--only", "push", "--report", "json=../report.json", cwd=folder)
    found["laptop"] = said(json.loads((folder.parent / "report.json").read_text()))

    assert len(set(found.values())) == 1, found
    _, tags = found["laptop"]
    assert {name if not name.startswith("sha-") else "sha-" for name in tags} == TAGS[ref]
