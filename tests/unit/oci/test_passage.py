"""A passage of a blob that is taken up again, also where it is the source that breaks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ecr_publish.errors import DigestMismatch, Unavailable
from ecr_publish.model.digest import digest_of
from ecr_publish.oci.descriptor import Descriptor
from ecr_publish.oci.passage import Hashed

BYTES = bytes(range(200))
BLOB = Descriptor("application/octet-stream", digest_of(BYTES), len(BYTES))


class Breaking:
    """A source in blocks of ten bytes whose link breaks once it has come to `at`, as often as `times` says."""

    def __init__(self, at: int, times: int = 1) -> None:
        self.at, self.times = at, times

    def read(self, blob: Descriptor, start: int = 0) -> Iterator[bytes]:
        for position in range(start, len(BYTES), 10):
            if position >= self.at and self.times:
                self.times -= 1
                raise Unavailable(what="the connection broke", where="source", hint="run again")
            yield BYTES[position : position + 10]

    def slice(self, blob: Descriptor) -> None:
        return None

    def damaged(self, blob: Descriptor, what: str) -> DigestMismatch:
        return DigestMismatch(what=what, where="source", hint="none")


def test_a_source_that_breaks_while_what_arrived_is_read_past_costs_only_that():
    passage = Hashed(Breaking(at=50), BLOB, lambda _: None)
    with pytest.raises(Unavailable):
        passage.skip(100)
    assert passage.acknowledged == 0
    passage.skip(100)
    assert b"".join(passage.part(len(BYTES))) == BYTES[100:]


def test_what_was_not_given_cannot_be_acknowledged():
    passage = Hashed(Breaking(at=50), BLOB, lambda _: None)
    assert not passage.acknowledge(100)
    with pytest.raises(Unavailable):
        list(passage.part(100))
    assert not passage.acknowledge(100)
    assert passage.acknowledged == 0


def test_a_part_that_broke_is_given_again_from_what_was_acknowledged():
    passage = Hashed(Breaking(at=150), BLOB, lambda _: None)
    assert b"".join(passage.part(100)) == BYTES[:100]
    passage.acknowledge(100)
    with pytest.raises(Unavailable):
        list(passage.part(200))
    assert b"".join(passage.part(200)) == BYTES[100:]
