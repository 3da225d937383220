"""action.yml: a composite that only runs the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ecr_publish.outputs.values import NAMES
from tests.contract.cifiles.conftest import ROOT
from tests.contract.cifiles.schema import complaints


def test_the_action_fits_githubs_schema():
    assert complaints("vendor.github-actions", ROOT / "action.yml") == ""


def test_the_schema_check_sees_a_step_without_its_shell(tmp_path: Path):
    broken = tmp_path / "action.yml"
    broken.write_text((ROOT / "action.yml").read_text().replace("      shell: bash\n", ""))
    assert "shell" in complaints("vendor.github-actions", broken)


def test_no_script_holds_an_expression(action: dict[str, Any]):
    # The runner pastes an expression's value into the script before the shell reads it.
    assert [step["name"] for step in action["runs"]["steps"] if "${{" in step["run"]] == []


def test_every_input_reaches_a_script_through_the_environment(action: dict[str, Any]):
    passed = [value for step in action["runs"]["steps"] for value in step["env"].values() if "inputs." in value]
    assert sorted(passed) == sorted(f"${{{{ inputs.{name} }}}}" for name in action["inputs"])


def test_every_output_comes_from_the_step_that_runs_the_tool(action: dict[str, Any]):
    told = {name: output["value"] for name, output in action["outputs"].items()}
    assert told == {name: f"${{{{ steps.ecr-publish.outputs.{name} }}}}" for name in told}


def test_the_outputs_are_those_that_the_tool_leaves(action: dict[str, Any]):
    assert set(action["outputs"]) == {*NAMES, "matrix", "count"}


def test_every_input_says_what_it_must_be(action: dict[str, Any]):
    kinds = ("Text", "Path", "auto or off")
    assert [name for name, each in action["inputs"].items() if not each["description"].startswith(kinds)] == []


@pytest.mark.parametrize(
    "file", sorted((ROOT / "examples" / "ci" / "github").glob("*.yml")), ids=lambda file: file.name
)
def test_an_example_fits_githubs_schema(file: Path):
    assert complaints("vendor.github-workflows", file) == ""


def test_the_action_installs_the_commit_that_the_caller_pinned(action: dict[str, Any]):
    assert '"$GITHUB_ACTION_PATH"' in action["runs"]["steps"][0]["run"]


def test_the_action_changes_nothing_for_later_steps(action: dict[str, Any]):
    scripts = "".join(step["run"] for step in action["runs"]["steps"])
    assert "GITHUB_ENV" not in scripts
    assert "GITHUB_PATH" not in scripts
