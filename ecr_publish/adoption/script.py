"""What a script does with images: docker, podman and buildah commands followed from build to push."""

from __future__ import annotations

import itertools
import re

from ecr_publish.adoption.building import Build, docker_build, kaniko, path
from ecr_publish.adoption.found import Destination, FoundImage, Place, Remark
from ecr_publish.adoption.holdings import Built, Holdings
from ecr_publish.adoption.others import said_of_command
from ecr_publish.adoption.references import known
from ecr_publish.adoption.shell import Command, commands
from ecr_publish.adoption.variables import Lookup, replaced

_ENGINES = ("docker", "podman", "buildah", "nerdctl")
_KEYWORDS = ("if", "then", "else", "elif", "do", "while", "until", "!", "time", "sudo", "exec", "command")
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)
_SET_OUTPUT = re.compile(r"::set-output name=([\w-]+)::(.*)", re.DOTALL)
_TESTS = ("[", "[[", "test")
# Options of `push` with a value.
_OF_PUSH = (
    "--authfile",
    "--creds",
    "--digestfile",
    "--format",
    "-f",
    "--cert-dir",
    "--sign-by",
    "--retry",
    "--platform",
)
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
        self._conditions: list[str] = []
        self._tested: Command | None = None
        self._region: str | None = None
        self._creates = False

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
                self._asked(command)
                self._command(command, Place(place.file, place.line + command.line))
                self._tested = command if command.words[0] in _TESTS else None
            at += 1

    def _asked(self, command: Command) -> None:
        """Keep the conditions that this command stands under: of `if`, and of a test right before it in its line."""
        match command.words[0]:
            case "if" | "case":
                self._conditions.append(command.source.removeprefix("if "))
            case "elif" | "else" if self._conditions:
                self._conditions[-1] = command.source.removeprefix("elif ") if len(command.words) > 1 else "otherwise"
            case "fi" | "esac" if self._conditions:
                self._conditions.pop()
        if self._tested is not None and self._tested.line != command.line:
            self._tested = None

    def _conditional(self, place: Place) -> None:
        """Say under which condition something is pushed: what is written has none."""
        conditions = [*self._conditions, *([self._tested.source] if self._tested else [])]
        for each in conditions:
            if "CODEBUILD_BUILD_SUCCEEDING" not in each and "$?" not in each:
                self._say(place, f"pushed only where {_short(each)}: this condition is not carried over")

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
        if words[0] in (*_ENGINES, "/kaniko/executor"):
            used = set(re.findall(r"\$\{?(\w+)", command.source))
            self._remarks += [remark for name, remark in self._doubtful.items() if name in used]
        self._tool([each for word in _unwrapped(words) for each in self._split(word)], place, _short(command.source))
        if _DEPLOYS.search(command.source):
            self._say(place, f"deploying stays as it is: {_short(command.source)}")

    def _split(self, word: str) -> list[str]:
        """A word's value; that of a variable alone is several words where it holds options."""
        value = self.value(word)
        several = re.fullmatch(r"\$\{?\w+\}?", word) and value.startswith("-")
        return value.split() if several else [value]

    def _set(self, name: str, text: str, place: Place) -> None:
        value = self.value(text)
        if self._conditions and self.variables.get(name, value) != value:
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

    def _tool(self, words: list[str], place: Place, source: str) -> None:
        def say(text: str) -> None:
            self._say(place, text)

        if words[0] in _ENGINES:
            self._engine(words, place, source)
        elif words[0] in ("/kaniko/executor", "executor"):
            build = kaniko(words[1:], self._directory, say)
            if build.pushes:
                self._conditional(place)
            self.built(build, place)
        elif words[0] == "aws":
            self._aws(words, place, source)
        elif (text := said_of_command(words, source)) is not None:
            say(text)

    def _engine(self, words: list[str], place: Place, source: str) -> None:
        verbs = [word for word in words[1:] if not word.startswith("-")]
        if verbs[:1] in (["image"], ["builder"], ["buildx"]):
            verbs = verbs[1:]
        verb, rest = (verbs[0], words[words.index(verbs[0]) + 1 :]) if verbs else ("", [])
        if verb in ("build", "bud"):
            build = docker_build(rest, self._directory, lambda text: self._say(place, text))
            if build.pushes:
                self._conditional(place)
            self.built(build, place)
        elif verb == "tag":
            names = [word for word in rest if not word.startswith("-")]
            if len(names) == 2:
                self._holdings.tag(names[0], names[1], place)
        elif verb == "push":
            self._conditional(place)
            self._push(rest, place)
        elif verb == "imagetools" and "create" in rest:
            self._say(place, f"joining platforms is not carried over: {source}")
        elif verb in ("compose", "manifest", "commit", "import", "load", "save", "bake"):
            self._say(place, f"not carried over: {source}")
        elif verb == "run" and "kaniko" in source:
            self._say(place, f"kaniko in a container is not read: {source}")

    @property
    def pushes(self) -> int:
        """How many images were pushed so far."""
        return self._holdings.pushes

    def built(self, build: Build, place: Place) -> None:
        """Keep what was built, and which of its references are pushed."""
        self._holdings.build(build, place)

    def _push(self, words: list[str], place: Place) -> None:
        names = [word.removeprefix("docker://") for word in _arguments(words)]
        if not names:
            return
        if "--all-tags" in words or "-a" in words:
            self._holdings.push_all(names[0], place)
        else:
            self._holdings.push(names, place)

    def _aws(self, words: list[str], place: Place, source: str) -> None:
        for before, after in itertools.pairwise(words):
            if before == "--region" and known(after):
                self._region = after
        if words[1:2] == ["ecr"] and words[2:3] == ["create-repository"]:
            self._creates = True
        elif words[1:2] == ["ecr"] and words[2:3] == ["put-image"]:
            self._say(place, f"tags come from the rules, and a promotion keeps the digest: {_short(source)}")
        elif words[1:2] == ["ecr"] and any("scan" in word for word in words[2:3]):
            self._say(place, f"waiting for the scan is part of `promote`: {_short(source)}")

    def images(self, destination: Destination) -> tuple[FoundImage, ...]:
        """What was built and pushed. What the references do not say of a registry, `destination` does."""
        return self._holdings.images(destination, region=self._region, creates=self._creates)

    def _say(self, place: Place, text: str) -> None:
        self._remarks.append(Remark(place, text))


def _unwrapped(words: list[str]) -> list[str]:
    """The command behind `timeout 60`, `retry` and the like; words that only print are left alone."""
    if words[0] in ("echo", "printf", "grep", "test", "[", "[[", "which", "command", "case"):
        return words
    for at, (word, after) in enumerate(itertools.pairwise(words)):
        if word in _ENGINES and after in ("build", "buildx", "bud", "push", "tag", "compose"):
            return words[at:]
    return words


def _arguments(words: list[str]) -> list[str]:
    """The words that are no options, nor an option's value."""
    found, skip = [], False
    for word in words:
        if not skip and not word.startswith("-"):
            found.append(word)
        skip = word in _OF_PUSH
    return found


def _end_of_loop(block: list[Command], at: int) -> int:
    """The place of the `done` that belongs to the loop at `at`."""
    depth = 0
    for place in range(at, len(block)):
        depth += block[place].words[0] in ("for", "while", "until", "select")
        depth -= block[place].words[0] == "done"
        if depth == 0:
            return place
    return len(block)


def _short(source: str) -> str:
    return source if len(source) <= 100 else f"{source[:97]}..."
