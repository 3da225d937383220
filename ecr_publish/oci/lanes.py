"""Lanes: the bound on requests that run side by side, shared by all images of a run; and each blob on one lane only."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_EXCEPTION, CancelledError, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Generic, TypeVar

from ecr_publish.model.digest import Digest
from ecr_publish.model.registry import Repository

Result = TypeVar("Result")
Key = tuple[Repository, Digest]


@dataclass(frozen=True, slots=True)
class Moved:
    """What became of one blob, in bytes: sent, or there already (or mounted)."""

    sent: int = 0
    reused: int = 0
    mounted: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """Bringing one blob of `size` bytes to one repository."""

    key: Key
    size: int
    work: Callable[[], Moved]


@dataclass
class _Running:
    future: Future[Moved]
    sharers: int = 1


class Started(Generic[Result]):
    """Acts that are under way side by side."""

    def __init__(self, futures: list[Future[Result]]) -> None:
        self._futures = futures

    def results(self) -> list[Result]:
        """In the order of the acts. The first failure is raised when none runs any more; what has not begun by then is
        dropped."""
        wait(self._futures, return_when=FIRST_EXCEPTION)
        if any(future.done() and future.exception() for future in self._futures):
            for future in self._futures:
                future.cancel()
        wait(self._futures)
        _raise_first(self._futures)
        return [future.result() for future in self._futures]


class Lanes:
    """Threads for `width` requests at once. Work in a lane never waits for another lane; what streams from registry to
    registry has two requests under way, and begins the one that it reads `beside` its lane."""

    def __init__(self, width: int) -> None:
        self._pool = ThreadPoolExecutor(width, thread_name_prefix="lane")
        self._beside = ThreadPoolExecutor(width, thread_name_prefix="beside")
        self._running: dict[Key, _Running] = {}
        self._brought: dict[Key, int] = {}
        self._moment = 0
        self._lock = threading.RLock()  # cancelling calls `_ended` from within

    def drop(self) -> None:
        """Begin nothing more; what has not begun is dropped, and nothing is waited for."""
        for pool in (self._pool, self._beside):
            pool.shutdown(wait=False, cancel_futures=True)

    def close(self) -> None:
        """End the threads; what has not begun is dropped, and what has is waited for."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._beside.shutdown(wait=True, cancel_futures=True)

    def moment(self) -> int:
        """A point in the order of events: taken before asking what is there, given to `bring` afterwards."""
        with self._lock:
            return self._moment

    def begin(self, act: Callable[[], Result]) -> Future[Result]:
        """Begin an act beside everything else; it holds a lane of its own and must not wait for another."""
        return self._pool.submit(act)

    def beside(self, act: Callable[[], Result]) -> Future[Result]:
        """Begin the one request that the work in a lane makes beside its own; there is a thread for each lane."""
        return self._beside.submit(act)

    def start(self, acts: Iterable[Callable[[], Result]]) -> Started[Result]:
        """Begin all acts side by side, beside everything else; none of them may wait for another lane. After the first
        failure none begins any more."""
        given_up = threading.Event()

        def attempt(act: Callable[[], Result]) -> Result:
            # in the lane itself: it may take up many acts before the thread that waits for them gets its turn
            if given_up.is_set():
                raise CancelledError
            try:
                return act()
            except BaseException:
                given_up.set()
                raise

        return Started([self._pool.submit(attempt, act) for act in acts])

    def do(self, acts: Iterable[Callable[[], Result]]) -> list[Result]:
        """Do all acts side by side; results in their order. The first failure is raised when none runs any more."""
        return self.start(acts).results()

    def bring(self, jobs: tuple[Job, ...], asked: int) -> list[Moved]:
        """Bring blobs, each at most once: one that another image is bringing is waited for, one that it brought since
        the moment `asked` is not brought again. After the first failure, what has not begun is dropped."""
        taken = [(job, *self._lane(job, asked)) for job in jobs]
        own = [future for _, future, mine in taken if mine]
        given_up = threading.Event()
        for future in own:
            # in the lane itself: before it takes up the next blob, which a waiting thread may be too late to drop
            future.add_done_callback(lambda ended: self._give_up(taken, given_up) if _failed(ended) else None)
        wait(own)
        _raise_first(own)
        wait([future for _, future, _ in taken])
        # another image's failure may be its own affair (a damaged layout): what it failed to bring is brought by us
        again = tuple(job for job, future, _ in taken if _failed(future))
        retried = self.bring(again, asked) if again else []
        return [_account(job, future, mine) for job, future, mine in taken if not _failed(future)] + retried

    def _lane(self, job: Job, asked: int) -> tuple[Future[Moved], bool]:
        """The future of a blob, and whether it is this image that brings it."""
        with self._lock:
            running = self._running.get(job.key)
            if running is not None and not _failed(running.future):
                running.sharers += 1
                return running.future, False
            if self._brought.get(job.key, -1) >= asked:
                done: Future[Moved] = Future()
                done.set_result(Moved())
                return done, False
            future = self._pool.submit(job.work)
            self._running[job.key] = _Running(future)
        future.add_done_callback(lambda _: self._ended(job.key, future))
        return future, True

    def _ended(self, key: Key, future: Future[Moved]) -> None:
        with self._lock:
            running = self._running.get(key)
            if running is not None and running.future is future:  # a failed one may have a successor already
                del self._running[key]
            if not _failed(future):
                self._brought[key] = self._moment
                self._moment += 1

    def _give_up(self, taken: list[tuple[Job, Future[Moved], bool]], given_up: threading.Event) -> None:
        """Leave all blobs of one image, once: each that is dropped by it ends here too."""
        with self._lock:
            if given_up.is_set():
                return
            given_up.set()
        for job, future, _ in taken:
            self._leave(job.key, future)

    def _leave(self, key: Key, future: Future[Moved]) -> None:
        """One image gives up; a blob that nobody else wants and that has not begun is dropped."""
        with self._lock:
            running = self._running.get(key)
            if running is None or running.future is not future:
                return
            running.sharers -= 1
            if running.sharers == 0:
                future.cancel()


def _account(job: Job, future: Future[Moved], mine: bool) -> Moved:
    return future.result() if mine else Moved(reused=job.size)


def _failed(future: Future[Moved]) -> bool:
    return future.done() and (future.cancelled() or future.exception() is not None)


def failure(ended: Future[Result]) -> BaseException | None:
    """What an act failed by; None also of one that was dropped, or found itself dropped: that is only a consequence."""
    error = None if ended.cancelled() else ended.exception()
    return None if isinstance(error, CancelledError) else error


def _raise_first(futures: Iterable[Future[Result]]) -> None:
    """The first real failure; if there is none, that one was dropped."""
    ended = list(futures)
    for future in ended:
        if (error := failure(future)) is not None:
            raise error
    for future in ended:
        future.result()
