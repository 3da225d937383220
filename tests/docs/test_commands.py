"""Every command in README and docs does what the page says it does."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from ecr_publish.cli.main import cli
from tests.docs.blocks import APART, blocks, pages
from tests.docs.session import Session

ELSEWHERE = {"docker", "network", "root"}
KNOWN_NEEDS = ELSEWHERE | {"aws", "tests"}
PAGES = {page.name: blocks(page.read_text(encoding="utf-8")) for page in pages() if page.name not in APART}
ORDINARY = {name: [block for block in found if not block.needs] for name, found in PAGES.items()}
CARRIED_OUT = [name for name, found in ORDINARY.items() if found]


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    made = Session(tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize("page", CARRIED_OUT)
def test_a_page_is_true_from_top_to_bottom(page: str, session: Session):
    for block in ORDINARY[page]:
        session.carry_out(block)


def test_every_need_is_one_that_somebody_meets():
    assert {need for found in PAGES.values() for block in found for need in block.needs} <= KNOWN_NEEDS


def test_command_lines_that_would_call_aws_are_at_least_right():
    wrong = [
        f"{name}:{command.line}: {problem}"
        for name, found in PAGES.items()
        for block in found
        if "aws" in block.needs
        for command in block.commands
        for problem in problems(command.text)
    ]
    assert wrong == []


def problems(script: str) -> list[str]:
    """What is wrong with the lines of a script that call ecr-publish."""
    found = []
    for line in script.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        if words[:1] == ["ecr-publish"]:
            found += [f"{line}: {problem}" for problem in problem_of(words[1:])]
    return found


def problem_of(arguments: list[str]) -> list[str]:
    """Parse a command line without carrying it out."""
    try:
        with cli.make_context("ecr-publish", list(arguments)) as context:
            name, command, rest = cli.resolve_command(context, arguments)
            if command is not None:
                command.make_context(name, rest, parent=context)
    except click.exceptions.Exit:
        return []  # --help, --version
    except click.ClickException as error:
        return [error.format_message()]
    return []


def test_a_wrong_command_line_is_seen():
    assert problems("ecr-publish plan --no-such-option\necr-publish plam")
    assert problems("ecr-publish run --to prod\nls --no-such-option") == []


def test_commands_named_in_a_sentence_exist_as_they_are_written():
    wrong = [
        f"{page.name}: {problem}"
        for page in pages()
        for line in re.findall(r"`(ecr-publish [a-z][^`]*)`", page.read_text(encoding="utf-8"))
        if "…" not in line
        for problem in problems(line)
    ]
    assert wrong == []


def test_every_link_within_the_docs_leads_somewhere():
    broken = [
        f"{page.name}: {link}"
        for page in pages()
        for link in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
        if "://" not in link and not (page.parent / link).exists()
    ]
    assert broken == []
