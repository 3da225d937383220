"""Bundle: all ports together, as a step is given them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ecr_publish.model.events import Notify
    from ecr_publish.model.image import InRegistry
    from ecr_publish.ports.access import Identities
    from ecr_publish.ports.building import ArchivedImages, Builder, EngineImages, Layouts
    from ecr_publish.ports.clock import Clock, Stop
    from ecr_publish.ports.images import Images
    from ecr_publish.ports.judging import Gates, ScanSource
    from ecr_publish.ports.repositories import Repositories


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything a step may touch while it runs; built in `app/` only."""

    clock: Clock
    stop: Stop
    identities: Identities
    repositories: Repositories
    images: Images
    scans: ScanSource
    builders: tuple[Builder, ...]
    engine: EngineImages
    archives: ArchivedImages
    gates: Gates
    root: Path  # the directory of ecr-publish.yaml
    workspace: Path  # .ecr-publish: ours to write, never part of a context
    layouts: Layouts  # where images are built, and taken up by a later job
    notify: Notify  # progress of the intent that is running
    spool: Callable[[str], AbstractContextManager[Path]]  # a temporary directory for one image, removed afterwards
    as_layout: bool = False  # builds end in layouts, so that a job on another machine can go on with them
    only_pushed: frozenset[str] = frozenset()  # images that no other job or step goes on with than this run's push
    reuse: Mapping[str, InRegistry] = field(default_factory=dict)  # image -> what a taken fixed tag already holds
