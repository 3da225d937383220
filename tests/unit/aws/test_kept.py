"""What is expensive to get is got once, however many ask."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from ecr_publish.aws.kept import Kept


def test_many_threads_that_ask_at_once_cause_one_fetch():
    kept: Kept[str, int] = Kept()
    fetched = []
    everybody = threading.Barrier(8)

    def ask(_):
        everybody.wait(5)
        return kept.get("key", lambda: fetched.append(1) or len(fetched))

    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(ask, range(8)))
    assert (answers, len(fetched)) == ({1}, 1)


def test_another_key_does_not_wait():
    kept: Kept[str, str] = Kept()
    release, inside = threading.Event(), threading.Event()

    def slow():
        inside.set()
        release.wait(5)
        return "slow"

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(kept.get, "slow", slow)
        inside.wait(5)
        assert kept.get("quick", lambda: "quick") == "quick"
        release.set()
        assert waiting.result(5) == "slow"


def test_a_fetch_that_raises_keeps_nothing():
    kept: Kept[str, int] = Kept()

    def fail():
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        kept.get("key", fail)
    assert kept.get("key", lambda: 7) == 7


def test_a_value_that_is_no_longer_good_is_fetched_again():
    kept: Kept[str, int] = Kept()
    kept.get("key", lambda: 1)
    assert kept.get("key", lambda: 2, is_good=lambda value: value > 1) == 2
