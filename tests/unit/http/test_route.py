"""Which proxy a URL goes through and whose certificates are believed, as the environment says."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecr_publish.errors import UsageError
from ecr_publish.http.route import Proxy, Route, route_of

HERE = "http://proxy.corp:3128"


def test_nothing_said_is_straight_and_with_this_machine_s_certificates():
    assert route_of({}) == Route()
    assert route_of({"HTTPS_PROXY": "", "NO_PROXY": "", "AWS_CA_BUNDLE": ""}) == Route()


@pytest.mark.parametrize(
    ("value", "proxy"),
    [
        ("http://proxy.corp:3128", Proxy(HERE)),
        ("http://proxy.corp:3128/", Proxy(HERE)),
        ("proxy.corp:3128", Proxy(HERE)),
        ("http://proxy.corp", Proxy("http://proxy.corp:80")),
        ("https://proxy.corp", Proxy("https://proxy.corp:443")),
        ("http://[fd00::1]:3128", Proxy("http://[fd00::1]:3128")),
        ("http://jo:p%40ss@proxy.corp:3128", Proxy(HERE, "jo:p@ss")),
        ("jo:s3cret@proxy.corp:3128", Proxy(HERE, "jo:s3cret")),
    ],
)
def test_a_proxy_in_each_of_its_forms(value: str, proxy: Proxy):
    assert route_of({"HTTPS_PROXY": value}).proxy("https://111111111111.dkr.ecr.us-east-2.amazonaws.com/v2/") == proxy


def test_small_letters_come_first_and_each_scheme_has_its_own():
    route = route_of({"HTTPS_PROXY": "http://upper:1", "https_proxy": "http://lower:1", "http_proxy": "http://plain:1"})
    assert route.proxy("https://a.example/") == Proxy("http://lower:1")
    assert route.proxy("http://a.example/") == Proxy("http://plain:1")


@pytest.mark.parametrize("value", ["socks5://proxy:1080", "http://", "http://proxy:port", "http://[::1"])
def test_what_is_no_proxy_is_named_without_its_secret(value: str):
    with pytest.raises(UsageError) as told:
        route_of({"HTTPS_PROXY": value.replace("//", "//jo:s3cret@")})
    assert told.value.where == "HTTPS_PROXY"
    assert "s3cret" not in str(told.value)


def test_a_proxy_shows_no_secret():
    assert "s3cret" not in repr(route_of({"HTTPS_PROXY": "http://jo:s3cret@proxy:1"}))


@pytest.mark.parametrize(
    ("without", "url", "straight"),
    [
        ("amazonaws.com", "https://111111111111.dkr.ecr.us-east-2.amazonaws.com/v2/", True),
        (".amazonaws.com", "https://111111111111.dkr.ecr.us-east-2.amazonaws.com/v2/", True),
        ("*.amazonaws.com", "https://111111111111.dkr.ecr.us-east-2.amazonaws.com/v2/", True),
        ("AMAZONAWS.COM", "https://s3.Amazonaws.com./", True),
        ("s3.amazonaws.com", "https://notmys3.amazonaws.com/", False),
        ("azonaws.com", "https://s3.amazonaws.com/", False),
        ("*", "https://anything.example/", True),
        ("a.example, registry.corp:5000", "https://registry.corp:5000/v2/", True),
        ("registry.corp:5000", "https://registry.corp/v2/", False),
        ("10.0.0.0/8", "https://10.1.2.3/v2/", True),
        ("10.0.0.0/8", "https://11.1.2.3/v2/", False),
        ("10.0.0.0/8", "https://registry.corp/v2/", False),
        ("10.0.0.0/99,10.1.2.3", "https://10.1.2.3/v2/", True),
        ("fd00::/8", "https://[fd00::1]:5000/v2/", True),
        (",, ", "https://a.example/", False),
    ],
)
def test_names_that_are_reached_without_a_proxy(without: str, url: str, *, straight: bool):
    route = route_of({"HTTPS_PROXY": HERE, "NO_PROXY": without})
    assert (route.proxy(url) is None) is straight


def test_a_bundle_of_certificates_is_found_before_it_is_needed(tmp_path: Path):
    bundle = tmp_path / "ca.pem"
    with pytest.raises(UsageError, match="is not there"):
        route_of({"AWS_CA_BUNDLE": str(bundle)})
    bundle.touch()
    assert route_of({"REQUESTS_CA_BUNDLE": str(bundle)}).authorities == str(bundle)
    assert route_of({"REQUESTS_CA_BUNDLE": "/other", "AWS_CA_BUNDLE": str(bundle)}).authorities == str(bundle)
