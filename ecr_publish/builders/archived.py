"""Images in docker-archives, written out as layouts: each layer read where it lies, or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ecr_publish.builders.blobs import CONFIG, Blobs
from ecr_publish.builders.composing import composed
from ecr_publish.builders.crew import Crew, crew
from ecr_publish.builders.inflation import most_of
from ecr_publish.builders.known import Known, Nothing
from ecr_publish.builders.layout import laid_out
from ecr_publish.builders.output import all_or_nothing
from ecr_publish.builders.packing import Packing, Unreadable, key_of, unpacked_key
from ecr_publish.builders.saved import SavedImage, SavedLayer, damaged, is_layout, saved_image
from ecr_publish.builders.unpack import decompressed, is_compressed
from ecr_publish.model.compression import GZIP, Compression
from ecr_publish.model.digest import digest_of
from ecr_publish.model.events import Notify
from ecr_publish.model.image import InArchive, InLayout
from ecr_publish.model.layer import StoredBlob
from ecr_publish.oci.members import Members, members
from ecr_publish.ports.blobs import Receiver

BLOCK = 1 << 20


class ArchivedImages:
    """`ports.building.ArchivedImages`: layers that are known, by their diffID, and that the receiver has are not
    read."""

    def __init__(self, known: Known | None = None) -> None:
        self._known = known or Nothing()

    def layout(
        self, image: InArchive, output: Path, notify: Notify, receiver: Receiver, how: Compression = GZIP
    ) -> InLayout:
        """Write the image as a layout into `output`; annotations are those its labels ask for. An archive that is an
        OCI layout and nothing else is unpacked as it is.

        Raises BadImage, MachineFault.
        """
        path = Path(image.path)
        with all_or_nothing(output), decompressed(path, output) as plain:
            found = members(plain, where=str(path))
            if is_layout(found):
                return laid_out(path, output, image.reference, notify)
            saved = saved_image(found, image.reference)
            by_diff_id = saved.by_diff_id
            packing = Packing(Blobs(output), self._known, receiver, how, notify)
            packing.expect(self._told(by_diff_id, how), _config(saved))
            if packing.config is None:
                packing.document(saved.config)
            with crew() as working:
                for each in by_diff_id:  # several side by side, the largest first
                    if packing.lacks(each):
                        working.begin(lambda each: _pack(found, by_diff_id[each], packing, working), each)
            assert packing.config is not None
            layers = tuple(packing.layers[each.diff_id] for each in saved.layers)
            root = composed(Blobs(output), packing.config, layers, saved.labels)
            return InLayout(str(output), root.digest, frozenset(packing.absent))

    def foretold(self, image: InArchive, output: Path, how: Compression = GZIP) -> InLayout | None:
        """The layout without its layers, if all of them are known; None of an archive that is compressed as a whole.

        Raises BadImage, MachineFault.
        """
        path = Path(image.path)
        with all_or_nothing(output):
            if is_compressed(path) or is_layout(found := members(path)):
                return None
            saved = saved_image(found, image.reference)
            told = self._told(saved.by_diff_id, how)
            if any(each.diff_id not in told for each in saved.layers):
                return None
            layers, blobs = tuple(told[each.diff_id] for each in saved.layers), Blobs(output)
            root = composed(blobs, blobs.put(saved.config, CONFIG), layers, saved.labels)
            return InLayout(str(output), root.digest, frozenset(each.digest for each in layers))

    def _told(self, layers: Mapping[str, SavedLayer], how: Compression) -> dict[str, StoredBlob]:
        """Those whose stored bytes are known."""
        found = {diff_id: self._recalled(each, how) for diff_id, each in layers.items()}
        return {diff_id: blob for diff_id, blob in found.items() if blob is not None}

    def _recalled(self, layer: SavedLayer, how: Compression) -> StoredBlob | None:
        """What a plain layer becomes; of a compressed one, that it unpacks to its diffID."""
        if layer.stored is None:
            return self._known.get(key_of(how, layer.diff_id))
        if layer.named is None:
            return None
        blob = self._known.get(unpacked_key(layer.diff_id, layer.named))
        return blob if blob == StoredBlob(layer.named, layer.span.size, layer.stored) else None


def _config(saved: SavedImage) -> StoredBlob:
    return StoredBlob(digest_of(saved.config), len(saved.config), CONFIG)


def _pack(found: Members, layer: SavedLayer, packing: Packing, working: Crew) -> None:
    try:
        with found.open(layer.span) as file:
            blocks = working.passing(file.blocks(BLOCK))
            if layer.stored is None:
                packing.plain((layer.diff_id,), blocks)
                return
            digest = packing.packed(layer.diff_id, layer.stored, blocks, most_of(layer.span.size))
    except Unreadable as error:
        raise damaged(found, f"{layer.name}: {error}") from error
    if layer.is_blob and layer.named != digest:
        raise damaged(found, f"{layer.name} has other bytes: their digest is {digest}")
