"""GitLab's dotenv report and CodeBuild's variables: what their readers make of them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from ecr_publish.outputs.codebuild import CodeBuild, definitions
from ecr_publish.outputs.face import face
from ecr_publish.outputs.gitlab import GitLab
from ecr_publish.outputs.values import NAMES, values
from tests.unit.outputs.readers import dotenv
from tests.unit.outputs.test_github import EVIL
from tests.unit.report.test_console import hostile_run
from tests.unit.report.words import DIGEST, good_run, interrupted_run, run_of, vulnerable_run

HERE = Path("outputs")
GITLAB = GitLab(HERE, 1_764_000_000)


def test_values_name_the_one_image_at_the_last_place_it_reached():
    found = values(good_run(), "report.json")
    assert list(found) == list(NAMES)
    assert (found["image"], found["digest"], found["tags"]) == ("web", DIGEST.text, "1.4.0,latest")
    assert (found["environment"], found["region"], found["repository"]) == ("staging", "us-east-2", "team/web")
    assert found["registry"] == "222222222222.dkr.ecr.us-east-2.amazonaws.com"


def test_only_the_registry_and_the_reference_hold_an_account():
    found = values(good_run(), "report.json")
    assert [name for name, value in found.items() if "222222222222" in value] == ["registry", "reference"]


def test_the_result_is_a_word_for_scripts():
    assert values(good_run(), "")["result"] == "ok"
    assert values(vulnerable_run(), "")["result"] == "vulnerable"
    assert values(run_of(exit_code=1), "")["result"] == "failed"


def test_a_dotenv_report_has_what_fits_and_nothing_else():
    (file,) = GITLAB.values(values(good_run(), "report.json"), "t")
    found = dotenv(file.text)
    assert found["ECR_PUBLISH_DIGEST"] == DIGEST.text
    assert found["ECR_PUBLISH_EXIT_CODE"] == "0"


@pytest.mark.parametrize("text", EVIL)
def test_what_does_not_fit_into_a_dotenv_report_is_left_out_whole(text: str):
    (file,) = GITLAB.values({"tags": text, "digest": "d"}, "t")
    found = dotenv(file.text)
    assert found.pop("ECR_PUBLISH_TAGS", text) == text
    assert found == {"ECR_PUBLISH_DIGEST": "d"}


def test_a_dotenv_report_stays_within_gitlabs_limits():
    (file,) = GITLAB.values({f"n{number}": "x" * 600 for number in range(40)}, "t")
    assert 1 < len(dotenv(file.text)) < 10


@pytest.mark.parametrize("text", EVIL)
def test_a_shell_takes_over_every_value_as_it_is_and_runs_none(text: str, tmp_path: Path):
    (file,) = CodeBuild(tmp_path).values({"tags": text}, "t")
    file.path.write_text(file.text, newline="")
    script = '. "$1"; printf %s "$ECR_PUBLISH_TAGS"'
    for shell in ("sh", "bash"):
        done = subprocess.run([shell, "-c", script, shell, file.path], capture_output=True, cwd=tmp_path, check=True)
        assert done.stdout.decode() == text
    assert not (tmp_path / "stolen").exists()


def test_a_section_is_folded_and_closed_under_the_same_name():
    first, line, last = GITLAB.block("output of build web", ["hello"], "0123456789abcdef")
    assert first.startswith("\x1b[0Ksection_start:1764000000:ecr_publish_0123456789ab[collapsed=true]\r\x1b[0K")
    assert last == "\x1b[0Ksection_end:1764000000:ecr_publish_0123456789ab\r\x1b[0K"
    assert line == "hello"


def test_image_definitions_are_by_digest_where_the_image_got_to_last():
    found = {file.path.name: json.loads(file.text) for file in definitions(good_run(), HERE)}
    uri = f"222222222222.dkr.ecr.us-east-2.amazonaws.com/team/web@{DIGEST}"
    assert found == {
        "imagedefinitions.json": [{"name": "web", "imageUri": uri}],
        "imageDetail.json": {"ImageURI": uri},
    }


def test_a_run_that_published_nothing_leaves_no_image_definitions():
    assert definitions(run_of(), HERE) == ()


@pytest.mark.parametrize(
    ("env", "name"),
    [
        ({"GITHUB_ACTIONS": "true", "CODEBUILD_BUILD_ARN": "arn"}, "github"),
        ({"GITLAB_CI": "true", "CODEBUILD_BUILD_ARN": "arn"}, "gitlab"),
        ({"CODEBUILD_BUILD_ARN": "arn"}, "codebuild"),
        ({"CI": "true", "GITHUB_ACTIONS": "false", "GITLAB_CI": ""}, None),
    ],
)
def test_a_ci_is_told_apart_as_its_origin_is(env: dict[str, str], name: str | None):
    found = face(env, HERE, 0)
    assert (found.name if found else None) == name


@pytest.mark.parametrize("report", [good_run(), interrupted_run(), hostile_run(), run_of()])
def test_every_run_has_values_that_each_ci_can_read(report):
    found = values(report, "report.json")
    (file,) = GITLAB.values(found, "t")
    dotenv(file.text)
    assert all(isinstance(value, str) for value in found.values())
