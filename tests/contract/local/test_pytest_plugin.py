"""The pytest plugin, as another project has it: pytest in a process of its own, that project's own code, real boto3."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

PROJECT = """\
import boto3


def publish(name):
    ecr = boto3.client("ecr")
    return ecr.create_repository(repositoryName=name)["repository"]["repositoryUri"]
"""
PASSING = """\
import base64
import os
import subprocess
import sys
import urllib.error
import urllib.request

import boto3
import pytest
from botocore.exceptions import ClientError
from project import publish


def test_code_that_makes_its_own_clients(ecr_environment):
    assert publish("team/web") == "111111111111.dkr.ecr.us-east-2.amazonaws.com/team/web"
    assert boto3.client("sts").get_caller_identity()["Account"] == "111111111111"
    assert [each.action for each in ecr_environment.requests] == ["ecr:CreateRepository", "sts:Query"]


def test_each_test_has_a_registry_of_its_own(ecr_environment):
    publish("team/web")


def test_clients_of_several_accounts(ecr):
    assert ecr.repository("team/web", account="222222222222").startswith("127.0.0.1:")
    assert ecr.client().describe_repositories()["repositories"] == []
    assert ecr.client("ecr-public").describe_registries()["registries"]


def test_tokens_expire(ecr):
    ecr.repository("team/web")
    token = ecr.client().get_authorization_token()["authorizationData"][0]["authorizationToken"]
    request = urllib.request.Request(
        f"http://{ecr.registry()}/v2/team/web/tags/list", headers={"Authorization": f"Basic {token}"}
    )
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    assert direct.open(request).status == 200
    ecr.advance(12 * 3600)
    with pytest.raises(urllib.error.HTTPError, match="403"):
        direct.open(request)


def test_something_goes_wrong(ecr):
    ecr.client().describe_repositories()
    ecr.fault("status", action="ecr:DescribeRepositories", status=503, times=9)
    with pytest.raises(ClientError, match="ServerException"):
        ecr.client().describe_repositories()


def test_a_tool_in_a_subprocess(ecr):
    code = "import boto3; boto3.client('ecr').create_repository(repositoryName='from/outside')"
    subprocess.run([sys.executable, "-c", code], env=ecr.environment(os.environ), check=True)
    assert len(ecr.client().describe_repositories()["repositories"]) == 1
"""
LAZY = """\
import sys


def test_nothing_is_loaded():
    loaded = [name for name in sys.modules if name.split(".")[0] in ("uvicorn", "botocore", "boto3", "pydantic")]
    assert loaded + [name for name in sys.modules if name.startswith("ecr_publish.")] == ["ecr_publish.pytest_plugin"]
"""


def ran(project: Path, content: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """pytest on that content, in an environment without anything of AWS but a proxy and a profile that lead astray."""
    (project / "project.py").write_text(PROJECT)
    (project / "test_project.py").write_text(content)
    astray = {"HTTP_PROXY": "http://127.0.0.1:9", "AWS_PROFILE": "nope"}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--override-ini", "pythonpath=.", *arguments],
        check=False,
        cwd=project,
        env={"PATH": "/usr/bin:/bin", "HOME": str(project)} | astray,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_pytest_finds_it_by_its_entry_point():
    assert [each.value for each in entry_points(group="pytest11", name="ecr_publish")] == ["ecr_publish.pytest_plugin"]


def test_another_project_s_tests_pass(tmp_path):
    done = ran(tmp_path, PASSING)
    assert (done.returncode, "6 passed" in done.stdout) == (0, True), done.stdout + done.stderr


def test_the_fixtures_are_documented(tmp_path):
    said = ran(tmp_path, PASSING, "--fixtures").stdout
    assert "ecr_environment" in said
    assert "An embedded ECR of this test's own" in said


@pytest.mark.parametrize("content", [LAZY])
def test_nothing_is_imported_before_a_fixture_is_used(tmp_path, content):
    done = ran(tmp_path, content)
    assert done.returncode == 0, done.stdout
