"""Capabilities: what registries were seen not to do in this run, and where in them blobs lie that came there in it."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from ecr_publish.model.digest import Digest
from ecr_publish.model.registry import Registry, Repository


class Capabilities:
    """One for a run; safe from threads."""

    def __init__(self) -> None:
        self._lacking: dict[Repository, str] = {}
        self._unmountable: set[tuple[Repository, Repository]] = set()
        self._homes: dict[tuple[Registry, Digest], Repository] = {}
        self._closed: set[Registry] = set()
        self._lock = threading.Lock()

    def lacks_referrers(self, repository: Repository) -> bool:
        """Whether its registry was seen to lack the referrers API, for this repository: one odd answer is to hide no
        other repository's."""
        with self._lock:
            return repository in self._lacking

    def saw_no_referrers(self, repository: Repository, warning: str = "") -> None:
        """It answered as a registry that does not know the address. A `warning` says what is odd about that."""
        with self._lock:
            self._lacking[repository] = self._lacking.get(repository) or warning

    def odd_referrers(self, repository: Repository) -> tuple[str, ...]:
        """Warnings for everything that is copied from there."""
        with self._lock:
            warning = self._lacking.get(repository)
        return (warning,) if warning else ()

    def mounts(self, source: Repository, goal: Repository) -> bool:
        """Whether a mount may be tried: within one registry, and not refused before."""
        with self._lock:
            return source.registry == goal.registry and (source, goal) not in self._unmountable

    def saw_no_mount(self, source: Repository, goal: Repository) -> None:
        """It answered a mount by an upload session."""
        with self._lock:
            self._unmountable.add((source, goal))

    def settle(self, repository: Repository, digests: Iterable[Digest]) -> None:
        """An image is whole in the repository, with these blobs: others of its registry may be given them from there.
        ECR mounts only what some manifest names already (containers-roadmap#2860)."""
        with self._lock:
            for digest in digests:
                self._homes.setdefault((repository.registry, digest), repository)

    def home(self, repository: Repository, digest: Digest) -> Repository | None:
        """A neighbour that has the blob since this run; None if there is none, or its registry gives nothing."""
        with self._lock:
            found = self._homes.get((repository.registry, digest))
            if found is None or found == repository or repository.registry in self._closed:
                return None
            return None if (found, repository) in self._unmountable else found

    def saw_closed(self, registry: Registry) -> None:
        """It did not give a blob of one repository to another."""
        with self._lock:
            self._closed.add(registry)
