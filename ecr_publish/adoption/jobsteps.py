"""The steps of a GitHub job, or of a composite action, followed: what docker's actions and commands build and push."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from ecr_publish.adoption.awslogin import credentials, login
from ecr_publish.adoption.building import Build
from ecr_publish.adoption.buildpush import left_behind, named, outputs, pushes, recipe
from ecr_publish.adoption.called import DEEPEST, Files, action_called
from ecr_publish.adoption.found import Destination, Found, FoundImage, Place, Recipe, Remark, Source
from ecr_publish.adoption.holdings import Built
from ecr_publish.adoption.jobcontext import JobContext
from ecr_publish.adoption.metadata import Metadata, metadata
from ecr_publish.adoption.others import said_of_action
from ecr_publish.adoption.reading import mapping, maps, word
from ecr_publish.adoption.references import known, reference, rules
from ecr_publish.adoption.script import Script
from ecr_publish.config.document import Map, Text

_EVERYDAY = re.compile(
    r"(\$\{\{)?\s*((always|success)\(\)|!\s*cancelled\(\)|github\.event_name != 'pull_request')\s*(\}\})?"
)


@dataclass(slots=True)
class JobSteps:
    """Those of one job in one combination of its matrix, or of an action that one of its steps calls."""

    here: JobContext
    files: Files
    default_directory: str = ""
    depth: int = 0
    built: Built = field(default_factory=dict)
    untagged: set[Place] = field(default_factory=set)  # of images that are pushed by their digest
    destination: Destination = field(default_factory=Destination)
    metadata: dict[str, Metadata] = field(default_factory=dict)
    images: list[FoundImage] = field(default_factory=list)
    read: list[Source] = field(default_factory=list)
    script: Script = field(init=False)

    def found(self) -> Found:
        """Follow the job's steps."""
        environment = self.here.job.get("environment")
        name = word(environment) or word(mapping(environment).get("name"))
        self.destination = replace(
            self.destination, name=known(self.here.value(name)) if name else self.destination.name
        )
        self.script = Script(self.here.lookup(Map()), self.built)
        for step in maps(self.here.job.get("steps")):
            self._step(step)
        images = (*self.images, *self.script.images(self.destination))
        if images and "if" in self.here.job:
            self._condition(self.here.job)
        return Found(images, (*self.here.remarks, *self.script.remarks), tuple(self.read))

    def _condition(self, part: Map) -> None:
        said = " ".join(word(part.get("if")).split())
        if said and not _EVERYDAY.fullmatch(said):
            self.here.say(part["if"], f"if: {said[:80]}: this condition is not carried over")

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
                self.destination = credentials(given, self.here, self.destination)
            case "aws-actions/amazon-ecr-login":
                self.destination = login(step, given, self.here, self.destination)
            case "docker/metadata-action":
                self.metadata[word(step.get("id"))] = metadata(given, self.here)
            case "docker/build-push-action" | "depot/build-push-action" | "useblacksmith/build-push-action":
                self._build_push(step, given)
            case "docker/bake-action" | "docker/bake-action/subaction/matrix":
                self.here.say(step, f"{action} is not carried over: name each image in ecr-publish.yaml")
            case _ if action.startswith("aws-actions/"):
                self.here.say(step, f"{action} stays in your workflow: give it the digest that was published")
            case _ if action.startswith("./"):
                self._call(step, action)
            case _ if (text := said_of_action(action)) is not None:
                self.here.say(step, text)
        if isinstance(step.get("run"), Text):
            self._run(step)

    def _call(self, step: Map, action: str) -> None:
        """Follow a composite action of the project, as a job of its own with this one's place to push to."""
        called = action_called(action, self.here.given(step), self.files)
        if called is None or self.depth >= DEEPEST:
            self.here.say(step, f"the action {action} is not there to be read: if it builds images, write them by hand")
            return
        steps = mapping(called.tree, "runs")
        context = JobContext(called.file, self.here.environment(), steps, dict(called.inputs))
        inner = JobSteps(context, self.files, depth=self.depth + 1)
        inner.destination = self.destination
        found = inner.found()
        self.images += found.images
        self.here.remarks += found.remarks
        self.read += [*([Source("github", called.file)] if found.images or found.remarks else ()), *found.read]
        self.destination = inner.destination
        outputs = mapping(called.tree, "outputs")
        self.here.steps |= {
            f"{word(step.get('id'))}.outputs.{key}": inner.here.value(word(mapping(about).get("value")))
            for key, about in outputs.items()
        }

    def _build_push(self, step: Map, given: Map) -> None:
        left_behind(given, self.here)
        how, at = recipe(given, self.here, self.metadata), self.here.place(step)
        tags = word(given.get("tags"))
        meta = next((each for name, each in self.metadata.items() if f"steps.{name}.outputs.tags" in tags), None)
        if not pushes(given, self.here):  # it stays on the runner: a later step may push it
            references = meta.images if meta else tuple(each for _, each in named(given, self.here))
            self.script.built(Build(how, references, False), at)
            return
        if "tags" not in given:
            for image in outputs(given, self.here, "name"):
                self._add(image, how, at, (), ())
            self.untagged.add(at)
            return
        if meta is not None:
            for image in meta.images:
                self._add(image, how, at, meta.tags, meta.flavor)
        for line, name in named(given, self.here):
            ruled = rules(reference(name).tag or "latest")
            if ruled.remark:
                self.here.say(line, f"tag {reference(name).tag}: {ruled.remark}")
            self._add(name, how, at, ruled.rules, ())

    def _add(self, text: str, recipe: Recipe, at: Place, tags: tuple[str, ...], flavor: tuple[str, ...]) -> None:
        where = reference(text)
        repository = known(where.repository)
        there = where.destination
        if repository is None and there is None and "<" in text.partition("/")[0]:
            there = Destination()  # the registry and the repository are in one unknown value
        if there is None:
            self.here.remarks.append(Remark(at, f"{text} goes to docker's own hub, which is not carried over"))
            return
        if repository is None and any(each.place == at and each.repository for each in self.images):
            self.here.remarks.append(Remark(at, f"the repository of {text} cannot be told from the file"))
            return
        self.images.append(FoundImage(repository or "", recipe, at, there.over(self.destination), tags, flavor))

    def _run(self, step: Map) -> None:
        text = step["run"]
        shell = word(step.get("shell"))
        if shell and not re.match(r"(ba|da|z)?sh\b", shell):
            if re.search(r"\b(docker|podman|buildah)\b", text):
                self.here.say(
                    text, f"a script in {shell.split()[0]} is not read: write the images that it builds by hand"
                )
            return
        self.script.read(
            text,
            Place(self.here.file, text.at[0] + 1),
            lookup=self.here.lookup(mapping(step, "env")),
            directory=self.here.value(word(step.get("working-directory")) or self._defaults()),
        )
        self.here.steps |= {
            f"{word(step.get('id'))}.outputs.{name}": value for name, value in self.script.variables.items()
        }

    def _defaults(self) -> str:
        return word(mapping(self.here.job, "defaults", "run").get("working-directory")) or self.default_directory
