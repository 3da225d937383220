"""The quick commands stay quick: what they load is asserted, since a time on a busy machine proves nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.samplefile import file_of

HEAVY = ["boto3", "botocore", "docker", "rich", "uvicorn", "httptools", "urllib3"]
PROBE = f"""
import json, sys
from ecr_publish.cli.main import run
code = run(sys.argv[1:])
print(json.dumps({{"code": code, "loaded": [name for name in {HEAVY} + ["pydantic", "yaml", "pluggy"] if name in sys.modules]}}))
"""  # noqa: E501


def loaded(*arguments: str) -> list[str]:
    """Which of the packages are loaded when the command has ended well."""
    done = subprocess.run([sys.executable, "-c", PROBE, *arguments], capture_output=True, text=True, check=True)
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["code"] == 0, done.stdout + done.stderr
    return told["loaded"]


@pytest.fixture
def file(tmp_path: Path) -> str:
    (tmp_path / "app").write_text("x")
    path = tmp_path / "ecr-publish.yaml"
    path.write_text(file_of(2))
    return str(path)


def test_version_loads_neither_a_client_nor_the_model_nor_plugins():
    assert loaded("--version") == []


def test_check_loads_no_client_and_no_server(file: str):
    assert set(loaded("check", "-f", file)) & set(HEAVY) == set()


def test_plan_loads_no_client_and_no_server(file: str):
    assert set(loaded("plan", "-f", file, "--as-tag", "v1.4.0")) & set(HEAVY) == set()
