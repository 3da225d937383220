"""What each CI is given of a run, as a process in that CI's environment: files, annotations, masks, and faults."""

from __future__ import annotations

import json
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from ecr_publish.local import embedded_ecr
from ecr_publish.local.embedded import Settings
from ecr_publish.local.store import Repository
from ecr_publish.run.clock import SystemClock
from ecr_publish.run.stop import StopRequest
from tests.contract.pipeline.test_commands import Job
from tests.unit.outputs.jobs import CODEBUILD, GITHUB, GITLAB
from tests.unit.outputs.readers import dotenv, github_commands, github_output


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job(tmp_path)


def github(job: Job, **more: str) -> dict[str, str]:
    files = {"GITHUB_OUTPUT": str(job.root / "out"), "GITHUB_STEP_SUMMARY": str(job.root / "summary")}
    return {**GITHUB, "GITHUB_WORKSPACE": str(job.root), **files, **more}


def test_github_gets_outputs_and_a_summary(job: Job):
    code, said = job.run("rehearse", **github(job))
    assert code == 0, said
    outputs = github_output((job.root / "out").read_text())
    assert outputs["result"] == "ok"
    assert outputs["digest"] in (job.root / "summary").read_text()
    assert json.loads((job.root / outputs["report"]).read_text())["exit_code"] == 0


def test_outputs_of_two_steps_stand_behind_each_other(job: Job):
    for _ in range(2):
        job.run("rehearse", **github(job))
    assert (job.root / "out").read_text().count("digest<<") == 2
    assert github_output((job.root / "out").read_text())["exit-code"] == "0"


def test_an_error_of_the_file_is_annotated_at_its_line(job: Job):
    job.file("version: 1\nenvironments: {}\nimagse: {}\n")
    code, said = job.run("check", **github(job))
    assert code == 2
    found = [properties for name, properties, _ in github_commands(said) if name == "error"]
    assert {("ecr-publish.yaml", "2"), ("ecr-publish.yaml", "3")} <= {(each["file"], each["line"]) for each in found}
    assert "imagse" in (job.root / "summary").read_text()


@pytest.mark.parametrize(
    ("variable", "code", "told"),
    [("GITHUB_OUTPUT", 1, "error: outputs for github"), ("GITHUB_STEP_SUMMARY", 0, "warning: /dev/full was not")],
)
def test_a_file_of_the_runner_that_takes_nothing_is_told_once(job: Job, variable: str, code: int, told: str):
    got, said = job.run("rehearse", **github(job, **{variable: "/dev/full"}))
    assert got == code
    assert said.count(told) == 1
    assert "ecr-publish: ok (exit 0)" in said


def test_gitlab_gets_a_dotenv_report_and_junit(job: Job):
    code, said = job.run("rehearse", **GITLAB)
    assert code == 0, said
    files = job.root / ".ecr-publish" / "outputs"
    assert dotenv((files / "outputs.env").read_text())["ECR_PUBLISH_DIGEST"].startswith("sha256:")
    assert ET.parse(files / "junit.xml").getroot().get("failures") == "0"


def test_codebuild_gets_variables_and_image_definitions(job: Job):
    code, said = job.run("rehearse", **CODEBUILD)
    assert code == 0, said
    files = job.root / ".ecr-publish" / "outputs"
    script = f'. {files}/outputs.sh; printf %s "$ECR_PUBLISH_REFERENCE"'
    reference = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout
    assert json.loads((files / "imageDetail.json").read_text()) == {"ImageURI": reference}
    assert json.loads((files / "imagedefinitions.json").read_text()) == [{"name": "web", "imageUri": reference}]


def test_the_directory_can_be_chosen(job: Job):
    code, said = job.run("rehearse", **CODEBUILD, ECR_PUBLISH_OUTPUTS=str(job.root / "there" / "deep"))
    assert code == 0, said
    assert (job.root / "there" / "deep" / "junit.xml").exists()


def test_a_directory_that_cannot_be_made_costs_no_result(job: Job):
    code, said = job.run("rehearse", **CODEBUILD, ECR_PUBLISH_OUTPUTS="/proc/nowhere")
    assert code == 1
    assert "/proc/nowhere/outputs.sh was not written" in said
    assert "ecr-publish: ok (exit 0)" in said


def test_what_is_written_makes_no_tree_dirty(job: Job):
    git = ["git", "-c", "user.email=a@example.com", "-c", "user.name=a"]
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "x"]):
        subprocess.run([*git, *command], cwd=job.root, check=True)
    job.run("rehearse", **CODEBUILD)
    said = subprocess.run(["git", "status", "--short"], cwd=job.root, capture_output=True, text=True, check=True)
    assert said.stdout == ""


def test_on_a_laptop_nothing_of_this_is_written(job: Job):
    job.run("rehearse")
    assert not (job.root / ".ecr-publish" / "outputs").exists()


@pytest.fixture
def server() -> Iterator:
    with embedded_ecr(Settings(scan_takes=timedelta(0)), SystemClock(StopRequest())) as found:
        for account in ("1" * 12, "2" * 12):
            registry = found.ecr.store.registry(account, "us-east-2")
            registry.repositories["team/web"] = Repository("team/web", 0.0, scan_on_push=True)
        yield found


def test_tokens_are_masked_where_the_step_says_that_a_runner_listens(tmp_path: Path, server):
    job = Job(tmp_path, server.url)
    code, said = job.run("run", **github(job, ECR_PUBLISH_MASK="true"))
    assert code == 0, said
    masked = {message for name, _, message in github_commands(said) if name == "add-mask"}
    assert "local-session" in masked
    rest = "\n".join(line for line in said.splitlines() if not line.startswith("::add-mask::"))
    assert [secret for secret in masked if secret in rest] == []

    code, said = job.run("run", **github(job))
    assert [secret for secret in masked if secret in said] == []


def test_the_matrix_is_an_output_too(job: Job):
    code, said = job.run("matrix", **github(job))
    assert code == 0
    outputs = github_output((job.root / "out").read_text())
    assert json.loads(outputs["matrix"]) == json.loads(said) == {"include": [{"image": "web"}]}
    assert outputs["count"] == "1"


def test_a_matrix_for_nobody_asks_for_whom(job: Job):
    code, said = job.run("matrix")
    assert code == 2
    assert "--for github|gitlab|codebuild" in said
    code, said = job.run("matrix", "--for", "gitlab")
    assert code == 2
    assert "--include" in said


def test_a_digest_that_a_mask_has_hit_says_what_happened(job: Job):
    code, said = job.run("promote", "--from", "dev", "--to", "staging", "--digest", "sha256:***", **github(job))
    assert code == 2
    assert "asterisks stand where a CI has masked something" in said
