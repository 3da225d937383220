"""Which CI this is: GitHub before CodeBuild (a CodeBuild-hosted GitHub runner has both families of variables),
CodeBuild last (a GitLab runner may be hosted there too), and never by `CI` alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ecr_publish.ci.localgit import completed, local
from ecr_publish.model.origin import GitFacts, Origin, RefKind


def ci_origin(env: Mapping[str, str], event: Mapping[str, Any] | None) -> Origin | None:
    """What a known CI says; None where none is recognised. Pure. A CI's module is loaded where its sign is seen."""
    if "GITHUB_ACTIONS" in env:
        from ecr_publish.ci.github import github

        if (found := github(env, event)) is not None:
            return found
    if "GITLAB_CI" in env:
        from ecr_publish.ci.gitlab import gitlab

        if (found := gitlab(env)) is not None:
            return found
    if "CODEBUILD_BUILD_ARN" in env:
        from ecr_publish.ci.codebuild import codebuild

        return codebuild(env)
    return None


def origin(env: Mapping[str, str], event: Mapping[str, Any] | None, git: GitFacts | None) -> Origin:
    """The origin of this run. Pure: the environment, the payload and git's facts are given."""
    found = ci_origin(env, event)
    return completed(found, git) if found else local(git, env)


def as_tag(origin: Origin, tag: str) -> Origin:
    """The same commit as if it had been pushed as this git tag (`--as-tag`)."""
    name = tag.removeprefix("refs/tags/")
    return replace(
        origin,
        ref=f"refs/tags/{name}",
        no_ref=None,
        bare_name=None,
        pr=None,
        ref_kind=RefKind.TAG,
        warnings=tuple(each for each in origin.warnings if each != origin.no_ref),
        sources=(*origin.sources, ("ref", "--as-tag")),
    )


def tagged(git: GitFacts | None, tag: str | None) -> GitFacts | None:
    """Git's facts where `--as-tag` says which of several tags is meant."""
    return replace(git, tags=(tag.removeprefix("refs/tags/"),)) if git and tag else git
