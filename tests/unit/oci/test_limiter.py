"""Requests are paced by ECR's documented rates, and by what the registry itself asks for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecr_publish.errors import Throttled
from ecr_publish.model.registry import EcrPublicRegistry, EcrRegistry, PlainRegistry, Registry
from ecr_publish.oci.limiter import PRIVATE, Limiter
from ecr_publish.run.clock import SimulatedClock

DEV = EcrRegistry("111111111111", "us-east-2")
PROD = EcrRegistry("333333333333", "us-east-2")
PLAIN = PlainRegistry("registry.example")
PUT = "ecr:PutImage"


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock(datetime(2026, 1, 1, tzinfo=UTC))


def seconds_for(
    count: int, limiter: Limiter, clock: SimulatedClock, registry: Registry = DEV, action: str = PUT
) -> float:
    begin = clock.monotonic()
    for _ in range(count):
        limiter.wait(registry, action)
    return clock.monotonic() - begin


def test_many_writes_take_hardly_longer_than_the_documented_rate_allows(clock: SimulatedClock):
    assert 29 < seconds_for(300, Limiter(clock), clock) < 1.1 * 300 / PRIVATE[PUT]


def test_a_handful_of_writes_is_not_held_up(clock: SimulatedClock):
    assert seconds_for(8, Limiter(clock), clock) == 0


def test_each_registry_and_each_action_has_a_pace_of_its_own(clock: SimulatedClock):
    limiter = Limiter(clock)
    seconds_for(100, limiter, clock)
    assert seconds_for(8, limiter, clock, PROD) == 0
    assert seconds_for(70, limiter, clock, DEV, "ecr:InitiateLayerUpload") == 0


def test_ecr_public_has_rates_of_its_own(clock: SimulatedClock):
    assert seconds_for(100, Limiter(clock), clock, EcrPublicRegistry("team"), "ecr:InitiateLayerUpload") > 9


def test_a_registry_without_documented_rates_is_not_paced(clock: SimulatedClock):
    assert seconds_for(10_000, Limiter(clock), clock, PLAIN) == 0


def test_after_a_refusal_nothing_is_sent_before_the_time_that_was_asked_for(clock: SimulatedClock):
    limiter = Limiter(clock)
    limiter.refused(DEV, PUT, 7.0)
    assert seconds_for(1, limiter, clock) >= 7.0


def test_nobody_waits_for_longer_than_a_run_should_take(clock: SimulatedClock):
    limiter = Limiter(clock)
    limiter.refused(DEV, PUT, 600.0)
    with pytest.raises(Throttled, match="600 s") as told:
        limiter.wait(DEV, PUT)
    assert (told.value.retry_after, clock.monotonic()) == (600.0, 0.0)
    assert seconds_for(1, limiter, clock, PROD) == 0
    clock.sleep(timedelta(seconds=301))
    assert seconds_for(1, limiter, clock) < 1


def test_a_refusal_halves_the_rate_and_it_comes_back(clock: SimulatedClock):
    limiter = Limiter(clock)
    seconds_for(20, limiter, clock)
    limiter.refused(DEV, PUT, None)
    assert seconds_for(10, limiter, clock) > 1.4
    seconds_for(100, limiter, clock)
    assert seconds_for(95, limiter, clock) < 10.5


def test_many_refusals_at_once_count_as_one(clock: SimulatedClock):
    limiter = Limiter(clock)
    for _ in range(16):
        limiter.refused(DEV, PUT, None)
    assert seconds_for(10, limiter, clock) < 4


def test_a_plain_registry_is_paced_once_it_has_refused(clock: SimulatedClock):
    limiter = Limiter(clock)
    seconds_for(40, limiter, clock, PLAIN)
    limiter.refused(PLAIN, PUT, None)
    assert 0 < seconds_for(20, limiter, clock, PLAIN) < 5


@given(st.lists(st.booleans(), max_size=200))
def test_whatever_is_refused_the_next_request_goes_within_bounds(refusals: list[bool]):
    clock = SimulatedClock(datetime(2026, 1, 1, tzinfo=UTC))
    limiter = Limiter(clock)
    for refused in refusals:
        if refused:
            limiter.refused(DEV, PUT, None)
        assert seconds_for(1, limiter, clock) <= 2 + 1 / 0.5
