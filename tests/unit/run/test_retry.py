"""Retry: only what can heal, and never longer than the deadline."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from ecr_publish.errors import NotAuthorised, PublishError, Throttled, Unavailable
from ecr_publish.run.clock import SimulatedClock
from ecr_publish.run.retry import Retry

GONE = Unavailable(what="gone", where="-", hint="-")


class Failing:
    """Raises the given errors one after the other, then gives a result."""

    def __init__(self, *errors: PublishError) -> None:
        self.errors, self.calls = list(errors), 0

    def __call__(self) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock(datetime(2026, 1, 1, tzinfo=UTC))


def test_waits_double_until_it_heals(clock: SimulatedClock):
    call = Failing(GONE, GONE, GONE)
    assert Retry(clock, lambda seconds: seconds)(call) == "done"
    assert clock.monotonic() == 0.5 + 1 + 2


def test_what_cannot_heal_is_not_tried_again(clock: SimulatedClock):
    call = Failing(NotAuthorised(what="no", where="-", hint="-"))
    with pytest.raises(NotAuthorised):
        Retry(clock, lambda seconds: seconds)(call)
    assert call.calls == 1


def test_after_the_last_attempt_the_error_goes_on(clock: SimulatedClock):
    call = Failing(*[GONE] * 10)
    with pytest.raises(Unavailable):
        Retry(clock, lambda seconds: seconds, attempts=3)(call)
    assert call.calls == 3


def test_no_attempt_begins_after_the_deadline(clock: SimulatedClock):
    call = Failing(*[GONE] * 100)
    with pytest.raises(Unavailable):
        Retry(clock, lambda seconds: seconds, attempts=100, deadline=60)(call)
    assert clock.monotonic() <= 60


def test_the_service_s_own_wait_counts_where_it_is_longer(clock: SimulatedClock):
    slow = Throttled(what="slow", where="-", hint="-")
    slow.retry_after = 30.0
    assert Retry(clock, lambda seconds: 0.0)(Failing(slow)) == "done"
    assert clock.monotonic() == 30.0


def test_a_wait_beyond_the_deadline_is_not_begun(clock: SimulatedClock):
    slow = Throttled(what="slow", where="-", hint="-")
    slow.retry_after = 3600.0
    with pytest.raises(Throttled):
        Retry(clock, lambda seconds: 0.0)(Failing(slow))
    assert clock.monotonic() == 0.0


def test_a_call_that_takes_longer_than_the_deadline_may_fail_once(clock: SimulatedClock):
    failing = Failing(GONE)

    def slow() -> str:
        clock.advance(timedelta(seconds=400))
        return failing()

    assert Retry(clock, lambda seconds: seconds)(slow) == "done"
    assert failing.calls == 2


def test_in_a_rehearsal_what_others_sleep_meanwhile_is_no_time_of_this_call(clock: SimulatedClock):
    """As of a step that waits for a scan beside it."""
    failing = Failing(GONE, GONE, GONE)

    def beside() -> str:
        other = threading.Thread(target=clock.sleep, args=(timedelta(minutes=10),))
        other.start()
        other.join()
        return failing()

    assert Retry(clock, lambda seconds: seconds)(beside) == "done"
    assert failing.calls == 4
