"""What a job of a GitHub workflow knows: its variables, the outputs of its steps; and the remarks made of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from ecr_publish.adoption.found import Place, Remark
from ecr_publish.adoption.reading import lines, mapping, word
from ecr_publish.adoption.variables import Lookup, replaced
from ecr_publish.config.document import Map, Text, text


@dataclass(slots=True)
class JobContext:
    """One job in one combination of its matrix."""

    file: str
    env: Map  # of the workflow
    job: Map
    known: dict[str, str]  # by their names in expressions: `matrix.NAME`, `inputs.NAME`, `needs.JOB.outputs.NAME`
    steps: dict[str, str] = field(default_factory=dict)  # `ID.outputs.NAME` -> value
    remarks: list[Remark] = field(default_factory=list)

    def value(self, text: str) -> str:
        """The text with what is known in place of its expressions and variables."""
        return replaced(text, self.lookup(Map()))

    def lookup(self, step_env: Map) -> Lookup:
        """A step's variables before the job's before the workflow's; then the contexts of expressions."""

        def found(name: str) -> str | None:
            plain = name.removeprefix("env.")
            for env in (step_env, mapping(self.job, "env"), self.env):
                if plain in env and isinstance(env[plain], Text):
                    value = str(env[plain])
                    return value if f"${{{{ env.{plain}" in value else replaced(value, found)
            if name in self.known:
                return self.known[name]
            if name.startswith("steps."):
                return self.steps.get(name.removeprefix("steps."))
            return None

        return found

    def environment(self) -> Map:
        """The variables of workflow and job together."""
        made = Map(self.env.at)
        made.update(self.env)
        made.update(mapping(self.job, "env"))
        return made

    def given(self, part: Map) -> Map:
        """The inputs of a step or of the job, with what is known in place of their expressions and variables."""
        made, inputs = Map(part.at), mapping(part, "with")
        for key, value in inputs.items():
            put = text(self.value(value), value.at) if isinstance(value, Text) else value
            made.put(key, put, inputs.keys_at.get(key))
        return made

    def outputs(self, name: str) -> dict[str, str]:
        """What later jobs know of this one, which is called `name`."""
        return {
            f"needs.{name}.outputs.{key}": value
            for key, said in mapping(self.job, "outputs").items()
            if "<?" not in (value := self.value(word(said)))
        }

    def place(self, at: object) -> Place:
        """The line where a value stands."""
        return Place(self.file, getattr(at, "at", (0, 0))[0] + 1)

    def say(self, at: object, text: str) -> None:
        """Remark something of a value."""
        self.remarks.append(Remark(self.place(at), text))

    def pairs(self, tree: object) -> tuple[tuple[str, str], ...]:
        """The `NAME=value` lines whose values stand in the file."""
        found = []
        for line in lines(tree):
            name, equals, value = self.value(line).partition("=")
            if "<" in value:
                self.say(line, f"the value of {name} comes from the CI and is not carried over")
            elif equals and "<" not in name:
                found.append((name, value.strip('"')))
        return tuple(found)
