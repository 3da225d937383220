"""The quick commands stay quick: what they load is asserted, since a time on a busy machine proves nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.samplefile import file_of
from tests.contract.imports.loading import loaded

HEAVY = {"boto3", "botocore", "docker", "rich", "uvicorn", "httptools", "urllib3", "ssl", "packaging", "semver"}


@pytest.fixture
def file(tmp_path: Path) -> str:
    (tmp_path / "app").write_text("x")
    path = tmp_path / "ecr-publish.yaml"
    path.write_text(file_of(2))
    return str(path)


def test_version_loads_neither_a_client_nor_the_model_nor_plugins():
    names = loaded("--version")
    assert names.packages & (HEAVY | {"pydantic", "yaml", "pluggy"}) == set()
    assert names.folders == {"cli", "errors", "report"}


def test_check_loads_the_file_s_model_and_nothing_that_runs(file: str):
    names = loaded("check", "-f", file)
    assert names.packages & (HEAVY | {"pluggy"}) == set()
    assert names.folders == {"cli", "config", "errors", "model", "report", "tags"}


def test_plan_loads_no_client_no_server_and_nothing_that_performs(file: str):
    names = loaded("plan", "-f", file, "--as-tag", "v1.4.0")
    assert names.packages & (HEAVY - {"packaging", "semver"}) == set()  # its rules are asked for versions
    assert names.folders & {"aws", "engine", "gate", "http", "local", "oci", "outputs", "preflight"} == set()
    assert "run.scheduler" not in names.ours


def test_plan_loads_no_port_but_those_that_its_steps_name(file: str):
    names = loaded("plan", "-f", file, "--as-tag", "v1.4.0")
    others = {"ports.access", "ports.blobs", "ports.clock", "ports.judging", "ports.repositories"}
    assert names.ours & others == set()
