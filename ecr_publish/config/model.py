"""Config: the frozen model of ecr-publish.yaml. There is no second tree: the planner and the steps read this one.

Maps of the file (`environments`, `images`) become tuples of named models, in the order of the file.
"""

# Annotations are not postponed here: pydantic would compile each of the hundred texts again, in every command.

from datetime import timedelta
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from ecr_publish.config.kinds import (
    Account,
    Duration,
    Flag,
    FormatVersion,
    Level,
    Limits,
    Name,
    Pairs,
    Region,
    RepositoryName,
    Role,
    ShortSha,
    TagName,
    Words,
)
from ecr_publish.model.promotion import GateMode
from ecr_publish.model.target import Create

SCRATCH = "scratch"  # `base:` of an image that has none
DEFAULT_PIPELINE = ("build", "tag", "login", "push", "scan-wait", "promote")


class Frozen(BaseModel):
    """Base of all models here: frozen, unknown keys refused, field names with dashes in the file.

    A model's validator is built when it is first used: `Config`'s holds those of all the others. A default that is a
    model is therefore made by `model_construct`, which needs none.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=lambda name: name.replace("_", "-"),
        validate_by_name=True,
        validate_by_alias=True,
        defer_build=True,
    )


class EcrEnvironment(Frozen):
    """Amazon ECR private: an account and one or more regions."""

    kind: Literal["ecr"] = "ecr"
    name: Name
    account: Account | None = None
    regions: tuple[Region, ...] = Field(min_length=1)
    role: Role | None = None
    profile: str | None = None
    prefix: str = ""
    pointer: TagName | None = None
    create: Create = Create.NEVER
    scan: Literal["edges", "always"] = "edges"


class PublicEnvironment(Frozen):
    """Amazon ECR Public (`registry: public`)."""

    kind: Literal["public"] = "public"
    name: Name
    alias: str
    role: Role | None = None
    profile: str | None = None
    prefix: str = ""
    pointer: TagName | None = None
    create: Create = Create.NEVER


class PlainEnvironment(Frozen):
    """Any OCI registry (`registry: host[:port]`): no AWS login, no scan."""

    kind: Literal["plain"] = "plain"
    name: Name
    registry: str
    prefix: str = ""
    pointer: TagName | None = None


Environment: TypeAlias = Annotated[EcrEnvironment | PublicEnvironment | PlainEnvironment, Field(discriminator="kind")]


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


class Push(Frozen):
    """`push:` of an image."""

    untagged: Flag = False


class Override(Frozen):
    """`images.X.environments.Y`: what is different for this image in that environment."""

    environment: Name
    repository: RepositoryName | None = None
    pointer: TagName | None = None


class Image(Frozen):
    """One image."""

    name: Name
    repository: RepositoryName
    build: Build
    builder_reason: str = ""  # why `builder: auto` picked what it picked
    tags: Words = ()  # the field's vocabulary, as written; empty = the default rules
    flavor: Words = ()
    floating: Words = ()
    push: Push = Push.model_construct()
    environments: tuple[Override, ...] = ()


class Scan(Frozen):
    """`scan:`. `fail_on` holds the greatest allowed count per severity word; unnamed severities are unlimited."""

    timeout: Duration = timedelta(minutes=15)
    fail_on: Limits = (("critical", 0), ("high", 0))


class When(Frozen):
    """`promote[].when`: the edge is planned only if the git tag (or --tag) matches this case-sensitive glob."""

    tag: str | None = None


class Require(Frozen):
    """`promote[].require`."""

    gates: Words = ()


class Edge(Frozen):
    """One promotion edge. `source` is `from:` in the file, `destination` is `to:`."""

    source: str = Field(alias="from")
    destination: str = Field(alias="to")
    gate: GateMode = GateMode.ENFORCE
    unscannable: str | None = None  # the reason of `unscannable: {allow: "…"}`; None = refuse
    when: When = When.model_construct()
    tags: Words = ("*",)
    require: Require = Require.model_construct()
    fail_on: Limits | None = None  # overrides scan.fail-on for this edge
    images: Words = ("*",)  # globs over image names: which images this edge is for


class Config(Frozen):
    """The whole file, resolved: defaults merged into images, `builder: auto` decided, everything checked."""

    version: FormatVersion = 1
    environments: tuple[Environment, ...]
    pipeline: tuple[str, ...] = DEFAULT_PIPELINE
    images: tuple[Image, ...]
    scan: Scan = Scan.model_construct()
    promote: tuple[Edge, ...] = ()
    plugins: Words = ()
    default_branch: str | None = None
    pr_sha: Literal["merge", "head"] = "merge"
    short_sha: ShortSha = 7

    def environment(self, name: str) -> EcrEnvironment | PublicEnvironment | PlainEnvironment:
        """The environment of that name. Raises KeyError."""
        return next(each for each in self.environments if each.name == name)

    def image(self, name: str) -> Image:
        """The image of that name. Raises KeyError."""
        return next(each for each in self.images if each.name == name)
