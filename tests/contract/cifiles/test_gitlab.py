"""templates/ecr-publish.yml: a component that only runs the command line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from ecr_publish import __version__
from tests.contract.cifiles.conftest import ROOT
from tests.contract.cifiles.schema import complaints

JOB = "$[[ inputs.job-name ]]"
TEMPLATE = ROOT / "templates" / "ecr-publish.yml"


def jobs_alone(tmp_path: Path, text: str) -> Path:
    """The second document in a file of its own, with the inputs' defaults: the checker reads files of one document."""
    header, jobs = text.split("\n---\n", 1)
    inputs = yaml.safe_load(header)["spec"]["inputs"]
    alone = tmp_path / "jobs.yml"
    alone.write_text(re.sub(r"\$\[\[ inputs\.([a-z-]+) \]\]", lambda match: inputs[match[1]]["default"] or "''", jobs))
    return alone


def test_the_jobs_fit_gitlabs_schema(tmp_path: Path):
    alone = jobs_alone(tmp_path, TEMPLATE.read_text())
    assert complaints("vendor.gitlab-ci", alone, "--data-transform", "gitlab-ci") == ""


def test_the_schema_check_sees_an_id_token_without_its_audience(tmp_path: Path):
    text = TEMPLATE.read_text().replace("      aud: $[[ inputs.audience ]]\n", "      audience: x\n")
    alone = jobs_alone(tmp_path, text)
    assert "aud" in complaints("vendor.gitlab-ci", alone, "--data-transform", "gitlab-ci")


def test_every_input_is_described_and_used(component: tuple[dict[str, Any], dict[str, Any]]):
    header, _ = component
    inputs = header["spec"]["inputs"]
    used = set(re.findall(r"\$\[\[ inputs\.([a-z-]+) \]\]", TEMPLATE.read_text()))
    assert used == set(inputs)
    assert [name for name, entry in inputs.items() if not entry.get("description")] == []


def test_no_script_holds_an_input(component: tuple[dict[str, Any], dict[str, Any]]):
    _, jobs = component
    assert [line for line in jobs[JOB]["script"] if "$[[" in line] == []


def test_the_component_brings_one_job_and_no_global_keyword(component: tuple[dict[str, Any], dict[str, Any]]):
    # A top-level `stages`, `variables`, `default` or `workflow` would become the caller's, and so would a name that
    # the caller has too: hidden jobs bear our own prefix.
    _, jobs = component
    assert [name for name in jobs if not name.startswith(".ecr-publish-")] == [JOB]


def test_each_way_to_docker_has_its_hidden_job(component: tuple[dict[str, Any], dict[str, Any]]):
    header, jobs = component
    options = header["spec"]["inputs"]["docker"]["options"]
    assert {f".ecr-publish-docker-{option}" for option in options} | {JOB} == set(jobs)


def test_a_daemon_beside_the_job_is_spoken_to_by_tls(component: tuple[dict[str, Any], dict[str, Any]]):
    _, jobs = component
    variables = jobs[".ecr-publish-docker-dind"]["variables"]
    assert variables["DOCKER_HOST"].endswith(":2376")
    assert variables["DOCKER_TLS_VERIFY"] == "1"


def test_the_component_runs_on_tags_and_the_default_branch_only(component: tuple[dict[str, Any], dict[str, Any]]):
    header, jobs = component
    merge_request, *rules = jobs[JOB]["rules"]
    assert merge_request["when"] == "$[[ inputs.merge-requests ]]"
    assert header["spec"]["inputs"]["merge-requests"]["default"] == "never"
    assert [rule["if"] for rule in rules] == ["$CI_COMMIT_TAG", "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH"]


def test_the_component_installs_this_version(component: tuple[dict[str, Any], dict[str, Any]]):
    header, _ = component
    assert header["spec"]["inputs"]["package"]["default"] == f"ecr-publish=={__version__}"


def test_the_commands_offered_exist(component: tuple[dict[str, Any], dict[str, Any]]):
    from ecr_publish.cli.main import COMMANDS

    header, _ = component
    assert set(header["spec"]["inputs"]["command"]["options"]) <= set(COMMANDS)


def test_the_reports_are_the_files_that_are_written(component: tuple[dict[str, Any], dict[str, Any]]):
    _, jobs = component
    assert jobs[JOB]["artifacts"]["reports"] == {
        "dotenv": ".ecr-publish/outputs/outputs.env",
        "junit": ".ecr-publish/outputs/junit.xml",
    }


def test_the_example_fits_gitlabs_schema():
    example = ROOT / "examples" / "ci" / "gitlab" / ".gitlab-ci.yml"
    assert complaints("vendor.gitlab-ci", example, "--data-transform", "gitlab-ci") == ""
