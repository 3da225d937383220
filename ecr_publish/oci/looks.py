"""Looks: what was seen under tags a moment ago, so that nothing is asked twice within a moment of a run."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import Future, wait
from dataclasses import dataclass

from ecr_publish.errors import TagTaken
from ecr_publish.model.digest import Digest
from ecr_publish.model.registry import Repository
from ecr_publish.ports.clock import Clock

FRESH = 2.0  # seconds; a step looks at its tags and hands them to the engine within a moment


@dataclass(frozen=True, slots=True)
class Look:
    """What a reference named at a moment (monotonic seconds); None if nothing."""

    digest: Digest | None
    moment: float

    def is_fresh(self, now: float) -> bool:
        """Whether it may still be taken for what is there."""
        return now - self.moment <= FRESH


@dataclass(frozen=True, slots=True)
class Question:
    """What a reference names, asked at a moment; `taken` is how often its looks had been taken by then."""

    repository: Repository
    reference: str
    moment: float
    taken: int


def moved_meanwhile(
    repository: Repository, tag: str, seen: Digest | None, *, present: Digest | None, wanted: Digest
) -> TagTaken:
    """The error for a tag that somebody else wrote between the look by which its write was decided and the write."""
    return TagTaken(
        what=f"the tag {tag} named {seen or 'nothing'} when this transfer began and names "
        f"{present or 'nothing'} now; this image is {wanted}",
        where=f"{repository}:{tag}",
        hint="somebody else wrote it meanwhile: see what it is, then run again",
    )


class Looks:
    """Each look is used by one write, while it is fresh: what lies between a look and a write must stay short, for
    somebody else may write the tag meanwhile. Safe from threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: dict[tuple[Repository, str], Look] = {}
        self._asked: dict[tuple[Repository, str], Future[Digest | None]] = {}
        self._absent: set[tuple[Repository, str]] = set()
        self._taken: Counter[tuple[Repository, str]] = Counter()
        self._lock = threading.Lock()

    def look(self, ask: Callable[[], Digest | None]) -> Look:
        """What is answered now, as a look of the moment when it was asked."""
        moment = self._clock.monotonic()
        return Look(ask(), moment)

    def now(self, digest: Digest | None) -> Look:
        """A look of this moment, for questions that begin now."""
        return Look(digest, self._clock.monotonic())

    def is_fresh(self, look: Look | None) -> bool:
        """Whether it is of the last moment."""
        return look is not None and look.is_fresh(self._clock.monotonic())

    def question(self, repository: Repository, reference: str) -> Question:
        """What a reference names, to be asked now."""
        with self._lock:
            return Question(repository, reference, self._clock.monotonic(), self._taken[repository, reference])

    def keep(self, question: Question, digest: Digest | None) -> None:
        """Remember the answer, unless the looks of the reference were taken meanwhile: it may be what was there before
        the write."""
        key = (question.repository, question.reference)
        with self._lock:
            if self._taken[key] == question.taken:
                self._kept[key] = Look(digest, question.moment)
                (self._absent.add if digest is None else self._absent.discard)(key)

    def asking(
        self, repository: Repository, reference: str, begin: Callable[[], Future[Digest | None]]
    ) -> Future[Digest | None]:
        """The question that is under way, whoever asked it, or the one that `begin` begins."""
        key = (repository, reference)
        with self._lock:
            if key not in self._asked or self._asked[key].done():
                self._asked[key] = begin()
            return self._asked[key]

    def fresh(self, repository: Repository, references: Iterable[str]) -> dict[str, Look]:
        """What is known of these references, and stays known."""
        now = self._clock.monotonic()
        with self._lock:
            found = {each: self._kept.get((repository, each)) for each in references}
        return {each: look for each, look in found.items() if look is not None and look.is_fresh(now)}

    def take(self, repository: Repository, references: tuple[str, ...]) -> dict[str, Look]:
        """What was seen last of these references, however long ago, and is known no longer after this: they are to be
        written, and who decided that did so by these looks. A question that `asking` began and that is under way is
        waited for: it need not be asked again."""
        keys = [(repository, each) for each in references]
        with self._lock:
            asked = [self._asked.get(key) for key in keys]
        wait([each for each in asked if each is not None])
        with self._lock:
            self._taken.update(keys)
            found = {key[1]: self._kept.pop(key, None) for key in keys}
            self._absent.difference_update(keys)
        return {each: look for each, look in found.items() if look is not None}

    def names(self, repository: Repository, digest: Digest) -> bool:
        """Whether a fresh look saw the digest in the repository; the looks that did are used up."""
        found = self.has(repository, digest)
        with self._lock:
            for key in [key for key, look in self._kept.items() if key[0] == repository and look.digest == digest]:
                del self._kept[key]
        return found

    def has(self, repository: Repository, digest: Digest) -> bool:
        """The same, and the looks stay."""
        now = self._clock.monotonic()
        with self._lock:
            kept = tuple(self._kept.items())
        return any(key[0] == repository and look.digest == digest and look.is_fresh(now) for key, look in kept)

    def lacked(self, repository: Repository, references: Iterable[str]) -> bool:
        """Whether any of the references named nothing when it was last looked at in this run, however long ago. It is
        good for a guess what will have to be asked, and for nothing else."""
        with self._lock:
            return any((repository, each) in self._absent for each in references)
