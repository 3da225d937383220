"""A project: the file with everything that can be known about a run without a network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ecr_publish.ci.detect import as_tag as proceeding_as_tag
from ecr_publish.ci.detect import ci_origin, tagged
from ecr_publish.ci.localgit import completed, local, seen_from
from ecr_publish.ci.metadata import ignored
from ecr_publish.config.loader import Loaded, load
from ecr_publish.config.model import Config
from ecr_publish.errors import ConfigError
from ecr_publish.model.origin import GitFacts, Origin
from ecr_publish.plugins import Plugins
from ecr_publish.plugins import load as load_plugins

WORKSPACE = ".ecr-publish"


@dataclass(frozen=True, slots=True)
class Project:
    """A file with everything that can be known about this run without a network."""

    loaded: Loaded
    file: Path
    plugins: Plugins
    origin: Origin

    @property
    def config(self) -> Config:
        """The resolved file."""
        return self.loaded.config

    @property
    def warnings(self) -> tuple[str, ...]:
        """Of the file."""
        return self.loaded.warnings

    @property
    def root(self) -> Path:
        """The directory of the file: contexts and layouts are below it."""
        return self.file.parent

    @property
    def workspace(self) -> Path:
        """What we write ourselves; git ignores it."""
        return self.root / WORKSPACE


def open_project(
    file: Path,
    *,
    env: Mapping[str, str],
    event: Mapping[str, Any] | None,
    git: GitFacts | None,
    as_tag: str | None = None,
) -> Project:
    """Load the file, find the origin, load the plugins that this origin may have. Raises ConfigErrors, PluginError."""
    loaded = load(_content(file), str(file))
    git = tagged(seen_from(git, contexts(loaded.config, file.absolute().parent)), as_tag)
    requirements = loaded.config.plugins
    found = ci_origin(env, event)
    if found is None and requirements:
        # Only a plugin can know this CI; whether it may take part further is decided by what it says.
        found = load_plugins(requirements, trusted=True, environment=env).origin(env, git)
    origin = completed(found, git) if found else local(git, env)
    if as_tag is not None:
        origin = proceeding_as_tag(origin, as_tag)
    said = ignored(env, pr_sha=loaded.config.pr_sha, short_sha=loaded.config.short_sha)
    origin = replace(origin, warnings=(*origin.warnings, *said))
    return Project(loaded, file.absolute(), load_plugins(requirements, trusted=origin.trusted, environment=env), origin)


def contexts(config: Config, root: Path) -> tuple[Path, ...]:
    """Where the file's images are built from, without symbolic links, as git names paths."""
    from ecr_publish.builders.inputs import paths

    return tuple(path.resolve() for image in config.images for path in paths(image.build, root))


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError as error:
        raise ConfigError(
            what="there is no such file", where=str(file), hint="name it with -f, or write one (see README.md)"
        ) from error
    except OSError as error:
        raise ConfigError(what=f"cannot be read: {error.strerror}", where=str(file), hint="check the path") from error
