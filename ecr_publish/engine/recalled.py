"""What is known of an engine's image from earlier pushes: which blobs its layers and its config became."""

from __future__ import annotations

from collections.abc import Mapping

from ecr_publish.builders.known import Known
from ecr_publish.builders.packing import key_of
from ecr_publish.engine.found import Found
from ecr_publish.model.compression import Compression
from ecr_publish.model.layer import StoredBlob


class Recalled:
    """Of one image.

    A graph driver keeps no compressed layers, so theirs are known by the diffID. Elsewhere a layer may be stored
    compressed, and then it stays as it is: which it is in this image is known by the image's id, or not yet.
    """

    def __init__(self, known: Known, image: Found, how: Compression) -> None:
        self._known, self._image, self._how = known, image, how

    def layers(self) -> dict[str, StoredBlob]:
        """Those that are known, by diffID."""
        found = {each: self._known.get(self._key(each)) for each in self._image.diff_ids}
        return {each: blob for each, blob in found.items() if blob is not None}

    def config(self) -> StoredBlob | None:
        """The config, if it is known."""
        return self._known.get(self._as_shown)

    def keep(self, layers: Mapping[str, StoredBlob], config: StoredBlob | None) -> None:
        """Everything of this image for the next time."""
        for each in self._image.diff_ids if self._image.graph is None else ():
            self._put(self._key(each), layers[each])
        if config is not None:
            self._put(self._as_shown, config)

    def _put(self, key: str, blob: StoredBlob) -> None:
        if self._known.get(key) != blob:
            self._known.put(key, blob)

    def _key(self, diff_id: str) -> str:
        return key_of(self._how, diff_id, "" if self._image.graph is not None else self._image.image_id)

    @property
    def _as_shown(self) -> str:
        """The key of a config. An index's id is that of all its platforms, each with a config of its own."""
        return " ".join((self._image.image_id, str(self._image.platform), *self._image.diff_ids))
