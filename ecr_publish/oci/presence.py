"""Presence: which blobs a repository has already. One Protocol, two ways of asking, and the choice between them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol, TypeVar

from ecr_publish.model.digest import Digest
from ecr_publish.model.registry import EcrRegistry
from ecr_publish.oci.blobs import Blobs
from ecr_publish.oci.descriptor import Descriptor
from ecr_publish.oci.wire import Wire
from ecr_publish.ports.blobs import LayerAvailability
from ecr_publish.ports.clock import Clock

Ask = Callable[[], frozenset[Digest]]  # one request; those of its blobs that are there
Result = TypeVar("Result")
BATCH = 100  # digests of one call (ECR API Reference, BatchCheckLayerAvailability)
FIRST_HEAD, FIRST_CALL, FIRST_CLIENT = 0.05, 0.1, 0.5  # seconds, until they are measured


class Presence(Protocol):
    """One way of asking."""

    def asks(self, wire: Wire, blobs: tuple[Descriptor, ...]) -> Sequence[Ask]:
        """Questions that may go side by side; together their answers are those of the blobs that the repository has.
        A blob that is said to be there will not be sent."""


class HeadPresence:
    """One HEAD per blob: needs nothing but the registry itself."""

    def asks(self, wire: Wire, blobs: tuple[Descriptor, ...]) -> Sequence[Ask]:
        """A question for each blob."""
        return [partial(_has, Blobs(wire), blob.digest) for blob in blobs]


class BatchPresence:
    """A hundred blobs in one call of the registry's API."""

    def __init__(self, availability: LayerAvailability) -> None:
        self._availability = availability

    def asks(self, wire: Wire, blobs: tuple[Descriptor, ...]) -> Sequence[Ask]:
        """A question for each hundred."""
        digests = [blob.digest for blob in blobs]
        groups = [tuple(digests[start : start + BATCH]) for start in range(0, len(digests), BATCH)]
        return [partial(self._availability.available, wire.target, wire.repository, group) for group in groups]


class Cost:
    """Seconds that one request takes, as the latest ones took them. Safe from threads."""

    def __init__(self, clock: Clock, first: float) -> None:
        self._clock, self.seconds = clock, first
        self._lock = threading.Lock()

    def measured(self, act: Callable[[], Result]) -> Result:
        """The act's result; what it took counts for a quarter."""
        begin = self._clock.monotonic()
        result = act()
        with self._lock:
            self.seconds += (self._clock.monotonic() - begin - self.seconds) / 4
        return result


class ChosenPresence:
    """Whichever way is expected to be sooner, by what both were measured to take in this run. A few HEADs side by side
    are one round trip; many are many, and then the API is sooner even if its client has to be loaded first."""

    def __init__(self, clock: Clock, width: int, availability: LayerAvailability) -> None:
        self._width, self._availability = width, availability
        self._heads, self._batches = HeadPresence(), BatchPresence(availability)
        self._head, self._call = Cost(clock, FIRST_HEAD), Cost(clock, FIRST_CALL)

    def asks(self, wire: Wire, blobs: tuple[Descriptor, ...]) -> Sequence[Ask]:
        """The questions of the cheaper way; where both cost the same, HEAD. Only private ECR has the other."""
        heads = _rounds(len(blobs), self._width) * self._head.seconds
        calls = _rounds(len(blobs), BATCH * self._width) * self._call.seconds
        if isinstance(wire.repository.registry, EcrRegistry):
            calls += 0.0 if self._availability.ready(wire.target) else FIRST_CLIENT
            if calls < heads:
                return [partial(self._call.measured, ask) for ask in self._batches.asks(wire, blobs)]
        return [partial(self._head.measured, ask) for ask in self._heads.asks(wire, blobs)]


def _rounds(count: int, at_once: int) -> int:
    return -(-count // at_once)


def _has(blobs: Blobs, digest: Digest) -> frozenset[Digest]:
    return frozenset({digest} if blobs.has(digest) else ())
