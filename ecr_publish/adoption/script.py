"""What a script does with images: docker, podman and buildah commands followed from build to push."""

from __future__ import annotations

import itertools
import posixpath
import re
from dataclasses import dataclass, replace

from ecr_publish.adoption.found import Destination, FoundImage, Place, Recipe, Remark
from ecr_publish.adoption.references import Reference, known, reference, rules
from ecr_publish.adoption.shell import Command, commands
from ecr_publish.adoption.variables import Lookup, replaced

_ENGINES = ("docker", "podman", "buildah", "nerdctl")
_KEYWORDS = ("if", "then", "else", "elif", "do", "while", "until", "!", "time", "sudo", "exec", "command")
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)
# Options of `docker build` with a value that are carried over, and those that are left behind with a remark.
_CARRIED = {
    "-t": "tag",
    "--tag": "tag",
    "-f": "file",
    "--file": "file",
    "--target": "target",
    "--build-arg": "arg",
    "--label": "label",
    "--platform": "platform",
}
_LEFT_BEHIND = (
    "--cache-from",
    "--cache-to",
    "--secret",
    "--ssh",
    "--output",
    "-o",
    "--provenance",
    "--sbom",
    "--attest",
    "--build-context",
    "--annotation",
    "--network",
    "--add-host",
    "--memory",
    "--squash",
    "--isolation",
)
_QUIET = (
    "--progress",
    "--builder",
    "--iidfile",
    "--metadata-file",
    "--format",
    "--layers",
    "--isolation",
    "--storage-driver",
)
_DEPLOYS = re.compile(r"aws (ecs|eks|lambda|apprunner|deploy|cloudformation)\b|kubectl\b|helm\b")


@dataclass(slots=True)
class _Image:
    """A reference that stands for something built; several may stand for one."""

    recipe: Recipe
    place: Place


class Script:
    """The scripts of one job, read one after another. Variables and images stay from one to the next."""

    def __init__(self, lookup: Lookup) -> None:
        self._outer, self._directory = lookup, ""
        self.variables: dict[str, str] = {}  # what the scripts have set, also for later steps (GITHUB_ENV)
        self._images: dict[str, _Image] = {}
        self._pushed: list[tuple[str, Place]] = []
        self._remarks: list[Remark] = []
        self._region: str | None = None
        self._creates = False

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """What was left behind, once each, in order."""
        return tuple(dict.fromkeys(self._remarks))

    def read(self, script: str, place: Place, *, lookup: Lookup | None = None, directory: str = "") -> None:
        """Follow the commands of one script. `place` is its first line, `directory` where it runs, from the project."""
        self._outer, self._directory = lookup or self._outer, directory
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
                    self.variables[command.words[1]] = self.value(word)
                    self._follow(block[at + 1 : end], place)
                at = end
            else:
                self._command(command, Place(place.file, place.line + command.line))
            at += 1

    def _command(self, command: Command, place: Place) -> None:
        words = list(command.words)
        while words and words[0] in _KEYWORDS:
            words.pop(0)
        if words and words[0] in ("export", "local", "readonly", "declare"):
            words.pop(0)
        while words and (match := _ASSIGNMENT.fullmatch(words[0])):
            self.variables[match[1]] = self.value(match[2])
            words.pop(0)
        if not words:
            return
        if words[0] == "echo" and ("GITHUB_ENV" in command.source or "GITHUB_OUTPUT" in command.source):
            self.variables |= {m[1]: self.value(m[2]) for each in words[1:] if (m := _ASSIGNMENT.fullmatch(each))}
        if words[0] == "cd" and len(words) == 2:
            self._directory = _path(f"{self._directory}/{self.value(words[1])}")
        if words[0] in _ENGINES:
            self._engine([self.value(word) for word in words], place, command.source)
        elif words[0] == "aws":
            self._aws([self.value(word) for word in words], place, command.source)
        if _DEPLOYS.search(command.source):
            self._say(place, f"deploying stays as it is: {_short(command.source)}")

    def _engine(self, words: list[str], place: Place, source: str) -> None:
        verbs = [word for word in words[1:] if not word.startswith("-")]
        if verbs[:1] in (["image"], ["builder"]) or verbs[:2] == ["buildx", "build"]:
            verbs = verbs[1:]
        verb, rest = (verbs[0], words[words.index(verbs[0]) + 1 :]) if verbs else ("", [])
        if verb in ("build", "bud"):
            self._build(rest, place)
        elif verb == "tag":
            self._tag([word for word in rest if not word.startswith("-")], place)
        elif verb == "push":
            self._push(rest, place)
        elif verb in ("compose", "manifest", "commit", "import", "load", "save", "bake"):
            self._say(place, f"not carried over: {_short(source)}")

    def _build(self, words: list[str], place: Place) -> None:
        got: dict[str, list[str]] = {}
        positional: list[str] = []
        rest = iter(words)
        pushes = False
        for word in rest:
            name, equals, value = word.partition("=")
            if name in _CARRIED:
                got.setdefault(_CARRIED[name], []).append(value if equals else next(rest, ""))
            elif name in _LEFT_BEHIND:
                said = value if equals else next(rest, "")
                self._say(place, f"{name} {said} is not carried over".replace("  ", " "))
            elif name in _QUIET:
                _ = equals or next(rest, "")
            elif name in ("--push", "--all-tags"):
                pushes = True
            elif not word.startswith("-") or word == "-":
                positional.append(word)
        recipe = _recipe(got, positional, self._directory)
        for name, value in (*recipe.args, *recipe.labels):
            if "<" in value:
                self._say(place, f"the value of {name} comes from the CI and is not carried over")
        image = _Image(_without_unknown(recipe), place)
        for tag in got.get("tag", []):
            self._images[_full(tag)] = image
            if pushes:
                self._pushed.append((tag, place))

    def _tag(self, words: list[str], place: Place) -> None:
        if len(words) != 2:
            return
        source = self._images.get(_full(words[0]))
        if source is None:
            self._say(place, f"{words[0]} is tagged, and nothing here builds it")
            return
        self._images[_full(words[1])] = source

    def _push(self, words: list[str], place: Place) -> None:
        names = [word for word in words if not word.startswith("-")]
        if not names:
            return
        if "--all-tags" in words or "-a" in words:
            self._pushed += [(each, place) for each in self._images if each.rpartition(":")[0] == names[0]]
        else:
            self._pushed.append((names[-1], place))

    def _aws(self, words: list[str], place: Place, source: str) -> None:
        for before, after in itertools.pairwise(words):
            if before == "--region" and known(after):
                self._region = after
        if words[1:2] == ["ecr"] and words[2:3] == ["create-repository"]:
            self._creates = True
        elif words[1:2] == ["ecr"] and any("scan" in word for word in words[2:3]):
            self._say(place, f"waiting for the scan is part of `promote`: {_short(source)}")

    def images(self, destination: Destination) -> tuple[FoundImage, ...]:
        """What was built and pushed: one image for each repository, with the rules for its tags. What the references
        do not say of a registry, `destination` does."""
        found: dict[tuple[Destination, str], FoundImage] = {}
        for text, place in self._pushed:
            built, where = self._images.get(_full(text)), reference(text)
            if built is None:
                self._say(place, f"{text} is pushed, and nothing here builds it")
                continue
            there = self._place_of(where, destination)
            repository = known(where.repository)
            if repository is None:
                self._say(place, f"the repository of {text} cannot be told from the file")
                continue
            ruled = rules(where.tag or "latest")
            if ruled.remark:
                self._say(place, f"tag {where.tag}: {ruled.remark}")
            key = there, repository
            image = found.get(key) or FoundImage(repository, built.recipe, built.place, there)
            found[key] = replace(image, tags=tuple(dict.fromkeys(image.tags + ruled.rules)))
        return tuple(found.values())

    def _place_of(self, where: Reference, default: Destination) -> Destination:
        there = where.destination or Destination()
        if there.plain or there.public_alias:
            return replace(there, name=default.name)
        return replace(
            default,
            account=there.account or default.account,
            region=there.region or self._region or default.region,
            create=self._creates or default.create,
        )

    def _say(self, place: Place, text: str) -> None:
        self._remarks.append(Remark(place, text))


