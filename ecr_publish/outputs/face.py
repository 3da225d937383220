"""Face: how one CI wants to be told of a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ecr_publish.outputs.file import File
    from ecr_publish.outputs.remarks import Remark


class Face(Protocol):
    """What differs between CIs. A `token` is random, fresh, and unknown to whoever wrote the lines or values."""

    @property
    def name(self) -> str:
        """github, gitlab or codebuild."""

    @property
    def folds(self) -> bool:
        """Whether its log can fold lines away."""

    def block(self, title: str, lines: Iterable[str], token: str) -> Iterator[str]:
        """The lines of somebody else's program, folded, so that none of them commands the CI."""

    def remarks(self, found: Iterable[Remark]) -> Iterator[str]:
        """Lines that make the CI show these beside the code."""

    def masks(self, secret: str) -> Iterator[str]:
        """Lines that make the CI hide a secret from now on."""

    def values(self, named: Mapping[str, str], token: str) -> tuple[File, ...]:
        """Files that hand these values to later steps and jobs."""

    def page(self, markdown: str) -> tuple[File, ...]:
        """Files that show this text on the CI's own page."""


def face(env: Mapping[str, str], directory: Path, now: int) -> Face | None:
    """The face of the CI that this environment is of, told apart as origins are; None on a laptop.

    `directory` takes the files of CIs that name none themselves; `now` is in seconds since 1970.
    """
    if env.get("GITHUB_ACTIONS") == "true":
        from ecr_publish.outputs.github import GitHub

        output, summary = env.get("GITHUB_OUTPUT"), env.get("GITHUB_STEP_SUMMARY")
        return GitHub(Path(output) if output else None, Path(summary) if summary else None)
    if env.get("GITLAB_CI") == "true":
        from ecr_publish.outputs.gitlab import GitLab

        return GitLab(directory, now)
    if env.get("CODEBUILD_BUILD_ARN"):
        from ecr_publish.outputs.codebuild import CodeBuild

        return CodeBuild(directory)
    return None
