"""When lifecycle policies act: once a day per repository, by the clock of the embedded ECR.

Source: ECR User Guide, "Lifecycle policies": an image is expired within 24 hours after it qualifies. The day starts
when the policy is put; every run that is due by now is made, each as of its own instant.
"""

from __future__ import annotations

import math
from typing import Any

from ecr_publish.local.lifecycle import grammar
from ecr_publish.local.lifecycle.evaluation import Candidate, decisions, followers
from ecr_publish.local.lifecycle.rules import DAY, Action
from ecr_publish.local.records import Registry, Repository


class Schedule:
    """The runs that are due. Call it under the store's lock."""

    def __init__(self, ecr: Any) -> None:
        self._ecr = ecr
        self._next = -math.inf  # unknown: a store may hold policies

    def start(self, repository: Repository, now: float) -> None:
        """The repository has a policy from now on."""
        repository.lifecycle_at, repository.lifecycle_due = None, now + DAY
        self._next = min(self._next, now + DAY)

    def stop(self, repository: Repository) -> None:
        """The repository has no policy any more."""
        repository.lifecycle = repository.lifecycle_at = repository.lifecycle_due = None

    def tick(self, now: float) -> None:
        """Make the runs that are due; cheap if none is."""
        if now < self._next:
            return
        self._next = math.inf
        for registry in self._ecr.store.registries:
            for repository in tuple(registry.repositories.values()):
                self._catch_up(registry, repository, now)
                self._next = min(self._next, repository.lifecycle_due or math.inf)

    def _catch_up(self, registry: Registry, repository: Repository, now: float) -> None:
        due = repository.lifecycle_due
        if due is None or due > now:
            return
        while due <= now:
            self._run(repository, due)
            repository.lifecycle_at = due
            due += DAY
        repository.lifecycle_due = due
        self._ecr.store.save(registry, repository)

    def _run(self, repository: Repository, at: float) -> None:
        assert repository.lifecycle is not None
        images, follow = candidates(repository, at), self._ecr.quirks.referrers_follow_subject
        rules = grammar.parsed(repository.lifecycle)
        found = [(each.digest, each.action) for each in decisions(rules, images, at, referrers_follow=follow)]
        self._act(repository, found, at)
        if follow:
            self._act(repository, list(followers(candidates(repository, at))), at)

    def _act(self, repository: Repository, found: list[tuple[str, Action]], at: float) -> None:
        for digest, action in found:
            if action is Action.TRANSITION:
                repository.images[digest].archive(at)
        gone = [digest for digest, action in found if action is Action.EXPIRE]
        if gone:
            self._ecr.images.remove(repository, gone)


def candidates(repository: Repository, now: float) -> list[Candidate]:
    """A repository's images as the rules see them, in the order of their pushes."""
    tags: dict[str, list[str]] = {}
    for tag, digest in repository.tags.items():
        tags.setdefault(digest, []).append(tag)
    return [
        Candidate(
            digest=image.digest,
            tags=tuple(sorted(tags.get(image.digest, ()))),
            pushed_at=image.pushed_at,
            pulled_at=image.pulled_at,
            archived_at=image.archived_at,
            activated_at=image.activated_at,
            archived=image.status_at(now) == "ARCHIVED",
            children=tuple(image.children),
            subject=image.subject,
            orphaned=image.orphaned,
        )
        for image in repository.images.values()
    ]
