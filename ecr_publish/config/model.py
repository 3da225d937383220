"""Config: the frozen model of ecr-publish.yaml. There is no second tree: the planner and the steps read this one.

Maps of the file (`environments`, `images`) become tuples of named models, in the order of the file.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from ecr_publish.model.promotion import GateMode
from ecr_publish.model.target import Create

DEFAULT_PIPELINE = ("build", "tag", "login", "push", "scan-wait", "promote")


class Frozen(BaseModel):
    """Base of all models here: frozen, unknown keys refused, field names with dashes in the file."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=lambda name: name.replace("_", "-"), populate_by_name=True
    )


class EcrEnvironment(Frozen):
    """Amazon ECR private: an account and one or more regions."""

    kind: Literal["ecr"] = "ecr"
    name: str
    account: str | None = None
    regions: tuple[str, ...]
    role: str | None = None
    profile: str | None = None
    prefix: str = ""
    pointer: str | None = None
    create: Create = Create.NEVER
    scan: Literal["edges", "always"] = "edges"


class PublicEnvironment(Frozen):
    """Amazon ECR Public (`registry: public`)."""

    kind: Literal["public"] = "public"
    name: str
    alias: str
    role: str | None = None
    profile: str | None = None
    prefix: str = ""
    pointer: str | None = None
    create: Create = Create.NEVER


class PlainEnvironment(Frozen):
    """Any OCI registry (`registry: host[:port]`): no AWS login, no scan."""

    kind: Literal["plain"] = "plain"
    name: str
    registry: str
    prefix: str = ""
    pointer: str | None = None


Environment: TypeAlias = Annotated[EcrEnvironment | PublicEnvironment | PlainEnvironment, Field(discriminator="kind")]


class DockerBuild(Frozen):
    """A Dockerfile built by a Docker engine."""

    builder: Literal["docker"] = "docker"
    context: str = "."
    dockerfile: str | None = None  # relative to the context; None = `Dockerfile` there
    target: str | None = None
    args: tuple[tuple[str, str], ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    annotations: tuple[tuple[str, str], ...] = ()
    platforms: tuple[str, ...] = ()
    pull: bool = False
    no_cache: bool = False
    network: str | None = None


class LayoutBuild(Frozen):
    """An existing OCI layout (a directory or a tar), as buildah, ko, jib, kaniko or Bazel write it."""

    builder: Literal["layout"] = "layout"
    layout: str
    reference: str | None = None  # org.opencontainers.image.ref.name, or a digest, where it holds several images


class ArchiveBuild(Frozen):
    """An existing docker-archive (`docker save`)."""

    builder: Literal["archive"] = "archive"
    archive: str
    reference: str | None = None  # a RepoTag, where it holds several images


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
    platforms: tuple[str, ...] = ("linux/amd64",)
    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    user: str | None = None
    workdir: str | None = None
    expose: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    annotations: tuple[tuple[str, str], ...] = ()


class PluginBuild(Frozen):
    """A builder that a plugin contributes; `options` is passed on as it stands, canonical JSON text."""

    builder: str
    options: str = "{}"


Build: TypeAlias = DockerBuild | LayoutBuild | ArchiveBuild | FilesBuild | PluginBuild


class Push(Frozen):
    """`push:` of an image."""

    untagged: bool = False


class Override(Frozen):
    """`images.X.environments.Y`: what is different for this image in that environment."""

    environment: str
    repository: str | None = None
    pointer: str | None = None


class Image(Frozen):
    """One image."""

    name: str
    repository: str
    build: Build
    builder_reason: str = ""  # why `builder: auto` picked what it picked
    tags: tuple[str, ...] = ()  # the field's vocabulary, as written; empty = the default rules
    flavor: tuple[str, ...] = ()
    floating: tuple[str, ...] = ()
    push: Push = Push()
    environments: tuple[Override, ...] = ()


class Scan(Frozen):
    """`scan:`. `fail_on` holds the greatest allowed count per severity word; unnamed severities are unlimited."""

    timeout: timedelta = timedelta(minutes=15)
    fail_on: tuple[tuple[str, int], ...] = (("critical", 0), ("high", 0))


class When(Frozen):
    """`promote[].when`: the edge is planned only if the git tag (or --tag) matches this case-sensitive glob."""

    tag: str | None = None


class Require(Frozen):
    """`promote[].require`."""

    gates: tuple[str, ...] = ()


class Edge(Frozen):
    """One promotion edge. `source` is `from:` in the file, `destination` is `to:`."""

    source: str = Field(alias="from")
    destination: str = Field(alias="to")
    gate: GateMode = GateMode.ENFORCE
    unscannable: str | None = None  # the reason of `unscannable: {allow: "…"}`; None = refuse
    when: When = When()
    tags: tuple[str, ...] = ("*",)
    require: Require = Require()
    fail_on: tuple[tuple[str, int], ...] | None = None  # overrides scan.fail-on for this edge
    images: tuple[str, ...] = ("*",)  # globs over image names: which images this edge is for


class Config(Frozen):
    """The whole file, resolved: defaults merged into images, `builder: auto` decided, everything checked."""

    version: Literal[1] = 1
    environments: tuple[Environment, ...]
    pipeline: tuple[str, ...] = DEFAULT_PIPELINE
    images: tuple[Image, ...]
    scan: Scan = Scan()
    promote: tuple[Edge, ...] = ()
    plugins: tuple[str, ...] = ()
    default_branch: str | None = None
    pr_sha: Literal["merge", "head"] = "merge"

    def environment(self, name: str) -> EcrEnvironment | PublicEnvironment | PlainEnvironment:
        """The environment of that name. Raises KeyError."""
        return next(each for each in self.environments if each.name == name)

    def image(self, name: str) -> Image:
        """The image of that name. Raises KeyError."""
        return next(each for each in self.images if each.name == name)
