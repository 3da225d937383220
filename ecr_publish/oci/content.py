"""Content: where a blob's bytes come from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from ecr_publish.errors import PublishError
from ecr_publish.http.slice import Slice
from ecr_publish.oci.descriptor import Descriptor

BLOCK = 1 << 20


class Content(Protocol):
    """A layout, or a repository of a registry. Safe from threads; each reading is independent."""

    def read(self, blob: Descriptor, start: int = 0) -> Iterator[bytes]:
        """The blob's bytes from `start`, in blocks, unverified. Raises BadImage, MachineFault, Unavailable, …."""

    def slice(self, blob: Descriptor) -> Slice | None:
        """The blob as part of an open file, of its size, for the caller to close; None where it is on another machine.
        Raises BadImage, MachineFault."""

    def damaged(self, blob: Descriptor, what: str) -> PublishError:
        """The error for bytes that are not what the descriptor says."""
