"""Command blocks of a Markdown page: what a reader would type, and what the page says it prints.

A ```console block has lines `$ command` with the printed lines below each; a ```sh block is commands only. `…` in a
printed line stands for any text, a line that is only `…` for any lines. A command without printed lines may print
anything. A comment before a block says what it needs beyond an ordinary user's machine:

    <!-- needs: docker -->     carried out by the end-to-end tests
    <!-- needs: network -->    the same
    <!-- needs: aws -->        would call AWS itself: only its command lines are checked
    <!-- tests -->             is what runs these tests: left out
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
ANY = "…"
# A session of its own: the end-to-end tests carry this page out from top to bottom as one shell.
APART = {"walkthrough.md"}
_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)\s*$")
_REMARK = re.compile(r"<!--\s*(?:needs:\s*(?P<needs>[\w, ]+?)|(?P<tests>tests))\s*-->")


@dataclass(frozen=True)
class Command:
    """One command and the lines that it is said to print; none = it may print anything."""

    line: int  # in the page, from 1
    text: str
    printed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Block:
    """One fenced block of commands."""

    line: int
    needs: frozenset[str]
    commands: tuple[Command, ...]


def pages() -> list[Path]:
    """README.md and everything in docs/, as far as it is there."""
    readme = ROOT / "README.md"
    return ([readme] if readme.exists() else []) + sorted((ROOT / "docs").glob("*.md"))


def blocks(text: str) -> list[Block]:
    """All blocks of commands of a page, in order."""
    found, lines, number = [], text.splitlines(), 0
    while number < len(lines):
        fence = _FENCE.match(lines[number])
        if fence is None:
            number += 1
            continue
        start = number + 1
        while number + 1 < len(lines) and not re.match(r"^ *```\s*$", lines[number + 1]):
            number += 1
        body = [line.removeprefix(fence["indent"]) for line in lines[start : number + 1]]
        made = _commands(fence["language"], body, start + 1)
        if made:
            found.append(Block(start, _needs(lines[: start - 1]), tuple(made)))
        number += 2
    return found


def _needs(before: list[str]) -> frozenset[str]:
    """What the comment right before the block says (blank lines between are fine)."""
    last = next((line for line in reversed(before) if line.strip()), "")
    remark = _REMARK.search(last)
    if remark is None:
        return frozenset()
    return frozenset({"tests"} if remark["tests"] else re.split(r"[, ]+", remark["needs"]))


def _commands(language: str, body: list[str], first: int) -> list[Command]:
    if language == "console":
        return _console(body, first)
    if language in ("sh", "bash"):
        text = "\n".join(body).strip()
        return [Command(first, text)] if text else []
    return []


def _console(body: list[str], first: int) -> list[Command]:
    found: list[Command] = []
    number = 0
    while number < len(body):
        if not body[number].startswith("$ "):
            raise ValueError(f"line {first + number}: a console block begins with `$ command`")
        start, text = number, body[number][2:]
        while text.endswith("\\") and number + 1 < len(body):
            number += 1
            text = f"{text}\n{body[number].removeprefix('> ')}"
        number += 1
        printed = []
        while number < len(body) and not body[number].startswith("$ "):
            printed.append(body[number])
            number += 1
        found.append(Command(first + start, text, tuple(printed)))
    return found


def agrees(printed: list[str], expected: tuple[str, ...]) -> bool:
    """Whether what was printed is what the page says."""
    pattern = "".join(_pattern(line) for line in expected)
    return re.fullmatch(pattern, "".join(f"{line.rstrip()}\n" for line in printed)) is not None


def _pattern(line: str) -> str:
    if line.strip() == ANY:
        return r"(?:.*\n)*?"
    return ".*?".join(re.escape(part) for part in line.rstrip().split(ANY)) + r"\n"
