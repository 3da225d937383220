"""AWS's host names: what each stands for, and which ones a hosts file and a certificate must hold."""

from __future__ import annotations

import fnmatch
from pathlib import Path

import pytest

from ecr_publish.local import hosts, namespace
from ecr_publish.local.hosts import Api, Private, Public, Storage


@pytest.mark.parametrize(
    ("host", "place"),
    [
        ("111111111111.dkr.ecr.us-east-2.amazonaws.com", Private("111111111111", "us-east-2")),
        ("012345678901.dkr.ecr.cn-north-1.amazonaws.com.cn", Private("012345678901", "cn-north-1")),
        ("api.ecr.eu-west-1.amazonaws.com", Api()),
        ("ecr.eu-west-1.amazonaws.com", Api()),
        ("sts.amazonaws.com", Api()),
        ("sts.eu-west-1.amazonaws.com", Api()),
        ("api.ecr-public.us-east-1.amazonaws.com", Api()),
        ("public.ecr.aws", Public()),
        ("prod-us-east-2-starport-layer-bucket.s3.us-east-2.amazonaws.com", Storage()),
        ("111111111111.dkr.ecr.us-east-2.amazonaws.com.example.test", None),
        ("11111111111.dkr.ecr.us-east-2.amazonaws.com", None),
        ("111111111111.dkr.ecr.cn-north-1.amazonaws.com", None),
        ("s3.amazonaws.com", None),
        ("127.0.0.1:4510", None),
        ("", None),
    ],
)
def test_a_host_name_stands_for_one_thing_only(host, place):
    assert hosts.place(host) == place


def test_every_name_of_the_hosts_file_is_served_and_certified():
    regions = ("us-east-1", "eu-west-1")
    certified = hosts.certified(regions)
    for name in hosts.names(("111111111111", "222222222222"), regions):
        assert hosts.place(name) is not None
        assert any(fnmatch.fnmatchcase(name, pattern) for pattern in certified), name


def test_our_names_come_before_the_machine_s_own():
    made = namespace.hosts_file(("sts.amazonaws.com",), "127.69.67.82", "10.0.0.1 sts.amazonaws.com\n")
    assert made.splitlines() == ["127.69.67.82 sts.amazonaws.com", "10.0.0.1 sts.amazonaws.com"]


def test_the_command_s_environment_leads_nowhere_else():
    leading_away = {"AWS_PROFILE": "x", "AWS_ENDPOINT_URL": "http://x", "AWS_ENDPOINT_URL_INSPECTOR2": "http://x"}
    given = {**leading_away, "NO_PROXY": "corp", "AWS_REGION": "eu-west-1"}
    made = namespace.environment(given, "1" * 12, "us-east-2", Path("/b.pem"))
    assert not set(leading_away) & set(made)
    assert made["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] == "true"
    assert made["NO_PROXY"].startswith("corp,.amazonaws.com")
    assert made["AWS_REGION"] == "eu-west-1"
    assert made["AWS_ACCESS_KEY_ID"] == "1" * 12
