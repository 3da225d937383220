"""Lanes bound what runs at once; a blob that two images want is brought once, and each image fails for itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait

import pytest

from ecr_publish.errors import BadImage, Unavailable
from ecr_publish.model.digest import digest_of
from ecr_publish.model.registry import PlainRegistry, Repository
from ecr_publish.oci.lanes import Job, Lanes, Moved

WEB = Repository(PlainRegistry("registry.example"), "web")


@pytest.fixture
def lanes() -> Iterator[Lanes]:
    made = Lanes(4)
    yield made
    made.close()


def job(name: str, work) -> Job:
    return Job((WEB, digest_of(name.encode())), 10, work)


def test_a_blob_that_another_image_is_bringing_is_waited_for(lanes: Lanes):
    begun, go, calls = threading.Event(), threading.Event(), []

    def slow() -> Moved:
        calls.append(1)
        begun.set()
        go.wait(5)
        return Moved(sent=10)

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(lanes.bring, (job("a", slow),), lanes.moment())
        assert begun.wait(5)
        second = pool.submit(lanes.bring, (job("a", slow),), lanes.moment())
        while lanes._running[WEB, digest_of(b"a")].sharers < 2:
            pass
        go.set()
        assert (first.result(), second.result(), len(calls)) == ([Moved(sent=10)], [Moved(reused=10)], 1)


def test_a_blob_that_came_after_it_was_asked_for_is_not_brought_again(lanes: Lanes):
    asked, calls = lanes.moment(), []

    def work() -> Moved:
        calls.append(1)
        return Moved(sent=10)

    lanes.bring((job("a", work),), asked)
    assert lanes.bring((job("a", work),), asked) == [Moved(reused=10)]
    assert lanes.bring((job("a", work),), lanes.moment()) == [Moved(sent=10)]
    assert len(calls) == 2


def test_after_a_failure_what_has_not_begun_is_dropped():
    lanes, calls = Lanes(1), []

    def failing() -> Moved:
        time.sleep(0.2)  # until all others wait behind it
        raise Unavailable(what="gone", where="-", hint="-")

    def late() -> Moved:
        calls.append(1)
        return Moved()

    with pytest.raises(Unavailable):
        lanes.bring((job("a", failing), *(job(str(number), late) for number in range(100))), lanes.moment())
    assert calls == []
    lanes.close()


def test_an_act_that_fails_is_the_last_to_begin_though_nobody_has_looked_yet():
    lanes, calls, all_wait = Lanes(1), [], threading.Event()

    def failing() -> None:
        all_wait.wait()
        raise Unavailable(what="gone", where="-", hint="-")

    started = lanes.start([failing, *(lambda: calls.append(1) for _ in range(100))])
    behind = lanes.begin(lambda: None)
    all_wait.set()
    behind.result()
    with pytest.raises(Unavailable):
        started.results()
    assert calls == []
    lanes.close()


def test_another_image_s_damaged_layout_does_not_fail_this_one(lanes: Lanes):
    begun, go = threading.Event(), threading.Event()

    def damaged() -> Moved:
        begun.set()
        go.wait(5)
        raise BadImage(what="damaged", where="-", hint="-")

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(lanes.bring, (job("a", damaged),), lanes.moment())
        assert begun.wait(5)
        second = pool.submit(lanes.bring, (job("a", lambda: Moved(sent=10)),), lanes.moment())
        while lanes._running[WEB, digest_of(b"a")].sharers < 2:
            pass
        go.set()
        assert second.result() == [Moved(sent=10)]
        assert isinstance(first.exception(), BadImage)


def test_never_more_run_than_there_are_lanes(lanes: Lanes):
    running, most, lock = [0], [0], threading.Lock()

    def act() -> None:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        threading.Event().wait(0.002)
        with lock:
            running[0] -= 1

    lanes.do([act] * 40)
    assert most[0] <= 4


def test_a_blob_that_has_failed_just_now_is_brought_and_not_waited_for(lanes: Lanes):
    go = threading.Event()

    def fails() -> Moved:
        go.wait(5)
        raise Unavailable(what="no", where="here", hint="again")

    with lanes._lock:  # the lane has failed, and comes no further: nobody knows that it has ended
        failed, _ = lanes._lane(job("a", fails), lanes.moment())
        go.set()
        wait([failed])
        again, mine = lanes._lane(job("a", lambda: Moved(sent=10)), lanes.moment())
    assert (mine, again.result()) == (True, Moved(sent=10))
    lanes.close()
    assert lanes._running == {}
