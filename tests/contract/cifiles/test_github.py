"""action.yml: a composite that only runs the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

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
    passed = [value for step in action["runs"]["steps"] for value in step["env"].values()]
    assert sorted(passed) == sorted(f"${{{{ inputs.{name} }}}}" for name in action["inputs"])


def test_every_output_comes_from_a_step_that_has_that_id(action: dict[str, Any]):
    ids = {step["id"] for step in action["runs"]["steps"] if "id" in step}
    sources = {output["value"].split(".")[1] for output in action["outputs"].values()}
    assert sources <= ids


def test_the_action_installs_the_commit_that_the_caller_pinned(action: dict[str, Any]):
    assert '"$GITHUB_ACTION_PATH"' in action["runs"]["steps"][0]["run"]


def test_the_action_changes_nothing_for_later_steps(action: dict[str, Any]):
    scripts = "".join(step["run"] for step in action["runs"]["steps"])
    assert "GITHUB_ENV" not in scripts
    assert "GITHUB_PATH" not in scripts
