"""A run of a small layout loads what it uses: the rest of the tool is there and costs nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ecr_publish.local import embedded_ecr
from tests.contract.imports.loading import Names, loaded
from tests.unit.oci.layouts import single

FILE = """
version: 1
environments:
  lab: {{ registry: "{host}" }}
images:
  app: {{ repository: team/app, build: {{ builder: layout, layout: image }}, tags: [{tags}] }}
"""


@pytest.fixture
def host() -> Iterator[str]:
    with embedded_ecr(oci=True) as server:
        yield server.ecr.registry_url("111111111111", "us-east-2").removeprefix("http://")


@pytest.fixture
def project(tmp_path: Path, host: str) -> Path:
    single(tmp_path / "image")
    (tmp_path / "ecr-publish.yaml").write_text(FILE.format(host=host, tags="'type=raw,value=one'"))
    return tmp_path


@pytest.fixture
def pushed(project: Path) -> Names:
    return loaded("run", "-f", str(project))


def test_a_push_loads_one_client_and_no_sdk(pushed: Names):
    sdks = {"boto3", "botocore", "docker", "requests"}
    others = {"rich", "uvicorn", "httptools", "deflate", "zstandard", "packaging", "semver", "xml", "tarfile"}
    assert pushed.packages & (sdks | others) == set()
    assert {"urllib3", "pydantic", "yaml", "pluggy", "click"} <= pushed.packages


def test_a_push_loads_no_engine_no_gate_and_nothing_embedded(pushed: Names):
    assert pushed.folders & {"adoption", "engine", "gate", "local", "rehearsal", "api", "pytest_plugin"} == set()


def test_a_push_loads_the_builder_that_the_file_names_and_what_knows_inputs(pushed: Names):
    assert {name for name in pushed.ours if name.startswith("builders.")} == {"builders.inputs", "builders.layout"}


def test_a_push_loads_the_writer_that_prints(pushed: Names):
    assert pushed.ours & {"report.jsontext", "report.junit", "report.markdown", "report.evidence"} == set()


def test_a_push_where_no_ci_is_loads_no_ci(pushed: Names):
    assert pushed.ours & {"ci.github", "ci.gitlab", "ci.codebuild"} == set()
    assert {name for name in pushed.ours if name.startswith("outputs")} == {"outputs", "outputs.face"}


def test_a_push_loads_nothing_of_promotions_scans_and_earlier_jobs(pushed: Names):
    assert pushed.ours & {"steps.promotion", "steps.promoted", "steps.watched", "steps.resume"} == set()
    assert pushed.ours & {"model.scan", "model.verdict", "aws.scans", "ports.judging", "preflight.taken"} == set()


def test_a_push_of_one_image_loads_no_copying_and_nothing_that_points_to_images(pushed: Names):
    assert pushed.ours & {"oci.copying", "oci.referrers", "oci.families", "oci.ahead"} == set()


def test_a_push_loads_nothing_of_aws_that_asks_it(pushed: Names):
    assert pushed.ours & {"aws.errors", "aws.webidentity", "aws.scans", "aws.coverage"} == set()


def test_a_second_push_sends_nothing_and_loads_nothing_that_sends(project: Path, pushed: Names):
    again = loaded("run", "-f", str(project))
    sending = {"oci.plan", "oci.perform", "oci.upload", "model.events"}
    assert sending <= pushed.ours
    assert sending & again.ours == set()
    assert again.ours < pushed.ours


def test_a_ci_is_loaded_where_its_sign_is(project: Path):
    names = loaded("run", "-f", str(project), GITLAB_CI="true", CI_PROJECT_PATH="a/b", CI_COMMIT_SHA="0" * 40,
                   CI_COMMIT_REF_NAME="main", CI_COMMIT_BRANCH="main", CI_PIPELINE_SOURCE="push",
                   ECR_PUBLISH_OUTPUTS=str(project / "outputs"))  # fmt: skip
    assert {"ci.gitlab", "outputs.gitlab"} <= names.ours
    assert names.ours & {"ci.github", "ci.codebuild", "outputs.github", "outputs.codebuild"} == set()


def test_versions_are_read_where_a_rule_asks_for_one(project: Path, host: str):
    text = FILE.format(host=host, tags='"type=semver,pattern={{version}},value=1.2.3"')
    (project / "ecr-publish.yaml").write_text(text)
    names = loaded("run", "-f", str(project))
    assert "semver" in names.packages
    assert "packaging" not in names.packages