def _recipe(got: dict[str, list[str]], positional: list[str], directory: str) -> Recipe:
    context = _path(positional[0] if positional else ".")
    files, targets = got.get("file", []), got.get("target", [])
    return Recipe(
        context=_path(f"{directory}/{context}"),
        dockerfile=below(context, files[-1] if files else None),
        target=targets[-1] if targets else None,
        args=tuple(_pair(each) for each in got.get("arg", [])),
        labels=tuple(_pair(each) for each in got.get("label", [])),
        platforms=tuple(each for text in got.get("platform", []) for each in text.split(",") if each),
    )


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name, value


def _without_unknown(recipe: Recipe) -> Recipe:
    return replace(
        recipe,
        args=tuple(each for each in recipe.args if "<" not in each[1]),
        labels=tuple(each for each in recipe.labels if "<" not in each[1]),
        platforms=tuple(each for each in recipe.platforms if "<" not in each),
        target=recipe.target if recipe.target is None or known(recipe.target) else None,
    )


def _end_of_loop(block: list[Command], at: int) -> int:
    """The place of the `done` that belongs to the loop at `at`."""
    depth = 0
    for place in range(at, len(block)):
        depth += block[place].words[0] in ("for", "while", "until", "select")
        depth -= block[place].words[0] == "done"
        if depth == 0:
            return place
    return len(block)


def _path(text: str) -> str:
    """A path as our file writes it: no `./` before it and no slash behind it."""
    return posixpath.normpath(text.strip("/") or ".")


def below(context: str, file: str | None) -> str | None:
    """A Dockerfile's path relative to its context; None for the context's own `Dockerfile`. Docker takes `--file`
    from the working directory, our file from the context."""
    if file is None:
        return None
    path = _path(file)
    if context != ".":
        inside = path.removeprefix(f"{context}/")
        path = inside if inside != path else "/".join([".."] * len(context.split("/")) + [path])
    return None if path == "Dockerfile" else path


def _full(text: str) -> str:
    """A reference with its tag written out, as docker completes it."""
    where = reference(text)
    return text if where.tag or "@" in text else f"{text}:latest"


def _short(source: str) -> str:
    return source if len(source) <= 100 else f"{source[:97]}..."
