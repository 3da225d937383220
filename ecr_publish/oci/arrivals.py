"""Arrivals: images that are about to come to a repository, and what their transfers have to ask, asked before."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ecr_publish.errors import PublishError
from ecr_publish.model.digest import Digest
from ecr_publish.model.image import InLayout
from ecr_publish.model.registry import Repository
from ecr_publish.oci.closure import Closure
from ecr_publish.oci.descriptor import Descriptor
from ecr_publish.oci.layout import Layout, open_layout
from ecr_publish.oci.looks import Look, Looks
from ecr_publish.oci.standing import Asked, Standings
from ecr_publish.oci.wire import Wire

if TYPE_CHECKING:
    from ecr_publish.oci.copying import Begun, Copying


@dataclass(frozen=True, slots=True)
class Came:
    """What a repository was given of an image, or seen to have, while the image was read; `is_new` if it lacked some
    of it: then it cannot have the image's manifest."""

    blobs: frozenset[Digest] = frozenset()
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class Read:
    """A layout and its image, and what of it came before; `asked` are the questions about the other blobs that are
    under way."""

    layout: Layout
    image: Closure
    came: Came
    asked: Asked | None = None

    @property
    def unsure(self) -> tuple[Descriptor, ...]:
        """The blobs that have to be asked for."""
        return tuple(blob for blob in self.image.blobs if blob.digest not in self.came.blobs)


class Arrivals:
    """What is begun for an image is taken once, within a moment, as a look is. Safe from threads."""

    def __init__(self, looks: Looks, standings: Standings) -> None:
        self._looks, self._standings = looks, standings
        self._came: dict[tuple[Repository, str], Came] = {}
        self._read: dict[tuple[Repository, InLayout], tuple[Look, Read]] = {}
        self._begun: dict[tuple[Repository, Digest], tuple[Look, Begun]] = {}

    def came(self, layout: Path, repository: Repository, came: Came) -> None:
        """Remember what came to the repository until the layout is pushed there."""
        self._came[repository, str(layout)] = came

    def expect_push(self, layout: InLayout, wire: Wire) -> None:
        """Begin to ask for the blobs. A layout that cannot be read is left for the push itself to refuse."""
        with suppress(PublishError):
            read = _read(layout, self._came.get((wire.repository, layout.path), Came()))
            look = self._looks.now(layout.digest)
            asked = self._standings.ask(wire, layout.digest, read.unsure, there=False if read.came.is_new else None)
            self._read[wire.repository, layout] = (look, replace(read, asked=asked))

    def expect_copy(self, digest: Digest, copying: Copying, repository: Repository) -> None:
        """Begin to ask what a copy asks, where the image's manifests are known."""
        look = self._looks.now(digest)
        if (begun := copying.begin(digest)) is not None:
            self._begun[repository, digest] = (look, begun)

    def push(self, layout: InLayout, repository: Repository) -> Read:
        """The layout, read now if it was not yet. Raises BadImage."""
        came = self._came.pop((repository, layout.path), Came())
        look, read = self._read.pop((repository, layout), (None, None))
        if read is None:
            return _read(layout, came)
        return read if self._looks.is_fresh(look) else replace(read, asked=None)

    def copy(self, digest: Digest, repository: Repository) -> Begun | None:
        """What was begun for a copy; None if nothing."""
        look, begun = self._begun.pop((repository, digest), (None, None))
        return begun if self._looks.is_fresh(look) else None


def _read(layout: InLayout, came: Came) -> Read:
    source = open_layout(Path(layout.path))
    return Read(source, source.closure(layout.digest, layout.absent | came.blobs), came)
