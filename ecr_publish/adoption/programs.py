"""Programs that a script calls: engines and kaniko followed from build to push, the AWS CLI, a word about others."""

from __future__ import annotations

import itertools

from ecr_publish.adoption.building import Build, docker_build, kaniko
from ecr_publish.adoption.conditions import Conditions
from ecr_publish.adoption.found import Destination, FoundImage, Place, Remark
from ecr_publish.adoption.holdings import Holdings
from ecr_publish.adoption.others import said_of_command
from ecr_publish.adoption.references import known

ENGINES = ("docker", "podman", "buildah", "nerdctl")
KANIKO = "/kaniko/executor"
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


class Programs:
    """What a job's programs have done to its images, one call after another."""

    def __init__(self, holdings: Holdings, conditions: Conditions, remarks: list[Remark]) -> None:
        """`conditions` are those of the call; what is said is added to `remarks`."""
        self._holdings, self._conditions, self._remarks = holdings, conditions, remarks
        self._region: str | None = None
        self._creates = False

    def call(self, words: list[str], place: Place, *, source: str, directory: str) -> None:
        """Follow one call. `words` are its values, `source` its text for remarks, `directory` where it runs."""

        def say(text: str) -> None:
            self._say(place, text)

        if words[0] in ENGINES:
            self._engine(words, place, source, directory)
        elif words[0] in (KANIKO, "executor"):
            self._built(kaniko(words[1:], directory, say), place)
        elif words[0] == "aws":
            self._aws(words, place, source)
        elif (text := said_of_command(words, source)) is not None:
            say(text)

    def images(self, destination: Destination) -> tuple[FoundImage, ...]:
        """What was built and pushed. What the references do not say of a registry, `destination` does."""
        return self._holdings.images(destination, region=self._region, creates=self._creates)

    def _engine(self, words: list[str], place: Place, source: str, directory: str) -> None:
        verbs = [word for word in words[1:] if not word.startswith("-")]
        if verbs[:1] in (["image"], ["builder"], ["buildx"]):
            verbs = verbs[1:]
        verb, rest = (verbs[0], words[words.index(verbs[0]) + 1 :]) if verbs else ("", [])
        if verb in ("build", "bud"):
            self._built(docker_build(rest, directory, lambda text: self._say(place, text)), place)
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

    def _built(self, build: Build, place: Place) -> None:
        if build.pushes:
            self._conditional(place)
        self._holdings.build(build, place)

    def _push(self, words: list[str], place: Place) -> None:
        names = [word.removeprefix("docker://") for word in _arguments(words)]
        if not names:
            return
        if "--all-tags" in words or "-a" in words:
            self._holdings.push_all(names[0], place)
        else:
            self._holdings.push(names, place)

    def _conditional(self, place: Place) -> None:
        for text in self._conditions.of_a_push():
            self._say(place, text)

    def _aws(self, words: list[str], place: Place, source: str) -> None:
        for before, after in itertools.pairwise(words):
            if before == "--region" and known(after):
                self._region = after
        if words[1:2] == ["ecr"] and words[2:3] == ["create-repository"]:
            self._creates = True
        elif words[1:2] == ["ecr"] and words[2:3] == ["put-image"]:
            self._say(place, f"tags come from the rules, and a promotion keeps the digest: {source}")
        elif words[1:2] == ["ecr"] and any("scan" in word for word in words[2:3]):
            self._say(place, f"waiting for the scan is part of `promote`: {source}")

    def _say(self, place: Place, text: str) -> None:
        self._remarks.append(Remark(place, text))


def _arguments(words: list[str]) -> list[str]:
    """The words that are no options, nor an option's value."""
    found, skip = [], False
    for word in words:
        if not skip and not word.startswith("-"):
            found.append(word)
        skip = word in _OF_PUSH
    return found
