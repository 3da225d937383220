"""Of two ways of asking for blobs the one that is expected to be sooner is taken."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ecr_publish.http.transport import Transport
from ecr_publish.model.digest import Digest, digest_of
from ecr_publish.model.registry import EcrRegistry, PlainRegistry, Registry, Repository
from ecr_publish.model.target import Target
from ecr_publish.oci.auth import Authorizer
from ecr_publish.oci.descriptor import Descriptor
from ecr_publish.oci.limiter import Limiter
from ecr_publish.oci.presence import BatchPresence, ChosenPresence
from ecr_publish.oci.wire import Line, Wire
from ecr_publish.ports.access import Access
from ecr_publish.run.clock import SimulatedClock
from ecr_publish.run.retry import Retry
from ecr_publish.run.stop import StopRequest

DEV = EcrRegistry("111111111111", "us-east-2")


class Loaded:
    """An API that has every blob with an even number, and takes `takes` seconds for a call."""

    def __init__(self, clock: SimulatedClock, takes: float = 0.1, *, ready: bool = True) -> None:
        self._clock, self._takes, self._ready = clock, takes, ready
        self.calls: list[int] = []

    def ready(self, target: Target) -> bool:
        return self._ready

    def available(self, target: Target, repository: Repository, digests: tuple[Digest, ...]) -> frozenset[Digest]:
        self.calls.append(len(digests))
        self._clock.advance(timedelta(seconds=self._takes))
        return frozenset(digests) & EVEN


class Nobody:
    """No registry is asked in these tests."""

    def access(self, target: Target) -> Access:
        return Access("http://127.0.0.1:1")

    def renew(self, target: Target) -> Access:
        return self.access(target)


def blobs(count: int) -> tuple[Descriptor, ...]:
    return tuple(Descriptor("layer", digest_of(b"%d" % number), 1) for number in range(count))


EVEN = frozenset(blob.digest for blob in blobs(1000)[::2])


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock(datetime(2026, 1, 1, tzinfo=UTC))


def wire(clock: SimulatedClock, registry: Registry = DEV) -> Wire:
    transport = Transport(StopRequest())
    line = Line(transport, Authorizer(Nobody(), transport), Limiter(clock))
    return Wire(line, Retry(clock, lambda s: s), Target("dev", "dev", registry), Repository(registry, "web"))


def test_many_blobs_are_asked_for_a_hundred_at_a_time(clock: SimulatedClock):
    api = Loaded(clock)
    asks = BatchPresence(api).asks(wire(clock), blobs(250))
    found = frozenset(digest for ask in asks for digest in ask())
    assert api.calls == [100, 100, 50]
    assert found == {blob.digest for blob in blobs(250)[::2]}


def test_a_few_blobs_are_one_round_of_heads(clock: SimulatedClock):
    assert len(ChosenPresence(clock, 16, Loaded(clock)).asks(wire(clock), blobs(13))) == 13


def test_many_blobs_are_one_call(clock: SimulatedClock):
    assert len(ChosenPresence(clock, 16, Loaded(clock)).asks(wire(clock), blobs(100))) == 1


def test_a_client_is_not_loaded_for_what_a_few_rounds_of_heads_can_do(clock: SimulatedClock):
    presence = ChosenPresence(clock, 16, Loaded(clock, ready=False))
    assert len(presence.asks(wire(clock), blobs(100))) == 100
    assert len(presence.asks(wire(clock), blobs(1000))) == 10


def test_an_api_that_was_slow_is_left_alone(clock: SimulatedClock):
    presence = ChosenPresence(clock, 16, Loaded(clock, takes=5.0))
    (slow,) = presence.asks(wire(clock), blobs(100))
    slow()
    assert len(presence.asks(wire(clock), blobs(100))) == 100


def test_a_plain_registry_has_no_api(clock: SimulatedClock):
    presence = ChosenPresence(clock, 16, Loaded(clock))
    assert len(presence.asks(wire(clock, PlainRegistry("127.0.0.1:1")), blobs(1000))) == 1000
