"""The inputs of an image in a tar: what names everything else in it by digest, for layers to be read once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from ecr_publish.builders.saved import SavedLayer, is_layout, saved_image
from ecr_publish.builders.unpack import is_compressed
from ecr_publish.errors import BadImage
from ecr_publish.oci.members import Members, members

BLOCK = 1 << 20
LARGEST_INDEX = 4 << 20


def tar_inputs(path: Path, reference: str | None) -> tuple[bytes, ...] | None:
    """A layout's index; an archive's config, whose diffIDs every layer is compared with when it is read, and how each
    layer is stored. None where that cannot be had without reading all of it, or cannot be had at all: whoever reads
    the tar afterwards says why. Raises OSError."""
    try:
        if is_compressed(path):
            return None
        found = members(path)
        if is_layout(found):
            return (found.document("index.json", LARGEST_INDEX + 1),)
        image = saved_image(found, reference)
    except (BadImage, FileNotFoundError):
        return None
    return (image.config, *(each for layer in image.layers for each in _layer(found, layer)))


def _layer(found: Members, layer: SavedLayer) -> Iterator[bytes]:
    """A compressed layer stays as it is: its bytes count, not only what they unpack to. The name of a blob says which
    they are, another name does not."""
    yield (layer.stored or "plain").encode()
    if layer.stored is None:
        return
    if layer.is_blob:
        yield layer.name.encode()
        return
    total = hashlib.sha256()
    with found.open(layer.span) as file:
        for block in file.blocks(BLOCK):
            total.update(block)
    yield total.digest()
