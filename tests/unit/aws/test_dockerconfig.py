"""Logins to plain registries are the user's own, as docker keeps them."""

from __future__ import annotations

import base64
import json
import os
import threading
import time

import pytest

from ecr_publish.errors import Interrupted, NotAuthorised
from ecr_publish.oci.dockerconfig import DockerLogins
from ecr_publish.run.stop import StopRequest

ANNE = base64.b64encode(b"anne:secret").decode()


@pytest.fixture
def docker(tmp_path):
    def write(config, helper=None, answer="", check=lambda: None):
        (tmp_path / "config.json").write_text(config if isinstance(config, str) else json.dumps(config))
        if helper:
            program = tmp_path / f"docker-credential-{helper}"
            program.write_text(f"#!/bin/sh\nread -r host\n{answer}\n")
            program.chmod(0o755)
        return DockerLogins(tmp_path, {"PATH": f"{tmp_path}:/usr/bin:/bin"}, check)

    return write


@pytest.mark.parametrize("key", ["r.test:5000", "https://r.test:5000", "https://r.test:5000/v1/"])
def test_a_login_is_found_however_its_key_is_written(docker, key):
    assert docker({"auths": {key: {"auth": ANNE}}}).get("r.test:5000") == ANNE


def test_a_login_may_have_the_line_ends_that_base64_makes(docker):
    assert docker({"auths": {"r.test": {"auth": f"{ANNE[:4]}\n{ANNE[4:]}\n"}}}).get("r.test") == ANNE


def test_docker_hub_has_several_names(docker):
    assert docker({"auths": {"https://index.docker.io/v1/": {"auth": ANNE}}}).get("docker.io") == ANNE


@pytest.mark.parametrize("host", ["docker.io", "registry-1.docker.io"])
def test_a_helper_is_asked_for_docker_hub_by_the_name_that_docker_stores_it_under(docker, host):
    answer = """printf '{"Username":"anne","Secret":"%s"}' "$host" """
    logins = docker({"credsStore": "vault"}, "vault", answer)
    assert base64.b64decode(logins.get(host)) == b"anne:https://index.docker.io/v1/"


def test_of_docker_hub_s_names_the_one_that_docker_stores_counts(docker):
    """Beside it lie tokens that are no password (`docker login` by the browser), and old names."""
    other = {"auth": base64.b64encode(b"anne:other").decode()}
    auths = {"https://index.docker.io/v1/refresh-token": other, "https://index.docker.io/v1/": {"auth": ANNE}}
    assert docker({"auths": auths}).get("docker.io") == ANNE


@pytest.mark.parametrize(
    "config", [{}, {"auths": {}}, {"auths": {"r.test": {}}}, {"auths": {"other.test": {"auth": ANNE}}}]
)
def test_no_login_is_no_error(docker, config):
    assert docker(config).get("r.test") is None


def test_no_configuration_is_no_login(tmp_path):
    assert DockerLogins(tmp_path, {}, lambda: None).get("r.test") is None


def test_a_helper_for_the_host_is_asked_on_its_stdin(docker):
    answer = """printf '{"Username":"anne","Secret":"%s"}' "$host" """
    logins = docker({"credHelpers": {"r.test": "vault"}, "auths": {"r.test": {"auth": ANNE}}}, "vault", answer)
    assert base64.b64decode(logins.get("r.test")) == b"anne:r.test"


def test_a_helper_that_holds_nothing_is_no_login(docker):
    assert docker({"credsStore": "vault"}, "vault", "echo 'credentials not found'; exit 1").get("r.test") is None


def test_an_identity_token_is_no_password(docker):
    answer = """printf '{"Username":"<token>","Secret":"x"}'"""
    assert docker({"credsStore": "vault"}, "vault", answer).get("r.test") is None


@pytest.mark.parametrize("config", [{"credsStore": "absent"}, {"credsStore": "../evil"}, "{"])
def test_a_configuration_that_cannot_be_followed_is_said(docker, config):
    with pytest.raises(NotAuthorised, match=r"config\.json"):
        docker(config).get("r.test")


def test_a_stop_does_not_wait_for_a_helper_that_says_nothing_and_ends_it(docker, tmp_path):
    stop, begin = StopRequest(), time.monotonic()
    threading.Timer(0.5, stop.interrupt).start()
    logins = docker({"credsStore": "vault"}, "vault", f"echo $$ > {tmp_path}/pid; exec sleep 60", stop.check)
    with pytest.raises(Interrupted):
        logins.get("r.test")
    assert time.monotonic() - begin < 10
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_a_helper_that_takes_a_while_is_waited_for(docker):
    answer = """sleep 0.7; printf '{"Username":"anne","Secret":"%0100000d"}' 0"""
    assert len(base64.b64decode(docker({"credsStore": "vault"}, "vault", answer).get("r.test"))) == 100_005
