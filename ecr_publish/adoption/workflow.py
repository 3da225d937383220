"""GitHub workflows: docker's and AWS's actions, and docker's commands in `run:`, as images and rules.

Source of the inputs' names: docker/metadata-action, docker/build-push-action, aws-actions/configure-aws-credentials and
aws-actions/amazon-ecr-login, each its README.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from ecr_publish.adoption.found import Destination, Found, FoundImage, Place, Recipe, Remark, Source
from ecr_publish.adoption.reading import lines, mapping, read, word
from ecr_publish.adoption.references import REGISTRY, known, reference, rules
from ecr_publish.adoption.script import Script, below
from ecr_publish.adoption.variables import Lookup, replaced
from ecr_publish.config.document import Map, Sequence, Text

MOST_COMBINATIONS = 64
_LEFT_BEHIND = (
    "cache-from",
    "cache-to",
    "secrets",
    "secret-envs",
    "secret-files",
    "ssh",
    "provenance",
    "sbom",
    "attests",
    "outputs",
    "build-contexts",
    "network",
    "add-hosts",
    "allow",
    "annotations",
)
_INSIDE = r"(?:(?!\}\}).)*?"  # the text of one `${{ … }}`
_ON_DEFAULT_BRANCH = re.compile(
    rf"\$\{{\{{{_INSIDE}(?:default_branch|'(?:refs/heads/)?(?:main|master)'){_INSIDE}\}}\}}"
)


def workflow(content: bytes, file: str) -> Found:
    """What one workflow builds and pushes. Raises ConfigError for what is no YAML."""
    tree = read(content, file)
    found = Found()
    for job in mapping(tree, "jobs").values():
        if isinstance(job, Map):
            for matrix in _combinations(mapping(job, "strategy", "matrix")):
                found += _Job(file, mapping(tree, "env"), job, matrix).found()
    told = bool(found.images or found.remarks)
    return Found(
        _distinct(found.images), tuple(dict.fromkeys(found.remarks)), (Source("github", file),) if told else ()
    )


def _combinations(matrix: Map) -> Iterator[dict[str, str]]:
    """Each job of a matrix whose values stand in the file; one empty one where there is no matrix."""
    axes = [
        [(name, str(each)) for each in values if isinstance(each, Text)]
        for name, values in matrix.items()
        if name not in ("include", "exclude") and isinstance(values, Sequence)
    ]
    crossed = [dict(pairs) for pairs in itertools.product(*axes)] if axes else []
    includes = matrix.get("include")
    extra = [
        {name: word(value) for name, value in each.items()}
        for each in (includes if isinstance(includes, Sequence) else ())
        if isinstance(each, Map)
    ]
    own = [each for each in extra if not any(_extends(each, base) for base in crossed)]
    for base in crossed:
        base.update({name: value for each in extra if _extends(each, base) for name, value in each.items()})
    yield from itertools.islice((crossed + own) or [{}], MOST_COMBINATIONS)


def _extends(entry: dict[str, str], base: dict[str, str]) -> bool:
    shared = entry.keys() & base.keys()
    return bool(shared) and all(entry[name] == base[name] for name in shared)


@dataclass(frozen=True, slots=True)
class _Metadata:
    """A step of docker/metadata-action."""

    images: tuple[str, ...]
    tags: tuple[str, ...]
    flavor: tuple[str, ...]
    labels: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class _Job:
    """One job in one combination of its matrix."""

    file: str
    env: Map
    job: Map
    matrix: dict[str, str]
    destination: Destination = field(default_factory=Destination)
    steps: dict[str, str] = field(default_factory=dict)  # `ID.outputs.NAME` -> value
    metadata: dict[str, _Metadata] = field(default_factory=dict)
    images: list[FoundImage] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    script: Script = field(init=False)

    def found(self) -> Found:
        """Follow the job's steps."""
        environment = self.job.get("environment")
        name = word(environment) or word(mapping(environment).get("name"))
        self.destination = Destination(name=known(self._value(name)) if name else None)
        self.script = Script(self._lookup(Map()))
        for step in maps(self.job.get("steps")):
            self._step(step)
        scripted = self.script.images(self.destination)
        return Found((*self.images, *scripted), (*self.remarks, *self.script.remarks))

    def _step(self, step: Map) -> None:
        action = word(step.get("uses")).partition("@")[0]
        given = mapping(step, "with")
        match action:
            case "aws-actions/configure-aws-credentials":
                self._credentials(given)
            case "aws-actions/amazon-ecr-login":
                self._login(step, given)
            case "docker/metadata-action":
                self.metadata[word(step.get("id"))] = self._meta(step, given)
            case "docker/build-push-action":
                self._build_push(step, given)
            case "docker/bake-action" | "docker/bake-action/subaction/matrix":
                self._say(step, f"{action} is not carried over: name each image in ecr-publish.yaml")
            case _ if action.startswith("aws-actions/"):
                self._say(step, f"{action} stays in your workflow: give it the digest that was published")
        if isinstance(step.get("run"), Text):
            self._run(step)

    def _credentials(self, given: Map) -> None:
        role, region = self._value(word(given.get("role-to-assume"))), self._value(word(given.get("aws-region")))
        account = re.search(r":iam::(\d{12}):", role)
        self.destination = replace(
            self.destination,
            region=known(region) or self.destination.region,
            role=known(role) or self.destination.role,
            account=account[1] if account else self.destination.account,
        )

    def _login(self, step: Map, given: Map) -> None:
        accounts = [each for each in re.split(r"[\s,]+", self._value(word(given.get("registries")))) if each]
        if len(accounts) == 1 and re.fullmatch(r"\d{12}", accounts[0]):
            self.destination = replace(self.destination, account=accounts[0])
        public = word(given.get("registry-type")) == "public"
        self.steps[f"{word(step.get('id'))}.outputs.registry"] = "public.ecr.aws" if public else REGISTRY

    def _meta(self, step: Map, given: Map) -> _Metadata:
        images = []
        for line in lines(given.get("images")):
            fields = [each.strip() for each in self._value(line).split(",")]
            if "enable=false" not in fields:
                images.append(next((each.partition("=")[2] for each in fields if each.startswith("name=")), fields[0]))
        tags = tuple(rule for line in lines(given.get("tags")) if (rule := self._rule(line)))
        flavor = tuple(self._value(line) for line in lines(given.get("flavor")) if not line.startswith("#"))
        if "annotations" in given:
            self._say(given["annotations"], "annotations of docker/metadata-action: write them under build.annotations")
        labels = self._pairs(given.get("labels"))
        return _Metadata(tuple(images), tags, tuple(each for each in flavor if "<?" not in each), labels)

    def _rule(self, line: Text) -> str | None:
        """One tag rule as it stands; conditions that only a workflow knows become what the grammar has for them."""
        if line.startswith("#"):
            return None
        rule = _ON_DEFAULT_BRANCH.sub("{{is_default_branch}}", line)
        rule = re.sub(r"\$\{\{\s*github\.ref_name\s*\}\}", "{{branch}}", rule)
        rule = re.sub(r"\$\{\{\s*github\.sha\s*\}\}", "{{sha}}", rule)
        rule = self._value(rule)
        if "<" in rule:
            self._say(line, f"the tag rule {str(line)!r} is left out: it asks for what only GitHub knows")
            return None
        return rule

    def _build_push(self, step: Map, given: Map) -> None:
        if word(given.get("push")) == "false":
            return
        for key in _LEFT_BEHIND:
            if key in given and word(given[key]) not in ("false", ""):
                said = " ".join(word(given[key]).split())[:60]
                self._say(given[key], f"{key}: {said} is not carried over")
        recipe = self._recipe(given)
        described = [
            each for name, each in self.metadata.items() if f"steps.{name}.outputs.labels" in word(given.get("labels"))
        ]
        recipe = replace(recipe, labels=recipe.labels + tuple(label for each in described for label in each.labels))
        named = word(given.get("tags"))
        meta = next((self.metadata[name] for name in self.metadata if f"steps.{name}.outputs.tags" in named), None)
        at = Place(self.file, step.at[0] + 1)
        if meta is not None:
            for image in meta.images:
                self._add(image, recipe, at, meta.tags, meta.flavor)
            return
        for line in lines(given.get("tags")):
            for text in filter(None, (each.strip() for each in self._value(line).split(","))):
                ruled = rules(reference(text).tag or "latest")
                if ruled.remark:
                    self._say(line, f"tag {reference(text).tag}: {ruled.remark}")
                self._add(text, recipe, at, ruled.rules, ())

    def _recipe(self, given: Map) -> Recipe:
        context = self._value(word(given.get("context")) or ".").removeprefix("./").rstrip("/") or "."
        if "://" in context or context.startswith("<"):
            context = "."
        platforms = [each.strip() for line in lines(given.get("platforms")) for each in self._value(line).split(",")]
        file = self._value(word(given.get("file"))) or None
        if file is not None and "<" in file:
            self._say(given["file"], f"which Dockerfile is meant cannot be told: {word(given['file'])}")
            file = None
        return Recipe(
            context,
            below(context, file),
            known(self._value(word(given.get("target")))),
            self._pairs(given.get("build-args")),
            self._pairs(given.get("labels")),
            tuple(each for each in platforms if each and "<" not in each),
        )

    def _pairs(self, tree: object) -> tuple[tuple[str, str], ...]:
        """The `NAME=value` lines whose values stand in the file."""
        found = []
        for line in lines(tree):
            name, equals, value = self._value(line).partition("=")
            if "<" in value:
                self._say(line, f"the value of {name} comes from the CI and is not carried over")
            elif equals and "<" not in name:
                found.append((name, value.strip('"')))
        return tuple(found)

    def _add(self, text: str, recipe: Recipe, at: Place, tags: tuple[str, ...], flavor: tuple[str, ...]) -> None:
        where = reference(text)
        repository = known(where.repository)
        if repository is None:
            self.remarks.append(Remark(at, f"the repository of {text} cannot be told from the file"))
            return
        there = where.destination
        if there is None:
            self.remarks.append(Remark(at, f"{text} goes to docker's own hub, which is not carried over"))
            return
        place = (
            there
            if there.plain or there.public_alias
            else replace(
                self.destination,
                account=there.account or self.destination.account,
                region=there.region or self.destination.region,
            )
        )
        self.images.append(FoundImage(repository, recipe, at, replace(place, name=self.destination.name), tags, flavor))

    def _run(self, step: Map) -> None:
        text = step["run"]
        self.script.read(
            text,
            Place(self.file, text.at[0] + 1),
            lookup=self._lookup(mapping(step, "env")),
            directory=word(step.get("working-directory")),
        )
        self.steps |= {f"{word(step.get('id'))}.outputs.{name}": value for name, value in self.script.variables.items()}

    def _value(self, text: str) -> str:
        return replaced(text, self._lookup(Map()))

    def _lookup(self, step_env: Map) -> Lookup:
        def lookup(name: str) -> str | None:
            plain = name.removeprefix("env.")
            for env in (step_env, mapping(self.job, "env"), self.env):
                if plain in env and isinstance(env[plain], Text):
                    value = str(env[plain])
                    return value if f"${{{{ env.{plain}" in value else replaced(value, lookup)
            if name.startswith("matrix."):
                return self.matrix.get(name.removeprefix("matrix."))
            if name.startswith("steps."):
                return self.steps.get(name.removeprefix("steps."))
            return None

        return lookup

    def _say(self, at: object, text: str) -> None:
        line = getattr(at, "at", (0, 0))[0] + 1
        self.remarks.append(Remark(Place(self.file, line), text))


def maps(tree: object) -> Iterator[Map]:
    """The mappings of a list."""
    if isinstance(tree, Sequence):
        yield from (each for each in tree if isinstance(each, Map))


def _distinct(images: tuple[FoundImage, ...]) -> tuple[FoundImage, ...]:
    """Images of one repository and one recipe are one, with all their tags."""
    found: dict[tuple[Destination, str, Recipe], FoundImage] = {}
    for image in images:
        key = image.destination, image.repository, image.recipe
        first = found.get(key)
        found[key] = replace(first, tags=tuple(dict.fromkeys(first.tags + image.tags))) if first else image
    return tuple(found.values())
