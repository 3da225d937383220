"""Layers asked for by the real SDK, a hundred at a time, and the push that asks this way."""

from __future__ import annotations

import pytest

from ecr_publish.aws.availability import EcrAvailability
from ecr_publish.errors import NotAuthorised, RepositoryMissing
from ecr_publish.model.digest import Digest, digest_of
from ecr_publish.model.registry import PlainRegistry
from ecr_publish.model.target import Target
from tests.contract.aws.conftest import DEV

LAB = Target("lab", "lab", PlainRegistry("127.0.0.1:5000"))


def test_what_is_there_is_told_from_what_is_not(ground):
    web = ground.create("web")
    ground.put("web", "1.0")
    there = next(iter(ground.ecr.store.registry("222222222222", "eu-west-1").repositories["web"].layers))
    wanted = (Digest(there), *(digest_of(b"%d" % number) for number in range(99)))
    assert {str(each) for each in EcrAvailability(ground.sessions).available(DEV, web, wanted)} == {there}


def test_a_client_is_ready_once_it_was_used(ground):
    sessions = ground.fresh_sessions()
    assert not EcrAvailability(sessions).ready(DEV)
    sessions.client("ecr", DEV)
    assert EcrAvailability(sessions).ready(DEV)
    assert not EcrAvailability(sessions).ready(LAB)


def test_a_missing_repository_and_a_refusal_are_named(ground):
    availability = EcrAvailability(ground.sessions)
    with pytest.raises(RepositoryMissing):
        availability.available(DEV, DEV.repository("nowhere"), (digest_of(b""),))
    web = ground.create("web")
    ground.ecr.denials.deny("ecr:BatchCheckLayerAvailability")
    with pytest.raises(NotAuthorised, match="ecr:BatchCheckLayerAvailability"):
        availability.available(DEV, web, (digest_of(b""),))
