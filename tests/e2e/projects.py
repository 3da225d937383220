"""Projects to publish: a folder under git with an ecr-publish.yaml."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.programs import Shell

GIT = ("git", "-c", "user.name=e2e", "-c", "user.email=e2e@example.com")


def committed(shell: Shell, folder: Path, *, tag: str | None = None) -> None:
    """Commit everything in the folder that git does not ignore, as a new repository if it is none; tag the commit."""
    if not (folder / ".git").exists():
        shell.run("git", "init", "--quiet", "--initial-branch", "main", cwd=folder)
    shell.run("git", "add", "--all", ".", cwd=folder)
    shell.run(*GIT, "commit", "--quiet", "--message", tag or "e2e", cwd=folder)
    if tag is not None:
        shell.run("git", "tag", tag, cwd=folder)
