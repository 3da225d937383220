"""Sleeps of the machine's clock and of a simulated one: how long they are, and what ends them early."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from ecr_publish.errors import Interrupted
from ecr_publish.run.clock import SimulatedClock, SystemClock
from ecr_publish.run.stop import StopRequest

HOUR = timedelta(hours=1)


@pytest.mark.parametrize("seconds", [0, 0.1, 0.6])
def test_a_sleep_is_as_long_as_it_is_to_be(seconds: float):
    begin = time.monotonic()
    SystemClock(StopRequest()).sleep(timedelta(seconds=seconds))
    assert seconds <= time.monotonic() - begin < seconds + 5


def test_a_sleep_that_is_given_up_ends():
    given_up, begin = threading.Event(), time.monotonic()
    threading.Timer(0.3, given_up.set).start()
    SystemClock(StopRequest()).sleep(HOUR, given_up.is_set)
    assert 0.3 <= time.monotonic() - begin < 5


def test_a_stop_ends_a_sleep():
    stop, begin = StopRequest(), time.monotonic()
    threading.Timer(0.3, stop.interrupt).start()
    with pytest.raises(Interrupted):
        SystemClock(stop).sleep(HOUR)
    assert time.monotonic() - begin < 5


def test_simulated_time_passes_given_up_or_not():
    clock = SimulatedClock(datetime(2026, 1, 1, tzinfo=UTC))
    clock.sleep(HOUR, lambda: True)
    assert clock.monotonic() == HOUR.total_seconds()
