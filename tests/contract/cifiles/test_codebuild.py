"""buildspec.yml: one command that only runs the command line.

The keys are those of "Build specification reference for CodeBuild" (version 0.2). AWS publishes no schema of them.
"""

from __future__ import annotations

from typing import Any

from ecr_publish import __version__
from ecr_publish.outputs.values import NAMES, variable

TOP = {"version", "run-as", "env", "proxy", "batch", "phases", "reports", "artifacts", "cache"}
ENV = {"shell", "variables", "parameter-store", "secrets-manager", "exported-variables", "git-credential-helper"}
PHASE = {"run-as", "on-failure", "commands", "finally"}


def test_every_key_is_a_documented_one(buildspec: dict[str, Any]):
    assert set(buildspec) <= TOP
    assert set(buildspec["env"]) <= ENV
    assert set(buildspec["phases"]) <= {"install", "pre_build", "build", "post_build"}
    assert set(buildspec["phases"]["install"]) <= PHASE | {"runtime-versions"}
    assert set(buildspec["phases"]["build"]) <= PHASE


def test_the_version_is_the_one_in_which_commands_share_a_shell(buildspec: dict[str, Any]):
    assert buildspec["version"] == 0.2


def test_variables_are_literal_text(buildspec: dict[str, Any]):
    # CodeBuild expands nothing in `env.variables`, and reserves the prefix CODEBUILD_.
    variables = buildspec["env"]["variables"]
    assert [name for name, value in variables.items() if not isinstance(value, str) or "$" in value] == []
    assert [name for name in variables if name.startswith("CODEBUILD_")] == []


def test_everything_happens_in_one_command_of_the_build_phase(buildspec: dict[str, Any]):
    phases = buildspec["phases"]
    assert {name: len(phase.get("commands", [])) for name, phase in phases.items()} == {"install": 0, "build": 1}


def test_every_phase_aborts_when_it_fails(buildspec: dict[str, Any]):
    assert {phase["on-failure"] for phase in buildspec["phases"].values()} == {"ABORT"}


def test_the_exported_variables_are_those_that_the_tool_leaves(buildspec: dict[str, Any]):
    left = {variable(name) for name in NAMES}
    assert [name for name in buildspec["env"]["exported-variables"] if name not in left] == []
    assert "outputs.sh" in buildspec["phases"]["build"]["commands"][0]


def test_reports_and_artifacts_are_taken_from_where_the_tool_writes(buildspec: dict[str, Any]):
    assert buildspec["reports"]["ecr-publish"]["base-directory"] == ".ecr-publish/outputs"
    assert buildspec["reports"]["ecr-publish"]["file-format"] == "JUNITXML"
    assert buildspec["artifacts"]["base-directory"] == ".ecr-publish/outputs"


def test_the_buildspec_installs_this_version(buildspec: dict[str, Any]):
    assert buildspec["env"]["variables"]["ECR_PUBLISH_PACKAGE"] == f"ecr-publish=={__version__}"
