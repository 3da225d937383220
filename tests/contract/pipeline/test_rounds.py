"""What counts round trips in series: answers that go in rounds."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from typing import Any

import pytest

from bench.rounds import in_rounds
from ecr_publish.local import embedded_ecr
from tests.contract.pipeline.stage import DEV


@pytest.fixture
def server() -> Iterator[Any]:
    with embedded_ecr() as found:
        yield found


def asks(server: Any, *paths: str) -> None:
    """One after another, on a connection of its own."""
    host = server.ecr.registry_url(DEV, "us-east-2").partition("://")[2]
    connection = HTTPConnection(host, timeout=60)
    for path in paths:
        connection.request("HEAD", f"/v2/{path}")
        connection.getresponse().read()
    connection.close()


def paths(rounds: Any) -> list[list[str]]:
    return [sorted(each.path.removeprefix("/v2/") for each in found) for found in rounds.done]


def test_requests_that_wait_for_one_another_are_rounds(server):
    with in_rounds(server, server.ecr.clock) as rounds:
        asks(server, "web/manifests/1", "web/manifests/2", "web/manifests/3")
    assert paths(rounds) == [["web/manifests/1"], ["web/manifests/2"], ["web/manifests/3"]]


def test_requests_side_by_side_are_one_round_whenever_each_of_them_begins(server):
    def late(number: int) -> None:
        sum(range(number * 300_000))  # work between one request and the next is no round trip
        asks(server, f"web/manifests/{number}", "web/manifests/last")

    with in_rounds(server, server.ecr.clock) as rounds, ThreadPoolExecutor(3) as pool:
        list(pool.map(late, range(3)))
    assert paths(rounds) == [[f"web/manifests/{number}" for number in range(3)], ["web/manifests/last"] * 3]


def test_a_round_takes_a_moment_on_the_clock(server):
    begin = server.ecr.clock.monotonic()
    with in_rounds(server, server.ecr.clock):
        asks(server, "web/manifests/1", "web/manifests/2")
    assert server.ecr.clock.monotonic() - begin == pytest.approx(0.06)
