"""GitHub workflows: docker's and AWS's actions, and docker's commands in `run:`, as images and rules.

Source of the inputs' names: docker/metadata-action, docker/build-push-action, aws-actions/configure-aws-credentials and
aws-actions/amazon-ecr-login, each its README.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from ecr_publish.adoption.building import Build, below
from ecr_publish.adoption.called import DEEPEST, Called, Files, action_called, workflow_called
from ecr_publish.adoption.found import Destination, Found, FoundImage, Place, Recipe, Remark, Source
from ecr_publish.adoption.matrix import combinations
from ecr_publish.adoption.others import said_of_action
from ecr_publish.adoption.reading import lines, mapping, read, word
from ecr_publish.adoption.references import REGISTRY, known, reference, rules
from ecr_publish.adoption.script import Built, Script
from ecr_publish.adoption.variables import Lookup, replaced
from ecr_publish.config.document import Map, Sequence, Text, text

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
    "shm-size",
    "ulimit",
    "no-cache-filters",
    "allow",
    "annotations",
)
# docker/metadata-action without `tags` (its README, "tags input").
_USUAL_TAGS = ("type=schedule", "type=ref,event=branch", "type=ref,event=tag", "type=ref,event=pr")
_EVERYDAY = re.compile(
    r"(\$\{\{)?\s*((always|success)\(\)|!\s*cancelled\(\)|github\.event_name != 'pull_request')\s*(\}\})?"
)
_INSIDE = r"(?:(?!\}\}).)*?"  # the text of one `${{ … }}`
_ON_DEFAULT_BRANCH = re.compile(
    rf"\$\{{\{{{_INSIDE}(?:default_branch|'(?:refs/heads/)?(?:main|master)'){_INSIDE}\}}\}}"
)


def workflow(content: bytes, file: str, files: Files = lambda path: None) -> Found:
    """What one workflow builds and pushes, and what it calls of the project. Raises ConfigError for what is no YAML."""
    return _workflow(Called(file, read(content, file), {}), files, 0)


def _workflow(called: Called, files: Files, depth: int) -> Found:
    file, tree = called.file, called.tree
    found, needs = Found(), dict(called.inputs)
    described: list[_Metadata] = []
    untagged: set[Place] = set()
    built: Built = {}  # a later job may push what an earlier one has built
    directory = word(mapping(tree, "defaults", "run").get("working-directory"))
    for name, job in mapping(tree, "jobs").items():
        if not isinstance(job, Map):
            continue
        for matrix in combinations(mapping(job, "strategy", "matrix")):
            made = _Job(file, mapping(tree, "env"), job, {**needs, **matrix}, files, directory, depth, built)
            found += made.calling() if "uses" in job else made.found()
            described += made.metadata.values()
            untagged |= made.untagged
            needs |= made.outputs(name)
    images = (_described(each, described) if each.place in untagged else each for each in found.images)
    found = replace(found, images=tuple(images))
    told = bool(found.images or found.remarks)
    return Found(
        _distinct(found.images),
        tuple(dict.fromkeys(found.remarks)),
        (*((Source("github", file),) if told else ()), *found.read),
    )


def _described(image: FoundImage, described: list[_Metadata]) -> FoundImage:
    """An image that was pushed by its digest, with the tags that a later job of the workflow gives it."""
    for each in described if not image.tags else ():
        if any(reference(text).repository == image.repository for text in each.images):
            return replace(image, tags=each.tags, flavor=each.flavor)
    return image


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
    known: dict[str, str]  # by their names in expressions: `matrix.NAME`, `inputs.NAME`, `needs.JOB.outputs.NAME`
    files: Files
    default_directory: str = ""
    depth: int = 0
    built: Built = field(default_factory=dict)
    untagged: set[Place] = field(default_factory=set)  # of images that are pushed by their digest
    destination: Destination = field(default_factory=Destination)
    steps: dict[str, str] = field(default_factory=dict)  # `ID.outputs.NAME` -> value
    metadata: dict[str, _Metadata] = field(default_factory=dict)
    images: list[FoundImage] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    read: list[Source] = field(default_factory=list)
    script: Script = field(init=False)

    def calling(self) -> Found:
        """Follow the workflow that the job calls."""
        uses = self.job["uses"]
        called = workflow_called(str(uses), self._given(self.job), self.files)
        if called is None or self.depth >= DEEPEST:
            self._say(uses, f"the workflow {uses} is not read: if it builds images, write them by hand")
            return Found(remarks=tuple(self.remarks))
        return _workflow(called, self.files, self.depth + 1)

    def outputs(self, name: str) -> dict[str, str]:
        """What later jobs know of this one."""
        return {
            f"needs.{name}.outputs.{key}": value
            for key, text in mapping(self.job, "outputs").items()
            if "<?" not in (value := self._value(word(text)))
        }

    def _given(self, step: Map) -> Map:
        """The inputs of a step or job, with what this job knows in their place."""
        made = Map(step.at)
        for key, value in mapping(step, "with").items():
            put = text(self._value(value), value.at) if isinstance(value, Text) else value
            made.put(key, put, mapping(step, "with").keys_at.get(key))
        return made

    def found(self) -> Found:
        """Follow the job's steps."""
        environment = self.job.get("environment")
        name = word(environment) or word(mapping(environment).get("name"))
        self.destination = replace(self.destination, name=known(self._value(name)) if name else self.destination.name)
        self.script = Script(self._lookup(Map()), self.built)
        for step in maps(self.job.get("steps")):
            self._step(step)
        images = (*self.images, *self.script.images(self.destination))
        if images and "if" in self.job:
            self._condition(self.job)
        return Found(images, (*self.remarks, *self.script.remarks), tuple(self.read))

    def _condition(self, part: Map) -> None:
        said = " ".join(word(part.get("if")).split())
        if said and not _EVERYDAY.fullmatch(said):
            self._say(part["if"], f"if: {said[:80]}: this condition is not carried over")

    def _step(self, step: Map) -> None:
        before = len(self.images), self.script.pushes
        self._follow(step)
        if (len(self.images), self.script.pushes) != before:
            self._condition(step)

    def _follow(self, step: Map) -> None:
        action = word(step.get("uses")).partition("@")[0]
        given = mapping(step, "with")
        match action:
            case "aws-actions/configure-aws-credentials":
                self._credentials(given)
            case "aws-actions/amazon-ecr-login":
                self._login(step, given)
            case "docker/metadata-action":
                self.metadata[word(step.get("id"))] = self._meta(step, given)
            case "docker/build-push-action" | "depot/build-push-action" | "useblacksmith/build-push-action":
                self._build_push(step, given)
            case "docker/bake-action" | "docker/bake-action/subaction/matrix":
                self._say(step, f"{action} is not carried over: name each image in ecr-publish.yaml")
            case _ if action.startswith("aws-actions/"):
                self._say(step, f"{action} stays in your workflow: give it the digest that was published")
            case _ if action.startswith("./"):
                self._call(step, action)
            case _ if (text := said_of_action(action)) is not None:
                self._say(step, text)
        if isinstance(step.get("run"), Text):
            self._run(step)

    def _call(self, step: Map, action: str) -> None:
        """Follow a composite action of the project, as a job of its own with this one's place to push to."""
        called = action_called(action, self._given(step), self.files)
        if called is None or self.depth >= DEEPEST:
            self._say(step, f"the action {action} is not there to be read: if it builds images, write them by hand")
            return
        steps = mapping(called.tree, "runs")
        inner = _Job(called.file, self._environment(), steps, dict(called.inputs), self.files, depth=self.depth + 1)
        inner.destination = self.destination
        found = inner.found()
        self.images += found.images
        self.remarks += found.remarks
        self.read += [*([Source("github", called.file)] if found.images or found.remarks else ()), *found.read]
        self.destination = inner.destination
        outputs = mapping(called.tree, "outputs")
        self.steps |= {
            f"{word(step.get('id'))}.outputs.{key}": inner._value(word(mapping(about).get("value")))
            for key, about in outputs.items()
        }

    def _environment(self) -> Map:
        """The variables of workflow and job together."""
        made = Map(self.env.at)
        made.update(self.env)
        made.update(mapping(self.job, "env"))
        return made

    def _credentials(self, given: Map) -> None:
        if "role-to-assume" not in given and "aws-access-key-id" in given:
            self._say(given["aws-access-key-id"], "keys are not carried over: write the `role:` of its environment")
        role, region = self._value(word(given.get("role-to-assume"))), self._value(word(given.get("aws-region")))
        account = re.search(r":iam::(\d{12}):", role)
        self.destination = replace(
            self.destination,
            region=known(region) or self.destination.region,
            role=known(role) or self.destination.role,
            account=account[1] if account else self.destination.account,
        )
        if role and known(role) is None:
            self._say(
                given["role-to-assume"], "which role is assumed cannot be told: write the `role:` of its environment"
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
        if "tags" not in given:
            tags = _USUAL_TAGS
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
        for key in _LEFT_BEHIND:
            if key in given and word(given[key]) not in ("false", ""):
                said = " ".join(word(given[key]).split())[:60]
                self._say(given[key], f"{key}: {said} is not carried over")
        recipe = self._recipe(given)
        described = [
            each for name, each in self.metadata.items() if f"steps.{name}.outputs.labels" in word(given.get("labels"))
        ]
        recipe = replace(recipe, labels=recipe.labels + tuple(label for each in described for label in each.labels))
        if "repository" in given:
            self._say(
                given["repository"], "the first version of this action named its image in other inputs: see there"
            )
        named = word(given.get("tags"))
        meta = next((self.metadata[name] for name in self.metadata if f"steps.{name}.outputs.tags" in named), None)
        at = Place(self.file, step.at[0] + 1)
        if not self._pushes(given):
            self._built(given, meta, recipe, at)
            return
        if "tags" not in given:
            for image in self._outputs(given, "name"):
                self._add(image, recipe, at, (), ())
            self.untagged.add(at)
            return
        if meta is not None:
            for image in meta.images:
                self._add(image, recipe, at, meta.tags, meta.flavor)
        listed = [
            (line, named)
            for line in lines(given.get("tags"))
            if not re.search(r"outputs\.tags\s*\}\}", line)
            for each in self._value(line).split(",")
            if (named := each.strip())
        ]
        for line, named in sorted(listed, key=lambda each: known(reference(each[1]).repository) is None):
            ruled = rules(reference(named).tag or "latest")
            if ruled.remark:
                self._say(line, f"tag {reference(named).tag}: {ruled.remark}")
            self._add(named, recipe, at, ruled.rules, ())

    def _pushes(self, given: Map) -> bool:
        return (
            word(given.get("push")) not in ("false", "")
            or "true" in self._outputs(given, "push")
            or "registry" in self._outputs(given, "type")
        )

    def _outputs(self, given: Map, field: str) -> list[str]:
        """The values of one field of `outputs: type=image,name=…`."""
        fields = [each.strip(' "') for line in lines(given.get("outputs")) for each in self._value(line).split(",")]
        return [each.partition("=")[2] for each in fields if each.partition("=")[0] == field]

    def _built(self, given: Map, meta: _Metadata | None, recipe: Recipe, at: Place) -> None:
        """What is built and stays on the runner: a later step may push it."""
        tags = [each for line in lines(given.get("tags")) for each in self._value(line).split(",")]
        self.script.built(Build(recipe, tuple(meta.images if meta else (each.strip() for each in tags)), False), at)

    def _recipe(self, given: Map) -> Recipe:
        context = self._value(word(given.get("context")) or ".").strip()
        context = re.sub(r"^\{\{defaultContext\}\}:?", "", context).removeprefix("./").rstrip("/") or "."
        if "://" in context or known(context) is None or context.startswith(".."):
            self._say(given["context"], f"which directory is the context cannot be told: {context}, so . is written")
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
            tuple(each for each in ("pull", "no-cache") if word(given.get(each)) == "true"),
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
        there = where.destination
        if repository is None and there is None and "<" in text.partition("/")[0]:
            there = Destination()  # the registry and the repository are in one unknown value
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
        if repository is None and any(each.place == at and each.repository for each in self.images):
            self.remarks.append(Remark(at, f"the repository of {text} cannot be told from the file"))
            return
        place = replace(place, name=self.destination.name)
        self.images.append(FoundImage(repository or "", recipe, at, place, tags, flavor))

    def _run(self, step: Map) -> None:
        text = step["run"]
        shell = word(step.get("shell"))
        if shell and not re.match(r"(ba|da|z)?sh\b", shell):
            if re.search(r"\b(docker|podman|buildah)\b", text):
                self._say(text, f"a script in {shell.split()[0]} is not read: write the images that it builds by hand")
            return
        self.script.read(
            text,
            Place(self.file, text.at[0] + 1),
            lookup=self._lookup(mapping(step, "env")),
            directory=self._value(word(step.get("working-directory")) or self._defaults()),
        )
        self.steps |= {f"{word(step.get('id'))}.outputs.{name}": value for name, value in self.script.variables.items()}

    def _defaults(self) -> str:
        return word(mapping(self.job, "defaults", "run").get("working-directory")) or self.default_directory

    def _value(self, text: str) -> str:
        return replaced(text, self._lookup(Map()))

    def _lookup(self, step_env: Map) -> Lookup:
        def lookup(name: str) -> str | None:
            plain = name.removeprefix("env.")
            for env in (step_env, mapping(self.job, "env"), self.env):
                if plain in env and isinstance(env[plain], Text):
                    value = str(env[plain])
                    return value if f"${{{{ env.{plain}" in value else replaced(value, lookup)
            if name in self.known:
                return self.known[name]
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
