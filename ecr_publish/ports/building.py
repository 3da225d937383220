"""Building: how images are made, and read from where builders leave them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from ecr_publish.model.compression import Compression
    from ecr_publish.model.events import Notify
    from ecr_publish.model.image import BuiltImage, InArchive, InEngine, InLayout
    from ecr_publish.ports.blobs import Receiver


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """What a builder is asked for. Paths are absolute; `build` is the file's own `build:` section."""

    image: str
    build: Any  # config.model.Build
    root: Path  # the directory of ecr-publish.yaml; contexts may not leave it
    output: Path  # an empty directory of our own for a layout
    labels: tuple[tuple[str, str], ...]  # labels and OCI annotations, computed when planned
    created: datetime  # the time stamped into reproducible images
    as_layout: bool = False  # the result must be a layout (another job goes on with it)
    only_pushed: bool = False  # nobody but this run's own push goes on with it: what lies in a tar may stay there
    check: Callable[[], None] = lambda: None  # raises when the run is to stop: call it while waiting for somebody else


class Builder(Protocol):
    """One way to make an image."""

    @property
    def name(self) -> str:
        """The word behind `builder:`."""

    def build(self, request: BuildRequest, notify: Notify) -> BuiltImage:
        """Build it. Raises BuildFailed, EngineUnavailable, BadImage, MachineFault."""


class Layouts(Protocol):
    """The directories of our own that images are built into, one per image, each one command's at a time."""

    def fresh(self, image: str) -> Path:
        """An image's directory, emptied: this command's alone until its end. Raises MachineFault where another command
        is at work on the image, OSError."""

    def keep(self, image: str) -> None:
        """See to it that nobody builds the image anew before this command's end; others may read it as well. Raises
        MachineFault where somebody does already, OSError."""


class EngineImages(Protocol):
    """Images that lie in a container engine's own store."""

    def layout(self, image: InEngine, output: Path, notify: Notify, receiver: Receiver, how: Compression) -> InLayout:
        """Write the image as an OCI layout into `output`, streaming, without the blobs that the receiver has; it is
        given each other one as soon as that is whole. `how` is for layers that are not compressed yet. Raises
        EngineUnavailable, ResultUnusable, MachineFault."""


class ArchivedImages(Protocol):
    """Images in docker-archives."""

    def layout(self, image: InArchive, output: Path, notify: Notify, receiver: Receiver, how: Compression) -> InLayout:
        """As of `EngineImages`; raises BadImage, MachineFault."""

    def foretold(self, image: InArchive, output: Path, how: Compression) -> InLayout | None:
        """The same layout with none of its layers, which are all known from earlier pushes: a repository may have them.
        None where they are not known, or cannot be without reading everything. Raises as `layout`."""
