"""A rehearsal never leaves the machine, whatever the environment says; a real run follows the SDK's variables."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from dataclasses import replace

import botocore.exceptions
import botocore.session
import pytest

from ecr_publish.aws.credentials import RegistryCredentials
from ecr_publish.aws.identity import StsIdentities
from ecr_publish.aws.repositories import EcrRepositories
from ecr_publish.aws.session import Sessions
from ecr_publish.errors import NotAuthorised, UsageError
from tests.contract.aws.conftest import DEV

HOSTILE = {
    "AWS_PROFILE": "nope",
    "AWS_DEFAULT_PROFILE": "nope",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "AWS_USE_DUALSTACK_ENDPOINT": "true",
    "AWS_ACCESS_KEY_ID": "AKIAREALREALREALREAL",
    "AWS_SECRET_ACCESS_KEY": "real",
    "AWS_SESSION_TOKEN": "real",
    "AWS_CA_BUNDLE": "/nowhere/ca.pem",
    "AWS_ENDPOINT_URL": "https://elsewhere.example.test",
    "AWS_ENDPOINT_URL_ECR": "https://elsewhere.example.test",
    "AWS_CONFIG_FILE": "/nowhere/config",
    "AWS_ROLE_ARN": "arn:aws:iam::999999999999:role/real",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere/token",
    "AWS_DEFAULTS_MODE": "nonsense",
    "AWS_MAX_ATTEMPTS": "nonsense",
    "AWS_STS_REGIONAL_ENDPOINTS": "nonsense",
}
PROXIES = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")


@pytest.fixture
def proxy():
    """A proxy on this machine that only counts who comes."""
    callers = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.1)
        done = threading.Event()

        def accept():
            while not done.is_set():
                try:
                    connection, address = listening.accept()
                except TimeoutError:
                    continue
                callers.append(address)
                connection.close()

        thread = threading.Thread(target=accept)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", callers
        done.set()
        thread.join()


@pytest.fixture
def hostile(monkeypatch, proxy, tmp_path):
    url, callers = proxy
    for name in PROXIES:
        monkeypatch.setenv(name, url)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    for name, value in HOSTILE.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HOME", str(tmp_path))
    return callers


def _everything(ground):
    identity = StsIdentities(ground.sessions).identity(DEV)
    assert RegistryCredentials(ground.sessions, ground.clock).access(DEV).base_url.startswith("http://127.0.0.1:")
    assert EcrRepositories(ground.sessions).create(DEV, DEV.repository("web")).scan_on_push
    return identity


def test_a_rehearsal_under_hostile_surroundings_sees_only_the_embedded_ecr(ground, hostile):
    assert _everything(ground).account == "222222222222"
    assert hostile == []


def test_a_rehearsal_assumes_roles_under_hostile_surroundings_too(ground, hostile):
    role = replace(DEV, role="arn:aws:iam::222222222222:role/publisher")
    assert StsIdentities(ground.sessions).identity(role).arn.endswith("assumed-role/publisher/ecr-publish")
    assert hostile == []


def test_the_proxy_of_these_tests_is_one_that_the_sdk_would_go_to(ground, hostile, monkeypatch):
    for name in HOSTILE:
        monkeypatch.delenv(name)
    session = botocore.session.Session()
    session.set_credentials("222222222222", "x")
    client = session.create_client("ecr", "eu-west-1", endpoint_url=ground.server.url)
    with pytest.raises(botocore.exceptions.BotoCoreError):
        client.describe_repositories()
    assert hostile != []


def test_a_real_run_follows_the_sdks_endpoint_variables(ground, monkeypatch):
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "222222222222")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    monkeypatch.setenv("AWS_ENDPOINT_URL_ECR", ground.server.url)
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", ground.server.url)
    sessions = Sessions(now=ground.clock.now)
    assert StsIdentities(sessions).identity(DEV).account == "222222222222"
    assert RegistryCredentials(sessions, ground.clock).access(DEV).base_url.startswith("http://127.0.0.1:")


def test_a_profile_that_does_not_exist_is_not_authorised(monkeypatch, tmp_path):
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    with pytest.raises(NotAuthorised, match="nope"):
        StsIdentities(Sessions()).identity(replace(DEV, profile="nope"))


def test_no_credentials_at_all_are_not_authorised(ground, monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_ROLE_ARN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", ground.server.url)
    with pytest.raises(NotAuthorised, match="no AWS credentials"):
        StsIdentities(Sessions()).identity(DEV)


def test_a_profile_is_used_for_its_environment_only(ground, monkeypatch, tmp_path):
    credentials = tmp_path / "credentials"
    credentials.write_text("[two]\naws_access_key_id = 222222222222\naws_secret_access_key = x\n")
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(credentials))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "333333333333")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", ground.server.url)
    assert StsIdentities(Sessions()).identity(replace(DEV, profile="two")).account == "222222222222"


def test_an_endpoint_variable_that_is_no_url_is_a_usage_error(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "not a url")
    with pytest.raises(UsageError, match="AWS_ENDPOINT_URL"):
        StsIdentities(Sessions()).identity(DEV)


def test_naming_the_adapters_loads_no_sdk():
    code = (
        "import sys, ecr_publish.aws.session, ecr_publish.aws.scans, ecr_publish.aws.identity,"
        " ecr_publish.aws.credentials, ecr_publish.aws.repositories, ecr_publish.preflight;"
        "sys.exit(bool({'boto3', 'botocore'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
