"""A crew does several acts at once, and after a failure it is over: one error, nothing begun, no thread left."""

from __future__ import annotations

import threading

import pytest

from ecr_publish.builders.crew import MOST, Crew, crew


class Refused(Exception):
    pass


class Acts:
    """What was begun and ended, and how many were under way at once."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.ended: list[str] = []
        self.most = 0
        self._lock = threading.Lock()

    def __call__(self, word: str) -> None:
        with self._lock:
            self.begun.append(word)
            self.most = max(self.most, len(self.begun) - len(self.ended))
        threading.Event().wait(0.01)
        with self._lock:
            self.ended.append(word)


def threads() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name.startswith("layer")]


def test_all_is_done_in_the_order_in_which_it_was_begun_and_no_more_at_once_than_the_process_may():
    acts, words = Acts(), [str(number) for number in range(20)]
    with crew() as one, crew() as other:
        for word in words:
            one.begin(acts, word)
            other.begin(acts, word)
    assert sorted(acts.ended) == sorted([*words, *words])
    assert acts.most == MOST
    assert threads() == []


def endless(working: Crew, begun: threading.Event):
    def act(_: str) -> None:
        begun.set()
        for _ in working.passing(iter(lambda: threading.Event().wait(0.01), None)):
            pass

    return act


def failing_after(begun: threading.Event):
    def act(word: str) -> None:
        if MOST > 1:
            assert begun.wait(10)
        raise Refused(word)

    return act


def test_the_first_failure_is_told_when_what_was_under_way_has_left():
    acts, begun = Acts(), threading.Event()
    with pytest.raises(Refused, match="second"), crew() as working:
        if MOST > 1:
            working.begin(endless(working, begun), "first")
        working.begin(failing_after(begun), "second")
        for word in ("third", "fourth"):
            working.begin(acts, word)
    assert acts.begun == []
    assert threads() == []


def test_acts_leave_where_whoever_began_them_fails():
    begun = threading.Event()
    with pytest.raises(Refused), crew() as working:
        working.begin(endless(working, begun), "first")
        assert begun.wait(10)
        raise Refused
    assert threads() == []
