"""Late: adapters that are loaded when they are first asked, for many a run scans nothing and needs no engine."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from ecr_publish.model.compression import Compression
    from ecr_publish.model.digest import Digest
    from ecr_publish.model.events import Notify
    from ecr_publish.model.image import InArchive, InEngine, InLayout
    from ecr_publish.model.registry import Repository
    from ecr_publish.model.scan import Scan
    from ecr_publish.model.target import Target
    from ecr_publish.ports.blobs import Receiver
    from ecr_publish.ports.building import ArchivedImages, EngineImages
    from ecr_publish.ports.judging import ScanSource

Adapter = TypeVar("Adapter")


class LateScans:
    """`ports.judging.ScanSource`. Safe from threads: one adapter for all of them."""

    def __init__(self, make: Callable[[], ScanSource]) -> None:
        self._adapter = once(make)

    def scan(self, target: Target, repository: Repository, digest: Digest) -> Scan:
        """As the adapter."""
        return self._adapter().scan(target, repository, digest)

    def scans(self, target: Target, repository: Repository, digests: tuple[Digest, ...]) -> tuple[Scan, ...]:
        """As the adapter."""
        return self._adapter().scans(target, repository, digests)


class LateEngine:
    """`ports.building.EngineImages`. Safe from threads: one adapter for all of them."""

    def __init__(self, make: Callable[[], EngineImages]) -> None:
        self._adapter = once(make)

    def layout(self, image: InEngine, output: Path, notify: Notify, receiver: Receiver, how: Compression) -> InLayout:
        """As the adapter."""
        return self._adapter().layout(image, output, notify, receiver, how)


class LateArchives:
    """`ports.building.ArchivedImages`. Safe from threads: one adapter for all of them."""

    def __init__(self, make: Callable[[], ArchivedImages]) -> None:
        self._adapter = once(make)

    def layout(self, image: InArchive, output: Path, notify: Notify, receiver: Receiver, how: Compression) -> InLayout:
        """As the adapter."""
        return self._adapter().layout(image, output, notify, receiver, how)

    def foretold(self, image: InArchive, output: Path, how: Compression) -> InLayout | None:
        """As the adapter."""
        return self._adapter().foretold(image, output, how)


def once(make: Callable[[], Adapter]) -> Callable[[], Adapter]:
    """A function that gives what the first call of it made, whichever thread that was. A `make` that raises is asked
    again."""
    lock, made = threading.Lock(), list[Adapter]()

    def adapter() -> Adapter:
        with lock:
            if not made:
                made.append(make())
        return made[0]

    return adapter
