"""Builders: the ways to make an image. Each is loaded only when it is used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ecr_publish.ports import Builder


def builtin_builders(environment: Mapping[str, str]) -> tuple[Builder, ...]:
    """docker, layout, archive, files. `environment` is what the Docker engine is found by."""
    from ecr_publish.builders.archive import ArchiveBuilder
    from ecr_publish.builders.files import FilesBuilder
    from ecr_publish.builders.layout import LayoutBuilder
    from ecr_publish.engine.builder import DockerBuilder

    return (DockerBuilder(environment), LayoutBuilder(), ArchiveBuilder(), FilesBuilder())


__all__ = ["builtin_builders"]
