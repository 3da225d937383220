"""A Docker engine behind TLS, as CIs and remote machines have it: both sides show certificates."""

from __future__ import annotations

import hashlib
import json
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from ecr_publish.config.builds import DockerBuild
from ecr_publish.engine.builder import DockerBuilder
from ecr_publish.errors import EngineUnavailable
from ecr_publish.model.image import InEngine
from tests.contract.builders.fakeengine import Engine, serving
from tests.contract.builders.test_engine import BUILT, IMAGE_ID
from tests.unit.builders.layouts import quiet, request


def certificates(folder: Path, authority: trustme.CA, client: trustme.CA) -> Path:
    """A folder as `docker` wants it: whom to believe, and who one is."""
    folder.mkdir(parents=True)
    leaf = client.issue_cert("client")
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    leaf.private_key_pem.write_to_path(str(folder / "key.pem"))
    leaf.cert_chain_pems[0].write_to_path(str(folder / "cert.pem"))
    return folder


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def engine(authority: trustme.CA) -> Iterator[Engine]:
    """It takes clients of the same authority only."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    authority.configure_trust(tls)
    tls.verify_mode = ssl.CERT_REQUIRED
    with serving(Engine(lines=BUILT), tls) as running:
        yield running


@pytest.fixture
def good(tmp_path: Path, authority: trustme.CA) -> Path:
    return certificates(tmp_path / "good", authority, authority)


def built(tmp_path: Path, environment: dict[str, str]) -> object:
    root = tmp_path / "repository"
    root.mkdir()
    (root / "Dockerfile").write_text("FROM scratch\n")
    return DockerBuilder(environment).build(request(root, DockerBuild(), output=".ecr-publish/out"), quiet).where


def test_both_sides_believe_each_other(engine, good, tmp_path):
    environment = {"DOCKER_HOST": engine.url, "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(good)}
    assert built(tmp_path, environment) == InEngine(IMAGE_ID)


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_what_the_process_has_in_its_environment_changes_nothing(engine, good, tmp_path, name, monkeypatch):
    (tmp_path / "empty.pem").touch()
    monkeypatch.setenv(name, str(tmp_path / "empty.pem") if name == "REQUESTS_CA_BUNDLE" else "http://127.0.0.1:1")
    environment = {"DOCKER_HOST": engine.url, "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(good)}
    assert built(tmp_path, environment) == InEngine(IMAGE_ID)


def test_certificates_that_are_not_named_are_those_of_dockers_own_folder(engine, good, tmp_path):
    good.rename(tmp_path / ".docker")
    environment = {"DOCKER_HOST": engine.url, "DOCKER_TLS_VERIFY": "1", "HOME": str(tmp_path)}
    assert built(tmp_path, environment) == InEngine(IMAGE_ID)


def test_a_docker_context_brings_address_and_certificates(engine, good, tmp_path):
    folder = hashlib.sha256(b"remote").hexdigest()
    meta = tmp_path / ".docker" / "contexts" / "meta" / folder
    meta.mkdir(parents=True)
    endpoint = {"Host": engine.url, "SkipTLSVerify": False}
    (meta / "meta.json").write_text(json.dumps({"Name": "remote", "Endpoints": {"docker": endpoint}}))
    (tmp_path / ".docker" / "contexts" / "tls" / folder).mkdir(parents=True)
    good.rename(tmp_path / ".docker" / "contexts" / "tls" / folder / "docker")
    assert built(tmp_path, {"HOME": str(tmp_path), "DOCKER_CONTEXT": "remote"}) == InEngine(IMAGE_ID)


def test_an_engine_of_another_authority_is_not_believed(engine, authority, tmp_path):
    folder = certificates(tmp_path / "other", trustme.CA(), authority)
    environment = {"DOCKER_HOST": engine.url, "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(folder)}
    with pytest.raises(EngineUnavailable, match="certificate verify failed") as caught:
        built(tmp_path, environment)
    assert "DOCKER_CERT_PATH" in caught.value.hint
    assert engine.builds == []


def test_a_client_that_the_engine_does_not_know_is_told_so(engine, authority, tmp_path):
    folder = certificates(tmp_path / "other", authority, trustme.CA())
    environment = {"DOCKER_HOST": engine.url, "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(folder)}
    with pytest.raises(EngineUnavailable) as caught:
        built(tmp_path, environment)
    assert caught.value.exit_code == 4
    assert engine.builds == []


@pytest.mark.parametrize("host", ["ssh://nobody@127.0.0.1:1", "nonsense", "tcp://"])
def test_an_address_that_leads_nowhere_is_told_as_an_unreachable_engine(tmp_path, host):
    with pytest.raises(EngineUnavailable) as caught:
        built(tmp_path, {"DOCKER_HOST": host})
    assert caught.value.hint


def test_an_engine_behind_ssh_is_told_with_what_to_install(tmp_path):
    with pytest.raises(EngineUnavailable) as caught:
        built(tmp_path, {"DOCKER_HOST": "ssh://nobody@127.0.0.1:1"})
    assert "pip install 'docker[ssh]'" in caught.value.hint
