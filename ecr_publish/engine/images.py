"""Images in the engine's own store, brought out as OCI layouts by the shortest way there is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

from ecr_publish.builders.blobs import Blobs
from ecr_publish.builders.composing import composed
from ecr_publish.builders.known import Known, Nothing
from ecr_publish.builders.output import all_or_nothing
from ecr_publish.builders.packing import Packing, Unreadable
from ecr_publish.engine import contentstore, graphstore
from ecr_publish.engine.attended import attended
from ecr_publish.engine.connection import engine
from ecr_publish.engine.contexts import socket_of
from ecr_publish.engine.found import Found, found
from ecr_publish.engine.recalled import Recalled
from ecr_publish.engine.savestream import SaveStream
from ecr_publish.errors import BadImage
from ecr_publish.model.compression import GZIP, Compression
from ecr_publish.model.events import Note, Notify
from ecr_publish.model.image import InEngine, InLayout
from ecr_publish.ports.blobs import Receiver

BLOCK, AHEAD = 2 << 20, 8  # bytes at most, as engines send them 32 KiB; and how many are read ahead


class DockerImages:
    """`ports.building.EngineImages`: layers from the engine's store where this user may read it, else from `save`;
    those that are known by their diffID and that the receiver has are not read at all."""

    def __init__(
        self, environment: Mapping[str, str], known: Known | None = None, *, check: Callable[[], None] = lambda: None
    ) -> None:
        """`check` raises when the run is to stop: it is called while the engine says nothing."""
        self._environment, self._known, self._check = environment, known or Nothing(), check

    def layout(
        self, image: InEngine, output: Path, notify: Notify, receiver: Receiver, how: Compression = GZIP
    ) -> InLayout:
        """Write the image as a layout into `output`, streaming; annotations are those its labels ask for.

        Raises EngineUnavailable, ResultUnusable (the engine has no such image), BadImage, MachineFault.
        """
        with all_or_nothing(output):
            beside = socket_of(self._environment)
            known = found(self._environment, image, beside, check=self._check)
            packing = Packing(Blobs(output), self._known, receiver, how, notify)
            recalled = Recalled(self._known, known, how)
            if not self._from_store(known, beside, packing, recalled):
                self._from_engine(known, packing, recalled, output)
            recalled.keep(packing.layers, packing.config)
            assert packing.config is not None
            layers = tuple(packing.layers[each] for each in known.diff_ids)
            root = composed(Blobs(output), packing.config, layers, known.labels)
            own = {
                each.digest for each in (packing.config, *layers)
            }  # an index's archive has other platforms' blobs too
            return InLayout(str(output), root.digest, frozenset(packing.absent & own))

    def _from_store(self, known: Found, beside: str | None, packing: Packing, recalled: Recalled) -> bool:
        """Whether all that is lacking could be had from the engine's store: where that is known and may be read."""
        try:
            if beside is None:
                raise Unreadable("it is reached over the network")
            if known.graph is not None:
                graphstore.bring(known, packing, recalled)
            else:
                contentstore.bring(known, beside, packing, recalled, check=self._check)
        except Unreadable as reason:
            packing.notify(Note(f"asking the engine for the image ({reason})"))
            return False
        return True

    def _from_engine(self, known: Found, packing: Packing, recalled: Recalled, output: Path) -> None:
        """What is lacking still, from the engine itself."""
        packing.expect(recalled.layers(), recalled.config())
        if packing.is_whole(known.diff_ids):
            return
        where = f"engine image {known.image_id}"
        with engine(self._environment, where, check=self._check) as client:

            def blocks() -> Iterator[bytes]:
                yield from client.get_image(known.image_id, chunk_size=BLOCK)

            try:
                with closing(attended(blocks(), self._check, ahead=AHEAD)) as read:
                    SaveStream(known, packing, output).bring(read)
            except Unreadable as error:
                raise BadImage(
                    what=str(error), where=where, hint="build it again; `docker save` shows the same"
                ) from error
