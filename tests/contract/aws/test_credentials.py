"""Tokens: one per registry and principal, renewed in time, shown to nobody."""

from __future__ import annotations

import base64
import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from ecr_publish.aws.credentials import RegistryCredentials
from ecr_publish.errors import NotAuthorised
from ecr_publish.model.registry import EcrPublicRegistry, EcrRegistry, PlainRegistry
from ecr_publish.model.target import Target
from tests.contract.aws.conftest import DEV, START

ROLE = "arn:aws:iam::222222222222:role/publisher"
LAB = Target("lab", "lab", PlainRegistry("127.0.0.1:5000"))
FETCH = "ecr:GetAuthorizationToken"


@pytest.fixture
def credentials(ground):
    return RegistryCredentials(ground.sessions, ground.clock)


def test_a_token_comes_with_the_loopback_registry_of_its_account_and_region(ground, credentials):
    access = credentials.access(DEV)
    assert access.base_url == ground.ecr.registry_url("222222222222", "eu-west-1")
    assert base64.b64decode(access.authorization.removeprefix("Basic ")).startswith(b"AWS:")
    assert access.expires == START + timedelta(hours=12)


def test_each_region_has_a_registry_of_its_own(credentials):
    other = replace(DEV, name="us", registry=EcrRegistry("222222222222", "us-east-2"))
    assert credentials.access(DEV).base_url != credentials.access(other).base_url


def test_many_threads_fetch_one_token(ground, credentials):
    with ThreadPoolExecutor(8) as pool:
        accesses = list(pool.map(credentials.access, [DEV] * 32))
    assert all(access is accesses[0] for access in accesses)
    assert ground.actions.count(FETCH) == 1


def test_another_principal_gets_another_token(ground, credentials):
    credentials.access(DEV)
    credentials.access(replace(DEV, role=ROLE))
    assert ground.actions.count(FETCH) == 2


def test_a_token_is_renewed_before_it_expires(ground, credentials):
    first = credentials.access(DEV)
    ground.advance(hours=11, minutes=29)
    assert credentials.access(DEV) is first
    ground.advance(minutes=2)
    assert credentials.access(DEV).expires > first.expires


def test_a_renewal_gets_a_new_token_that_all_use_from_then_on(ground, credentials):
    credentials.access(DEV)
    ground.advance(minutes=1)
    renewed = credentials.renew(DEV)
    assert credentials.access(DEV) is renewed
    assert ground.actions.count(FETCH) == 2


def test_a_token_is_in_no_repr(credentials):
    access = credentials.access(DEV)
    secret = access.authorization.removeprefix("Basic ")
    assert secret not in repr(access)
    assert secret not in repr(credentials)


def test_a_denied_token_names_the_action(ground, credentials):
    ground.ecr.denials.deny(FETCH)
    with pytest.raises(NotAuthorised, match=r"ecr:GetAuthorizationToken") as caught:
        credentials.access(DEV)
    assert "222222222222" in caught.value.what


def test_a_fetch_that_failed_is_tried_again_by_the_next(ground, credentials):
    ground.ecr.denials.deny(FETCH)
    with pytest.raises(NotAuthorised):
        credentials.access(DEV)
    ground.ecr.denials.clear()
    assert credentials.access(DEV).authorization


@pytest.mark.parametrize("registry", [PlainRegistry("r.example.test"), PlainRegistry("127.0.0.1.example.test")])
def test_a_rehearsal_reaches_no_registry_elsewhere(credentials, registry):
    with pytest.raises(NotAuthorised, match="stays on this machine"):
        credentials.access(replace(LAB, registry=registry))


def test_a_rehearsal_sends_no_login_of_the_user(ground):
    logins = {"127.0.0.1:5000": "c2VjcmV0"}
    access = RegistryCredentials(ground.sessions, ground.clock, logins=logins).access(LAB)
    assert (access.base_url, access.authorization) == ("http://127.0.0.1:5000", None)


def test_a_plain_registry_gets_the_users_login(ground):
    from ecr_publish.aws.session import Sessions

    logins = {"r.example.test": "YW5uZTpzZWNyZXQ="}
    access = RegistryCredentials(Sessions(), ground.clock, logins=logins).access(
        replace(LAB, registry=PlainRegistry("r.example.test"))
    )
    assert (access.base_url, access.authorization) == ("https://r.example.test", "Basic YW5uZTpzZWNyZXQ=")


def test_ecr_public_is_asked_in_its_one_region_whatever_is_set(ground, credentials):
    public = Target("public", "public", EcrPublicRegistry("acme"))
    assert ground.sessions.client("ecr-public", public).meta.region_name == "us-east-1"


def test_credentials_cannot_be_carried_away(credentials):
    credentials.access(DEV)
    with pytest.raises(TypeError):
        pickle.dumps(credentials)
