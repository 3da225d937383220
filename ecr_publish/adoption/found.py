"""What was found in a project: images that something builds, where they go, and what cannot be carried over."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file, from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that a person must look at: what was left behind, or taken over in another form."""

    place: Place
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {_shown(self.text)}"


def _shown(text: str) -> str:
    """A remark's text as people write variables: `$NAME` for what is unknown, `<a or b>` for a value with a default."""
    text = re.sub(r"<\?([\w.-]+)>", r"$\1", text)
    return re.sub(r"<([a-z-]+)\|=?([^<>]*)>", r"<\1 or \2>", text)


@dataclass(frozen=True, slots=True)
class Destination:
    """A registry that images are pushed to. None: the files do not say (a secret, a variable of the CI's settings)."""

    account: str | None = None
    region: str | None = None
    role: str | None = None
    public_alias: str | None = None
    plain: str | None = None  # host[:port] of a registry that is not Amazon's
    name: str | None = None  # what the file calls this environment
    create: bool = False  # the script makes the repository

    def over(self, default: Destination) -> Destination:
        """This one as a reference says it, with what it leaves out as the job has it."""
        if self.plain or self.public_alias:
            return replace(self, name=default.name)
        return replace(default, account=self.account or default.account, region=self.region or default.region)


@dataclass(frozen=True, slots=True)
class Recipe:
    """How an image is built from a Dockerfile. Paths are relative to the project; `dockerfile` to the context."""

    context: str = "."
    dockerfile: str | None = None
    target: str | None = None
    args: tuple[tuple[str, str], ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    platforms: tuple[str, ...] = ()
    switches: tuple[str, ...] = ()  # of `pull` and `no-cache`


@dataclass(frozen=True, slots=True)
class FoundImage:
    """An image, its repository (without host) and its tag rules in docker/metadata-action's words. An empty repository
    is one that the files do not tell: a name is made for it, and said."""

    repository: str
    recipe: Recipe
    place: Place
    destination: Destination = Destination()
    tags: tuple[str, ...] = ()
    flavor: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """A file that told something, and whose it is: github, codebuild, gitlab or docker."""

    kind: str
    file: str


@dataclass(frozen=True, slots=True)
class Found:
    """All that one or several files say."""

    images: tuple[FoundImage, ...] = ()
    remarks: tuple[Remark, ...] = ()
    read: tuple[Source, ...] = ()

    def __add__(self, other: Found) -> Found:
        return Found(self.images + other.images, self.remarks + other.remarks, self.read + other.read)
