"""Looking: several tags of a repository asked for side by side, and beside them what will have to be asked next."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, wait
from functools import partial

from ecr_publish.errors import RepositoryMissing
from ecr_publish.model.digest import Digest
from ecr_publish.model.registry import PlainRegistry
from ecr_publish.oci.lanes import Lanes
from ecr_publish.oci.looks import Looks
from ecr_publish.oci.manifests import Manifests
from ecr_publish.oci.wire import Wire


class Looking:
    """`ports.images.Looked`. What was seen a moment ago is not asked again.

    An image that is to come under the tags is `wanted`, and `follow` begins what its transfer has to ask. If one of the
    tags was absent when it was last looked at, that is at once, and so is the list of all tags where that is `listed`;
    else it is beside the list, unless a tag names the image.
    """

    def __init__(
        self,
        lanes: Lanes,
        looks: Looks,
        wire: Wire,
        tags: tuple[str, ...],
        *,
        wanted: Digest | None = None,
        follow: Callable[[], None] = lambda: None,
        listed: bool = False,
    ) -> None:
        self._looks, self._manifests, self._wanted, self._follow = looks, Manifests(wire), wanted, follow
        self._all: Future[tuple[str, ...]] | None = None
        seems_new = wanted is not None and looks.lacked(wire.repository, tags)
        known = looks.fresh(wire.repository, tags)
        self._seen = {tag: _ended(look.digest) for tag, look in known.items()}
        for tag in (tag for tag in tags if tag not in known):
            ask = partial(lanes.begin, partial(self._head, tag))
            self._seen[tag] = looks.asking(wire.repository, tag, ask)
            if not wire.is_open:
                wait([self._seen[tag]])  # it may be challenged: then it fetches the token for the others
        if seems_new and all(look.digest != wanted for look in known.values()):
            self._all = lanes.begin(self._list) if listed else None
            self._begin()

    def digest(self, tag: str) -> Digest | None:
        """What the tag names."""
        return self._seen[tag].result()

    def listed(self) -> tuple[str, ...]:
        """All tag names of the repository."""
        if self._all is not None:
            return self._all.result()
        wait(self._seen.values())
        if all(each.exception() is None and each.result() != self._wanted for each in self._seen.values()):
            self._begin()
        return self._list()

    def _begin(self) -> None:
        follow, self._follow = self._follow, lambda: None
        follow()

    def _head(self, tag: str) -> Digest | None:
        question = self._looks.question(self._manifests.repository, tag)
        found = self._manifests.head(tag)
        self._looks.keep(question, found)
        return found

    def _list(self) -> tuple[str, ...]:
        try:
            return tuple(self._manifests.tags())
        except RepositoryMissing:
            if not isinstance(self._manifests.repository.registry, PlainRegistry):
                raise
            return ()  # there a repository comes with its first push


def _ended(digest: Digest | None) -> Future[Digest | None]:
    done: Future[Digest | None] = Future()
    done.set_result(digest)
    return done
