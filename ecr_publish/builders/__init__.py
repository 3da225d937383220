"""Builders: the ways to make an image. Each is loaded only when it is used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ecr_publish.model.events import Notify
    from ecr_publish.model.image import BuiltImage
    from ecr_publish.ports.building import Builder, BuildRequest


class Loaded:
    """A builder that is loaded when it first builds: most runs use one of them, and each brings readers of its own."""

    def __init__(self, name: str, load: Callable[[], Builder]) -> None:
        self.name, self._load = name, load

    def build(self, request: BuildRequest, notify: Notify) -> BuiltImage:
        """As the builder of that name does."""
        return self._load().build(request, notify)


def builtin_builders(environment: Mapping[str, str], *, trusted: bool) -> tuple[Builder, ...]:
    """docker, layout, archive, files. `environment` is what the Docker engine is found by; code that is not `trusted`
    is built without logins."""
    return (
        Loaded("docker", lambda: _docker(environment, trusted=trusted)),
        Loaded("layout", _layout),
        Loaded("archive", _archive),
        Loaded("files", _files),
    )


def _docker(environment: Mapping[str, str], *, trusted: bool) -> Builder:
    from ecr_publish.engine.builder import DockerBuilder

    return DockerBuilder(environment, trusted=trusted)


def _layout() -> Builder:
    from ecr_publish.builders.layout import LayoutBuilder

    return LayoutBuilder()


def _archive() -> Builder:
    from ecr_publish.builders.archive import ArchiveBuilder

    return ArchiveBuilder()


def _files() -> Builder:
    from ecr_publish.builders.files import FilesBuilder

    return FilesBuilder()


__all__ = ["builtin_builders"]
