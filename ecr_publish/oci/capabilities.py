"""Capabilities: what registries were seen not to do, in this run, so that nobody asks them for it again."""

from __future__ import annotations

import threading

from ecr_publish.model.registry import Registry, Repository


class Capabilities:
    """One for a run; safe from threads."""

    def __init__(self) -> None:
        self._lacking: set[Registry] = set()
        self._unmountable: set[tuple[Repository, Repository]] = set()
        self._lock = threading.Lock()

    def lacks_referrers(self, registry: Registry) -> bool:
        """Whether it was seen to lack the referrers API."""
        with self._lock:
            return registry in self._lacking

    def saw_no_referrers(self, registry: Registry) -> None:
        """It answered as a registry that does not know the address."""
        with self._lock:
            self._lacking.add(registry)

    def mounts(self, source: Repository, goal: Repository) -> bool:
        """Whether a mount may be tried: within one registry, and not refused before."""
        with self._lock:
            return source.registry == goal.registry and (source, goal) not in self._unmountable

    def saw_no_mount(self, source: Repository, goal: Repository) -> None:
        """It answered a mount by an upload session."""
        with self._lock:
            self._unmountable.add((source, goal))
