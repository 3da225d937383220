"""`ecr-publish init`: a first ecr-publish.yaml, and a file for the CI, from what the project has."""

from __future__ import annotations

import os
from pathlib import Path

import click

from ecr_publish.cli.git import git_facts
from ecr_publish.cli.options import DEFAULT_FILE
from ecr_publish.cli.readers import say, tell
from ecr_publish.cli.surroundings import environment
from ecr_publish.errors import UsageError
from ecr_publish.report.text import clean

DEEPEST = 4  # folders below the project in which a Dockerfile is looked for
SKIPPED = frozenset({".git", "node_modules", ".venv", "venv", "__pycache__", ".tox", ".ecr-publish"})


@click.command(help="Write ecr-publish.yaml, and a file for the CI, from what a project has.")
@click.argument("directory", default=".", type=click.Path(file_okay=False, exists=True))
@click.option(
    "--ci", "cis", multiple=True, metavar="NAME", help="github, codebuild, gitlab or none (default: those found)."
)
@click.option("--from", "sources", multiple=True, metavar="FILE", help="Read only this CI file (repeatable).")
@click.option("--dry-run", is_flag=True, help="Print what would be written, and write nothing.")
@click.option("--force", is_flag=True, help="Write over files that exist.")
def command(directory: str, cis: tuple[str, ...], sources: tuple[str, ...], dry_run: bool, force: bool) -> int:
    """Survey, draft, check the draft, write."""
    from ecr_publish.adoption.draft import draft
    from ecr_publish.adoption.snippets import snippet
    from ecr_publish.adoption.survey import CIS, survey

    if unknown := [each for each in cis if each not in (*CIS, "none")]:
        raise UsageError(what=f"{unknown[0]!r} is no CI", where="--ci", hint=f"one of {', '.join(CIS)}, none")
    root = Path(directory)
    git = git_facts(root.absolute())
    named = tuple(_below(root, each) for each in sources)
    project = _project(root, git)
    found = survey(_paths(root), lambda path: _content(root / path), project=project, named=named)
    if not found.images:
        for remark in found.remarks:
            tell(f"look at {clean(str(remark))}")
        raise UsageError(
            what="no image was found: no Dockerfile, and no CI file that says how one is built and where it goes",
            where=str(root),
            hint="name a CI file with --from, or write the file by hand (docs/configuration.md)",
        )
    branch = git.default_branch if git else None
    env = environment()
    made = draft(
        found, project=project, region=env.get("AWS_REGION") or env.get("AWS_DEFAULT_REGION"), default_branch=branch
    )
    _must_be_valid(made.text)
    seen = tuple(dict.fromkeys(each.kind for each in found.read if each.kind in CIS))
    files = {DEFAULT_FILE: made.text}
    steps = []
    for ci in (each for each in cis or seen if each != "none"):
        part = snippet(ci, made.environments[0][1], branch=branch)
        files[part.path] = part.text
        steps.append(f"{part.path}: {part.next_step}")
    _write(root, files, dry_run=dry_run, force=force)
    for source in dict.fromkeys(found.read):
        say(f"read {clean(source.file)}")
    for remark in made.remarks:
        say(f"look at {clean(str(remark))}")
    for step in (*steps, "try it: ecr-publish check && ecr-publish rehearse"):
        say(f"next: {step}")
    return 0


def _project(root: Path, git: object) -> str:
    """The project's name: of its remote, else of its directory."""
    url = getattr(git, "remote_url", None) or str(root.absolute())
    return str(url).rstrip("/").removesuffix(".git").rpartition("/")[2].rpartition(":")[2]


def _paths(root: Path) -> list[str]:
    """Paths below the project with slashes; links are not followed."""
    found = []
    for folder, folders, names in os.walk(root):
        here = Path(folder).relative_to(root)
        folders[:] = sorted(each for each in folders if each not in SKIPPED) if len(here.parts) < DEEPEST else []
        found += [(here / each).as_posix() for each in names]
    return found


def _below(root: Path, source: str) -> str:
    path = Path(source)
    try:
        return path.absolute().relative_to(root.absolute()).as_posix()
    except ValueError as error:
        raise UsageError(
            what="it is outside of the project", where=source, hint="run init in its own project"
        ) from error


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(what=error.strerror or str(error), where=str(path), hint="check the path") from error


def _must_be_valid(text: str) -> None:
    """What is written must pass `check`; raises ConfigErrors with the places in the draft."""
    from ecr_publish.config.loader import load

    load(text.encode(), f"the draft of {DEFAULT_FILE}")


def _write(root: Path, files: dict[str, str], *, dry_run: bool, force: bool) -> None:
    if not dry_run and not force and (there := [name for name in files if (root / name).exists()]):
        raise UsageError(
            what=f"{', '.join(there)} is there already",
            where=str(root),
            hint="--force writes over it",
        )
    for name, text in files.items():
        if dry_run:
            say(f"# --- {name}\n{text}")
            continue
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        say(f"wrote {name}")
