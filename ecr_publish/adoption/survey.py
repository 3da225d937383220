"""A project surveyed: which of its files tell how images are made, and what they say together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from types import MappingProxyType

from ecr_publish.adoption.buildspec import buildspec
from ecr_publish.adoption.called import Files, callable_by_others
from ecr_publish.adoption.dockerfiles import dockerfiles
from ecr_publish.adoption.found import Found
from ecr_publish.adoption.gitlab import gitlab
from ecr_publish.adoption.reading import read
from ecr_publish.adoption.workflow import workflow
from ecr_publish.config.document import Map

Reader = Callable[[bytes, str, Files], Found]
# A CI, the paths of its files below the project (globs, `*` without a slash), and who reads them.
CIS: Mapping[str, tuple[tuple[str, ...], Reader]] = MappingProxyType(
    {
        "github": ((".github/workflows/*.yml", ".github/workflows/*.yaml"), workflow),
        "gitlab": ((".gitlab-ci.yml", ".gitlab-ci.yaml", ".gitlab/*.yml", ".gitlab/ci/*.yml"), gitlab),
        "codebuild": (("buildspec*.yml", "buildspec*.yaml", "*/buildspec*.yml"), buildspec),
    }
)


def ci_of(path: str, tree: Map | None = None) -> str | None:
    """The CI that a file belongs to by its path, or by its keys where somebody named it; None for another file."""
    for name, (patterns, _) in CIS.items():
        if any(fnmatchcase(path, each) and path.count("/") == each.count("/") for each in patterns):
            return name
    if tree is None:
        return None
    return "github" if "jobs" in tree else "codebuild" if "phases" in tree else "gitlab"


def survey(
    paths: Iterable[str], content: Callable[[str], bytes], *, project: str, named: tuple[str, ...] = ()
) -> Found:
    """What the CI files among `paths` build and push; where they push nothing, an image for each Dockerfile.

    `content` reads a path. `named` are CI files that somebody named: no others are read then. Raises ConfigError for a
    CI file that is no YAML, and whatever `content` raises.
    """
    names = sorted(paths)
    found = Found()
    flows = [path for path in names if ci_of(path) == "github" and not named]
    later = [path for path in flows if callable_by_others(read(content(path), path))]
    for path in named or [*(each for each in names if each not in later), *later]:
        if not named and any(each.file == path for each in found.read):
            continue  # it was read with what calls or includes it
        ci = ci_of(path, read(content(path), path) if named else None)
        if ci is not None:
            found += CIS[ci][1](content(path), path, lambda each: content(each) if each in names else None)
    if found.images:
        return found
    return Found(remarks=found.remarks, read=found.read) + dockerfiles(names, project)
