"""Several tags are looked at side by side, once, and an error is told for the tag that it belongs to."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from ecr_publish.errors import Interrupted, NotAuthorised, RegistryRefused
from ecr_publish.http.transport import Transport
from ecr_publish.model.registry import PlainRegistry, Repository
from ecr_publish.model.target import Target
from ecr_publish.oci.images import RegistryImages
from ecr_publish.oci.looking import Looking
from ecr_publish.ports.access import Access
from ecr_publish.run.clock import SimulatedClock, SystemClock
from ecr_publish.run.stop import StopRequest
from tests.unit.http.scripted import Asked, serving
from tests.unit.oci.test_auth import BearerRegistry, engine, url

LAB = Target("lab", "lab", PlainRegistry("registry.example"))
WEB = Repository(LAB.registry, "web")
ONE = "sha256:" + "1" * 64


class Registry:
    """Tags by name; `odd` is refused, `slow` waits until all others were asked for."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.others = threading.Event()

    def __call__(self, asked: Asked) -> tuple[int, dict[str, str], bytes]:
        tag = asked.path.rpartition("/")[2]
        self.asked[tag] += 1
        if tag == "slow":
            self.others.wait(10)
        if self.asked.total() == 3:
            self.others.set()
        if tag == "odd":
            return 418, {}, b""
        return (404, {}, b"") if tag == "absent" else (200, {"Docker-Content-Digest": ONE}, b"")


class Anonymous:
    def __init__(self, url: str) -> None:
        self.url = url

    def access(self, target: Target) -> Access:
        return Access(self.url)

    renew = access


@pytest.fixture
def registry() -> Registry:
    return Registry()


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock(datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
def images(registry: Registry, clock: SimulatedClock) -> Iterator[RegistryImages]:
    with serving(registry) as server:
        made = RegistryImages(Transport(StopRequest()), Anonymous(server.url), clock, lambda seconds: seconds)
        yield made
        made.close()


def test_tags_are_asked_for_side_by_side(images: RegistryImages):
    looked = images.look(LAB, WEB, ("slow", "1.0", "absent"))
    assert [str(looked.digest(tag)) for tag in ("slow", "1.0", "absent")] == [ONE, ONE, "None"]


def test_a_tag_that_was_looked_at_a_moment_ago_is_not_asked_for_again(images, registry, clock):
    for _ in range(3):
        assert str(images.look(LAB, WEB, ("1.0",)).digest("1.0")) == ONE
    assert registry.asked["1.0"] == 1
    clock.advance(timedelta(seconds=3))
    images.look(LAB, WEB, ("1.0",)).digest("1.0")
    assert registry.asked["1.0"] == 2


def test_a_question_that_is_under_way_is_not_asked_again(images, registry):
    looks = [images.look(LAB, WEB, ("slow",)) for _ in range(5)]
    registry.others.set()
    assert {str(each.digest("slow")) for each in looks} == {ONE}
    assert registry.asked["slow"] == 1


def test_each_tag_has_its_own_error(images: RegistryImages):
    looked = images.look(LAB, WEB, ("1.0", "odd"))
    assert str(looked.digest("1.0")) == ONE
    with pytest.raises(RegistryRefused, match="418"):
        looked.digest("odd")


def test_a_registry_that_challenges_does_so_once():
    registry = BearerRegistry()
    with serving(registry) as server:
        registry.server = server
        images = engine(url(registry))
        looked = images.look(LAB, WEB, ("1", "2", "3", "4"))
        assert all(looked.digest(tag) is not None for tag in "1234")
        sent = Counter(each.headers.get("authorization", "")[:6] for each in server.asked if "/v2/" in each.path)
    assert sent == {"Basic ": 1, "Bearer": 4}


@contextmanager
def throttled(stop: StopRequest) -> Iterator[tuple[RegistryImages, Looking]]:
    """A look at two tags: one is refused, and for the other one the registry asks for 25 seconds of patience."""
    came = threading.Event()

    def answer(asked: Asked) -> tuple[int, dict[str, str], bytes]:
        if asked.path.endswith("refused"):
            came.wait(10)
            return 403, {}, b""
        came.set()
        return 429, {"Retry-After": "25"}, b""

    with serving(answer) as server:
        images = RegistryImages(Transport(stop), Anonymous(server.url), SystemClock(stop), lambda seconds: seconds)
        looked = images.look(LAB, WEB, ("refused", "throttled"))
        with pytest.raises(NotAuthorised):
            looked.digest("refused")
        time.sleep(0.3)  # by now the other question waits for its next attempt
        yield images, looked


def test_after_a_failure_the_end_waits_for_no_next_attempt():
    with throttled(StopRequest()) as (images, looked):
        begin = time.monotonic()
        images.close()
        assert time.monotonic() - begin < 5
        with pytest.raises(CancelledError):
            looked.digest("throttled")


def test_a_stop_waits_for_no_next_attempt():
    stop = StopRequest()
    with throttled(stop) as (images, looked):
        begin = time.monotonic()
        stop.interrupt()
        with pytest.raises(Interrupted):
            looked.digest("throttled")
        assert time.monotonic() - begin < 5
        images.close()
