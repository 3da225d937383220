"""templates/ecr-publish.yml: a component that only runs the command line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ecr_publish import __version__
from tests.contract.cifiles.conftest import ROOT
from tests.contract.cifiles.schema import complaints

TEMPLATE = ROOT / "templates" / "ecr-publish.yml"


def jobs_alone(tmp_path: Path, text: str) -> Path:
    """The second document in a file of its own: the checker reads files of one document."""
    alone = tmp_path / "jobs.yml"
    alone.write_text(text.split("\n---\n", 1)[1])
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
    assert [line for job in jobs.values() for line in job["script"] if "$[[" in line] == []


def test_the_component_brings_one_job_and_no_global_keyword(component: tuple[dict[str, Any], dict[str, Any]]):
    # A top-level `stages`, `variables`, `default` or `workflow` would become the caller's.
    _, jobs = component
    assert list(jobs) == ["$[[ inputs.job-name ]]"]


def test_the_component_runs_on_tags_and_the_default_branch_only(component: tuple[dict[str, Any], dict[str, Any]]):
    _, jobs = component
    rules = [rule["if"] for job in jobs.values() for rule in job["rules"]]
    assert rules == ["$CI_COMMIT_TAG", "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH"]


def test_the_component_installs_this_version(component: tuple[dict[str, Any], dict[str, Any]]):
    header, _ = component
    assert header["spec"]["inputs"]["package"]["default"] == f"ecr-publish=={__version__}"


def test_the_commands_offered_exist(component: tuple[dict[str, Any], dict[str, Any]]):
    from ecr_publish.cli.main import COMMANDS

    header, _ = component
    assert set(header["spec"]["inputs"]["command"]["options"]) <= set(COMMANDS)
