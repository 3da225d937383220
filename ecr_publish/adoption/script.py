"""The scripts of a job, followed: its variables, loops and branches, and each program that they call."""

from __future__ import annotations

import itertools
import re

from ecr_publish.adoption.building import Build, path
from ecr_publish.adoption.conditions import Conditions
from ecr_publish.adoption.found import Destination, FoundImage, Place, Remark
from ecr_publish.adoption.holdings import Built, Holdings
from ecr_publish.adoption.programs import ENGINES, KANIKO, Programs
from ecr_publish.adoption.shell import Command, commands, short
from ecr_publish.adoption.variables import Lookup, replaced

_KEYWORDS = ("if", "then", "else", "elif", "do", "while", "until", "!", "time", "sudo", "exec", "command")
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)
_SET_OUTPUT = re.compile(r"::set-output name=([\w-]+)::(.*)", re.DOTALL)
_DEPLOYS = re.compile(r"aws (ecs|eks|lambda|apprunner|deploy|cloudformation)\b|kubectl\b|helm\b")


class Script:
    """The scripts of one job, read one after another. Variables and images stay from one to the next."""

    def __init__(self, lookup: Lookup, images: Built | None = None) -> None:
        """`images`: what earlier jobs built, by reference; what this one builds is added to it."""
        self._outer, self._directory = lookup, ""
        self.variables: dict[str, str] = {}  # what the scripts have set, also for later steps (GITHUB_ENV)
        self._doubtful: dict[str, Remark] = {}
        self._remarks: list[Remark] = []
        self._holdings = Holdings({} if images is None else images, self._remarks)
        self._conditions = Conditions()
        self._programs = Programs(self._holdings, self._conditions, self._remarks)

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """What was left behind, once each, in order."""
        return tuple(dict.fromkeys(self._remarks))

    def read(self, script: str, place: Place, *, lookup: Lookup | None = None, directory: str | None = None) -> None:
        """Follow the commands of one script. `place` is its first line, `directory` where it runs, from the project;
        None: where the one before has ended, as in a shell that both share."""
        self._outer = lookup or self._outer
        self._directory = self._directory if directory is None else directory
        self._conditions.clear()
        self._follow(list(commands(script)), place)

    @property
    def pushes(self) -> int:
        """How many images were pushed so far."""
        return self._holdings.pushes

    def built(self, build: Build, place: Place) -> None:
        """Keep what was built, and which of its references are pushed."""
        self._holdings.build(build, place)

    def images(self, destination: Destination) -> tuple[FoundImage, ...]:
        """What was built and pushed. What the references do not say of a registry, `destination` does."""
        return self._programs.images(destination)

    def value(self, text: str) -> str:
        """The text with this job's variables replaced."""
        return replaced(text, self._lookup)

    def _lookup(self, name: str) -> str | None:
        return self.variables.get(name) or self._outer(name)

    def _follow(self, block: list[Command], place: Place) -> None:
        """One command after another; the body of `for NAME in WORDS` once for each word."""
        at = 0
        while at < len(block):
            command = block[at]
            if command.words[0] == "for" and command.words[2:3] == ("in",):
                end = _end_of_loop(block, at)
                for word in command.words[3:]:
                    value = self.value(word)
                    self.variables[command.words[1]] = f"<?{command.words[1]}>" if "*" in value else value
                    self._follow(block[at + 1 : end], place)
                at = end
            else:
                self._conditions.before(command)
                self._command(command, Place(place.file, place.line + command.line))
                self._conditions.after(command)
            at += 1

    def _command(self, command: Command, place: Place) -> None:
        words = list(command.words)
        while words and words[0] in _KEYWORDS:
            words.pop(0)
        if words and words[0] in ("export", "local", "readonly", "declare"):
            words.pop(0)
        while words and (match := _ASSIGNMENT.fullmatch(words[0])):
            self._set(match[1], match[2], place)
            words.pop(0)
        if not words:
            return
        if words[0] == "echo":
            self._echo(words, command.source, place)
        if words[0] == "cd" and len(words) == 2:
            self._directory = path(f"{self._directory}/{self.value(words[1])}")
        if words[0] in ("sh", "bash") and words[1:2] in (["-c"], ["-ec"], ["-exc"]) and len(words) > 2:
            self._follow(list(commands(words[2])), place)
            return
        if words[0] in (*ENGINES, KANIKO):
            used = set(re.findall(r"\$\{?(\w+)", command.source))
            self._remarks += [remark for name, remark in self._doubtful.items() if name in used]
        said = short(command.source)
        called = [each for word in _unwrapped(words) for each in self._split(word)]
        self._programs.call(called, place, source=said, directory=self._directory)
        if _DEPLOYS.search(command.source):
            self._remarks.append(Remark(place, f"deploying stays as it is: {said}"))

    def _split(self, word: str) -> list[str]:
        """A word's value; that of a variable alone is several words where it holds options."""
        value = self.value(word)
        several = re.fullmatch(r"\$\{?\w+\}?", word) and value.startswith("-")
        return value.split() if several else [value]

    def _set(self, name: str, text: str, place: Place) -> None:
        value = self.value(text)
        if self._conditions.are_branches and self.variables.get(name, value) != value:
            self._doubtful[name] = Remark(place, f"{name} is set in several branches: {value} is taken everywhere")
        self.variables[name] = value

    def _echo(self, words: list[str], source: str, place: Place) -> None:
        """`echo NAME=value` into one of GitHub's files, and its older `::set-output name=NAME::value`."""
        for word in words[1:]:
            if "GITHUB_ENV" in source or "GITHUB_OUTPUT" in source:
                match = _ASSIGNMENT.fullmatch(word)
            else:
                match = _SET_OUTPUT.fullmatch(word)
            if match:
                self._set(match[1], match[2], place)


def _unwrapped(words: list[str]) -> list[str]:
    """The command behind `timeout 60`, `retry` and the like; words that only print are left alone."""
    if words[0] in ("echo", "printf", "grep", "test", "[", "[[", "which", "command", "case"):
        return words
    for at, (word, after) in enumerate(itertools.pairwise(words)):
        if word in ENGINES and after in ("build", "buildx", "bud", "push", "tag", "compose"):
            return words[at:]
    return words


def _end_of_loop(block: list[Command], at: int) -> int:
    """The place of the `done` that belongs to the loop at `at`."""
    depth = 0
    for place in range(at, len(block)):
        depth += block[place].words[0] in ("for", "while", "until", "select")
        depth -= block[place].words[0] == "done"
        if depth == 0:
            return place
    return len(block)
