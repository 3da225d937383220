"""Config: the frozen model of ecr-publish.yaml. There is no second tree: the planner and the steps read this one.

Maps of the file (`environments`, `images`) become tuples of named models, in the order of the file.
"""

# Annotations are not postponed here: pydantic would compile each of the hundred texts again, in every command.

from datetime import timedelta
from typing import Literal

from pydantic import Field

from ecr_publish.config.builds import Build
from ecr_publish.config.environments import EcrEnvironment, Environment, PlainEnvironment, PublicEnvironment
from ecr_publish.config.frozen import Frozen
from ecr_publish.config.kinds import (
    Duration,
    Flag,
    FormatVersion,
    Limits,
    Name,
    RepositoryName,
    ShortSha,
    TagName,
    Words,
)
from ecr_publish.model.promotion import GateMode

DEFAULT_PIPELINE = ("build", "tag", "login", "push", "scan-wait", "promote")


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
