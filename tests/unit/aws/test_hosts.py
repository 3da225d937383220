"""A token goes to the registry's own hosts, or to this machine; to nothing else."""

from __future__ import annotations

import pytest

from ecr_publish.aws.hosts import connection, host, plain_connection, public_connection
from ecr_publish.errors import NotAuthorised
from ecr_publish.model.registry import EcrPublicRegistry, EcrRegistry

DEV = EcrRegistry("123456789012", "us-east-2")
REAL = "https://123456789012.dkr.ecr.us-east-2.amazonaws.com"
PUBLIC = EcrPublicRegistry("acme")


@pytest.mark.parametrize(
    ("region", "fips", "dual_stack", "expected"),
    [
        ("us-east-2", False, False, "123456789012.dkr.ecr.us-east-2.amazonaws.com"),
        ("us-east-2", True, False, "123456789012.dkr.ecr-fips.us-east-2.amazonaws.com"),
        ("us-east-2", False, True, "123456789012.dkr-ecr.us-east-2.on.aws"),
        ("us-east-2", True, True, "123456789012.dkr-ecr-fips.us-east-2.on.aws"),
        ("cn-north-1", False, False, "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn"),
        ("cn-north-1", False, True, "123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn"),
        ("eusc-de-east-1", False, True, "123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu"),
    ],
)
def test_hosts_have_the_forms_that_aws_documents(region, fips, dual_stack, expected):
    assert host(EcrRegistry("123456789012", region), fips=fips, dual_stack=dual_stack) == expected


@pytest.mark.parametrize("local", ["http://127.0.0.1:5001", "http://localhost:80", "https://127.0.0.2:5001"])
def test_a_loopback_endpoint_is_used_as_it_is(local):
    assert connection(local, DEV) == local


def test_the_real_endpoint_is_the_computed_host_in_the_wanted_variant():
    assert connection(REAL, DEV) == REAL
    assert connection(REAL, DEV, fips=True) == "https://123456789012.dkr.ecr-fips.us-east-2.amazonaws.com"


def test_the_callers_account_is_taken_from_the_endpoint():
    assert connection(REAL, EcrRegistry(None, "us-east-2")) == REAL


@pytest.mark.parametrize(
    "proxy",
    [
        "https://registry.example.com",
        "http://123456789012.dkr.ecr.us-east-2.amazonaws.com",
        "https://210987654321.dkr.ecr.us-east-2.amazonaws.com",
        "https://123456789012.dkr.ecr.us-west-2.amazonaws.com",
        "https://123456789012.dkr.ecr.us-east-2.amazonaws.com.example.com",
        "https://user@123456789012.dkr.ecr.us-east-2.amazonaws.com",
        "http://127.0.0.1.example.com",
        "http://127.0.0.1@example.com",
        "http://localhost.example.com:5000",
        "http://127.0.0.1/elsewhere",
        "",
    ],
)
@pytest.mark.parametrize("registry", [DEV])
def test_any_other_endpoint_is_refused(proxy, registry):
    with pytest.raises(NotAuthorised, match="no token is sent there"):
        connection(proxy, registry)


@pytest.mark.parametrize("proxy", ["https://example.com", "https://123456789012.dkr.ecr.us-west-2.amazonaws.com", ""])
def test_an_endpoint_that_names_no_account_of_the_region_is_refused_for_the_caller(proxy):
    with pytest.raises(NotAuthorised):
        connection(proxy, EcrRegistry(None, "us-east-2"))


def test_ecr_public_is_itself_or_on_this_machine():
    assert public_connection(None, PUBLIC) == "https://public.ecr.aws"
    assert public_connection("http://127.0.0.1:5009/", PUBLIC) == "http://127.0.0.1:5009"
    with pytest.raises(NotAuthorised, match="ECR_PUBLISH_PUBLIC_ENDPOINT"):
        public_connection("https://mirror.example.com", PUBLIC)


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("localhost:5000", "http://localhost:5000"),
        ("r.test", "https://r.test"),
    ],
)
def test_a_plain_registry_speaks_https_unless_it_is_this_machine(name, url):
    assert plain_connection(name) == url
