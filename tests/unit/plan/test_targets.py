"""Targets of a file: which registry an environment is, before anybody is asked."""

from __future__ import annotations

from ecr_publish.config.environments import EcrEnvironment
from ecr_publish.config.model import Config
from ecr_publish.model.promotion import Topology
from ecr_publish.plan.targets import repository, targets, topology
from tests.unit.plan.words import image

ROLE = "arn:aws:iam::{}:role/ecr-publish".format


def where(*environments: EcrEnvironment) -> list[str]:
    return [str(target.registry) for target in targets(Config(environments=environments, images=(image("web"),)))]


def test_without_an_account_the_role_s_is_taken():
    staging = EcrEnvironment(name="staging", regions=("us-east-2",), role=ROLE("2" * 12))
    prod = EcrEnvironment(name="prod", regions=("us-east-2",), role=ROLE("3" * 12))
    assert where(staging, prod) == [f"{each * 12}.dkr.ecr.us-east-2.amazonaws.com" for each in "23"]


def test_an_account_of_its_own_comes_before_the_role_s():
    dev = EcrEnvironment(name="dev", account="1" * 12, regions=("us-east-2",), role=ROLE("2" * 12))
    assert where(dev) == [f"{'1' * 12}.dkr.ecr.us-east-2.amazonaws.com"]


def test_a_promotion_between_two_roles_accounts_is_a_copy():
    staging = EcrEnvironment(name="staging", regions=("us-east-2",), role=ROLE("2" * 12))
    prod = EcrEnvironment(name="prod", regions=("us-east-2",), role=ROLE("3" * 12))
    web = image("web")
    first, second = targets(Config(environments=(staging, prod), images=(web,)))
    assert topology(repository(web, first), repository(web, second)) is Topology.COPY
