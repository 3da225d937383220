"""Who we are at a target, by the real SDK against the embedded STS."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from ecr_publish.aws.identity import StsIdentities
from ecr_publish.errors import NotAuthorised, Unavailable, WrongAccount
from ecr_publish.local.faults import Fault
from ecr_publish.model.registry import EcrRegistry, PlainRegistry
from ecr_publish.model.target import Target
from ecr_publish.run.retry import Retry
from tests.contract.aws.conftest import DEV, START

ROLE = "arn:aws:iam::333333333333:role/ci/publisher"
PROD = Target("prod", "prod", EcrRegistry("333333333333", "us-east-2"), role=ROLE)


def test_a_target_without_a_role_is_its_own_account(ground):
    assert StsIdentities(ground.sessions).identity(DEV).account == "222222222222"


def test_a_target_with_a_role_is_the_roles_account_for_an_hour(ground):
    identity = StsIdentities(ground.sessions).identity(PROD)
    assert identity.account == "333333333333"
    assert identity.arn == "arn:aws:sts::333333333333:assumed-role/publisher/ecr-publish"
    assert identity.expires == START + timedelta(hours=1)


def test_whose_session_it_is_was_said_when_the_role_was_assumed(ground):
    assert StsIdentities(ground.sessions).identity(PROD).account == "333333333333"
    assert ground.actions == ["sts:Query"]
    assert ground.sessions.client("sts", PROD).get_caller_identity()["Account"] == "333333333333"
    assert ground.actions == ["sts:Query"] * 2


def test_a_target_that_names_no_account_is_the_default_one(ground):
    anywhere = replace(DEV, registry=EcrRegistry(None, "eu-west-1"))
    assert StsIdentities(ground.sessions).identity(anywhere).account == "111111111111"


def test_a_role_of_another_account_than_the_file_says_is_refused_with_both_named(ground):
    mistaken = replace(PROD, registry=EcrRegistry("444444444444", "us-east-2"))
    with pytest.raises(WrongAccount, match=r"333333333333.*444444444444") as caught:
        StsIdentities(ground.sessions).identity(mistaken)
    assert "role:" in caught.value.hint
    assert caught.value.exit_code == 3


def test_many_images_at_one_target_ask_once(ground):
    identities = StsIdentities(ground.sessions)
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(identities.identity, [DEV] * 32))) == 1
    assert len(ground.actions) == 1


def test_a_role_session_is_renewed_by_the_clock_of_the_run(ground):
    client = ground.sessions.client("sts", PROD)
    client.get_caller_identity()
    ground.advance(hours=3)
    assert client.get_caller_identity()["Account"] == "333333333333"
    assert len(ground.actions) == 4


def test_a_role_that_is_no_role_is_a_refusal(ground):
    with pytest.raises(Exception, match="sts get-caller-identity @prod"):
        StsIdentities(ground.sessions).identity(replace(PROD, role="arn:aws:iam::3:role/x"))


def test_a_plain_registry_has_no_identity(ground):
    plain = Target("lab", "lab", PlainRegistry("127.0.0.1:5000"))
    assert StsIdentities(ground.sessions).identity(plain).account is None
    assert ground.actions == []


def test_a_service_in_trouble_is_unavailable(ground):
    ground.ecr.script.add(Fault("status", action="*", times=9, status=503))
    with pytest.raises(Unavailable):
        StsIdentities(ground.sessions).identity(DEV)


def test_trouble_that_passes_is_waited_for_on_the_runs_clock(ground):
    ground.ecr.script.add(Fault("status", action="*", times=4, status=503))
    patient = ground.fresh_sessions(retry=Retry(ground.clock, lambda seconds: seconds))
    assert StsIdentities(patient).identity(DEV).account == "222222222222"
    assert ground.clock.now() > START


def test_what_is_repeated_is_ours_alone_and_on_the_runs_clock(ground):
    """Botocore's own attempts would multiply ours and sleep where no stop reaches them."""
    ground.ecr.script.add(Fault("status", action="*", times=99, status=500))
    with pytest.raises(Unavailable):
        StsIdentities(ground.sessions).identity(DEV)
    assert len(ground.actions) == 1
    patient = ground.fresh_sessions(retry=Retry(ground.clock, lambda seconds: seconds, attempts=4))
    with pytest.raises(Unavailable):
        StsIdentities(patient).identity(PROD)
    assert len(ground.actions) == 1 + 4
    assert ground.clock.now() - START == timedelta(seconds=0.5 + 1 + 2)


def test_an_endpoint_that_nobody_serves_is_unavailable_and_named():
    from ecr_publish.aws.isolated import Explicit
    from ecr_publish.aws.session import Sessions

    with pytest.raises(Unavailable, match=r"127\.0\.0\.1:1"):
        StsIdentities(Sessions(Explicit("http://127.0.0.1:1"))).identity(DEV)


def test_a_registry_without_an_api_has_no_client(ground):
    with pytest.raises(NotAuthorised):
        ground.sessions.client("sts", Target("lab", "lab", PlainRegistry("127.0.0.1:5000")))
