"""Builds of the file: how an image is made, a model for each builder."""

# Annotations are not postponed here: pydantic would compile each of the hundred texts again, in every command.

from typing import Annotated, Literal, TypeAlias

from pydantic import Discriminator, Field, Tag

from ecr_publish.config.frozen import Frozen
from ecr_publish.config.kinds import Flag, Level, Pairs, Words

SCRATCH = "scratch"  # `base:` of an image that has none


class DockerBuild(Frozen):
    """A Dockerfile built by a Docker engine."""

    builder: Literal["docker"] = "docker"
    context: str = "."
    dockerfile: str | None = None  # relative to the context; None = `Dockerfile` there
    target: str | None = None
    args: Pairs = ()
    labels: Pairs = ()
    annotations: Pairs = ()
    platforms: Words = ()
    pull: Flag = False
    no_cache: Flag = False
    network: str | None = None
    compression: Literal["gzip", "zstd"] = "gzip"  # of layers that are not compressed yet
    compression_level: Level | None = None  # None = 1 for gzip, 3 for zstd


class LayoutBuild(Frozen):
    """An existing OCI layout (a directory or a tar), as buildah, ko, jib, kaniko or Bazel write it."""

    builder: Literal["layout"] = "layout"
    layout: str
    reference: str | None = None  # org.opencontainers.image.ref.name, or a digest, where it holds several images


class ArchiveBuild(Frozen):
    """An existing docker-archive (`docker save`)."""

    builder: Literal["archive"] = "archive"
    archive: str
    reference: str | None = None  # a RepoTag or an image id, where it holds several images
    compression: Literal["gzip", "zstd"] = "gzip"  # of layers that are not compressed yet
    compression_level: Level | None = None  # None = 1 for gzip, 3 for zstd


class FileEntry(Frozen):
    """One file or directory put into the image. `{os}`, `{arch}`, `{variant}` in `source` stand for the platform's."""

    source: str = Field(alias="from")
    to: str
    mode: str | None = None  # octal text such as "0755"; None = 0755 if executable or a directory, else 0644
    owner: str = "0:0"


class FilesBuild(Frozen):
    """A reproducible image made of files, without any daemon."""

    builder: Literal["files"] = "files"
    files: tuple[FileEntry, ...]
    base: str | None = None  # None = scratch; else the path of an OCI layout
    platforms: Words = ("linux/amd64",)
    entrypoint: Words = ()
    cmd: Words = ()
    env: Pairs = ()
    user: str | None = None
    workdir: str | None = None
    expose: Words = ()
    labels: Pairs = ()
    annotations: Pairs = ()
    compression: Literal["gzip", "zstd"] = "gzip"  # of layers that are not compressed yet
    compression_level: Level | None = None  # None = 1 for gzip, 3 for zstd


class PluginBuild(Frozen):
    """A builder that a plugin contributes; `options` is passed on as it stands, canonical JSON text."""

    builder: str
    options: str = "{}"


def _builder_kind(value: object) -> str:
    builder = value.get("builder") if isinstance(value, dict) else getattr(value, "builder", None)
    return str(builder) if builder in BUILDERS else "plugin"


BUILDERS = ("docker", "layout", "archive", "files")
Build: TypeAlias = Annotated[
    Annotated[DockerBuild, Tag("docker")]
    | Annotated[LayoutBuild, Tag("layout")]
    | Annotated[ArchiveBuild, Tag("archive")]
    | Annotated[FilesBuild, Tag("files")]
    | Annotated[PluginBuild, Tag("plugin")],
    Discriminator(_builder_kind),
]
