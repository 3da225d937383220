"""The CI's token is asked for anew each time; a service in trouble is told from one that gives none."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from ecr_publish.app.identity import web_identity
from ecr_publish.errors import NotAuthorised, Unavailable
from ecr_publish.http.route import Route
from ecr_publish.run.stop import StopRequest
from tests.unit.http.scripted import serving


def asking(url: str) -> Callable[[str], str]:
    """As a GitHub job asks, whose token service is at that address."""
    env = {"ACTIONS_ID_TOKEN_REQUEST_URL": f"{url}/token", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "job-secret"}
    asked = web_identity(env, StopRequest(), Route())
    assert asked is not None
    return asked


def test_each_audience_is_asked_for_with_the_jobs_secret():
    with serving(lambda asked: (200, {}, json.dumps({"value": asked.path}).encode())) as service:
        token = asking(service.url)
        assert [token("one"), token("two")] == ["/token?audience=one", "/token?audience=two"]
    assert {asked.headers["authorization"] for asked in service.asked} == {"Bearer job-secret"}


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_service_in_trouble_is_unavailable_and_says_nothing_of_permissions(status: int):
    with serving(lambda asked: (status, {}, b"{}")) as service, pytest.raises(Unavailable) as caught:
        asking(service.url)("sts.amazonaws.com")
    assert str(status) in caught.value.what
    assert "permissions" not in caught.value.hint
    assert caught.value.retryable


def test_a_service_that_hangs_up_is_unavailable():
    with serving(lambda asked: (200, {}, None)) as service, pytest.raises(Unavailable):
        asking(service.url)("sts.amazonaws.com")


def test_a_service_that_nobody_runs_is_unavailable():
    with serving(lambda asked: (200, {}, b"{}")) as service:
        pass
    with pytest.raises(Unavailable):
        asking(service.url)("sts.amazonaws.com")


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_service_that_refuses_is_no_service_in_trouble(status: int):
    with serving(lambda asked: (status, {}, b"{}")) as service, pytest.raises(NotAuthorised, match=str(status)):
        asking(service.url)("sts.amazonaws.com")
