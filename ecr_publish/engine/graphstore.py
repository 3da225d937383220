"""The store of Docker's overlay2 graph driver, read where this user may: layer by layer, without asking the daemon.

Its tars are not kept, only what they unpacked to, and beside it everything else that they were made of. What comes out
is compared with the diffID, so nothing that happens to the store meanwhile can go unnoticed. Source: moby,
layer/layer_store.go.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from ecr_publish.builders.crew import Crew, crew
from ecr_publish.builders.packing import Packing, Unreadable
from ecr_publish.engine.found import Found
from ecr_publish.engine.recalled import Recalled
from ecr_publish.engine.tarsplit import blocks


def bring(found: Found, packing: Packing, recalled: Recalled) -> None:
    """Pack what is lacking, several layers side by side, the largest first: those of which nothing is known while the
    receiver is asked for the others. Raises Unreadable; what was packed until then counts."""
    store, told, config = _Store(found), recalled.layers(), recalled.config()
    with crew() as working:
        _begin(working, store, {*found.diff_ids} - {*told}, packing)
        if config is None:
            packing.document(store.config())
        packing.expect(told, config)
        if packing.config is None:
            packing.document(store.config())
        _begin(working, store, {each for each in told if packing.lacks(each)}, packing)


def _begin(working: Crew, store: _Store, diff_ids: set[str], packing: Packing) -> None:
    def pack(diff_id: str) -> None:
        packing.plain((diff_id,), working.passing(store.tar(diff_id)))

    for each in sorted(diff_ids, key=lambda each: (-store.size(each), each)):
        working.begin(pack, each)


class _Store:
    """Where the engine keeps one image. Raises Unreadable."""

    def __init__(self, found: Found) -> None:
        if found.graph is None:
            raise Unreadable("it is in no graph driver's directory")
        self._image_id, self._driver = found.image_id, found.graph.parent.parent  # ROOT/overlay2/ID/diff
        self._database = self._driver.parent / "image" / "overlay2"
        self._chains = dict(zip(found.diff_ids, chain_ids(found.diff_ids), strict=True))

    def size(self, diff_id: str) -> int:
        """Bytes in a layer's files."""
        text = _read(self._layer(diff_id) / "size").strip()
        return int(text) if text.isdigit() else 0

    def tar(self, diff_id: str) -> Iterator[memoryview]:
        """A layer again."""
        layer = self._layer(diff_id)
        return blocks(layer / "tar-split.json.gz", self._driver / _read(layer / "cache-id").decode() / "diff")

    def config(self) -> bytes:
        """The image's config."""
        body = _read(self._database / "imagedb" / "content" / "sha256" / self._image_id[7:])
        if f"sha256:{hashlib.sha256(body).hexdigest()}" != self._image_id:
            raise Unreadable("the config has another digest")
        return body

    def _layer(self, diff_id: str) -> Path:
        return self._database / "layerdb" / "sha256" / self._chains[diff_id][7:]


def chain_ids(diff_ids: tuple[str, ...]) -> list[str]:
    """The identity of each layer on those below it (image-spec, "Layer ChainID")."""
    chains: list[str] = []
    for diff_id in diff_ids:
        chains.append(_sha256(f"{chains[-1]} {diff_id}") if chains else diff_id)
    return chains


def _sha256(text: str) -> str:
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror}") from error
