"""The snippets of docs/ci.md are valid, and say what the three files have."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.contract.cifiles.conftest import ROOT
from tests.contract.cifiles.schema import complaints

PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
WORKFLOW, CACHE, INCLUDE, CHILD = re.findall(r"^```yaml\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)


def test_the_workflow_fits_githubs_schema(tmp_path: Path):
    file = tmp_path / "publish.yml"
    file.write_text(WORKFLOW)
    assert complaints("vendor.github-workflows", file) == ""


def test_the_cache_is_a_step_of_a_workflow(tmp_path: Path):
    file = tmp_path / "publish.yml"
    indented = "".join(f"      {line}\n" for line in CACHE.splitlines())
    file.write_text(f"on: push\njobs:\n  publish:\n    runs-on: ubuntu-latest\n    steps:\n{indented}")
    assert complaints("vendor.github-workflows", file) == ""


@pytest.mark.parametrize("snippet", [INCLUDE, CHILD], ids=["include", "child"])
def test_the_snippet_fits_gitlabs_schema(tmp_path: Path, snippet: str):
    file = tmp_path / ".gitlab-ci.yml"
    file.write_text(snippet)
    assert complaints("vendor.gitlab-ci", file, "--data-transform", "gitlab-ci") == ""


def test_the_page_names_every_input_output_and_variable(
    action: dict[str, Any], buildspec: dict[str, Any], component: tuple[dict[str, Any], dict[str, Any]]
):
    inputs = component[0]["spec"]["inputs"]
    names = [*action["inputs"], *action["outputs"], *inputs, *buildspec["env"]["variables"]]
    assert [name for name in names if f"`{name}`" not in PAGE] == []
