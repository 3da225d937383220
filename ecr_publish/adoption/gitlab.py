"""GitLab CI files: docker's commands in the jobs' scripts as images and rules.

Source: GitLab Docs, "CI/CD YAML syntax reference" (`extends`, `default`, `before_script`, `!reference`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ecr_publish.adoption.called import Files
from ecr_publish.adoption.found import Destination, Found, Place, Remark, Source
from ecr_publish.adoption.holdings import Built
from ecr_publish.adoption.matrix import parallel
from ecr_publish.adoption.reading import mapping, read, texts, word
from ecr_publish.adoption.references import known
from ecr_publish.adoption.script import Script
from ecr_publish.adoption.variables import Lookup, replaced
from ecr_publish.config.document import Map, Sequence, Text

_NO_JOBS = {"default", "variables", "workflow", "include", "stages", "image", "services", "cache", "spec"} | {
    "before_script",
    "after_script",
}
_CONDITIONS = ("rules", "only", "except", "when")
_DEEPEST = 10


def gitlab(content: bytes, file: str, files: Files = lambda path: None) -> Found:
    """What the jobs build and push. Raises ConfigError for what is no YAML."""
    own = read(content, file)
    local = [(path, read(text, path)) for path in _local(own) if (text := files(path)) is not None]
    tree, owners = Map(own.at), dict[int, str]()
    for path, part in local:
        _over(tree, part)
        owners |= {id(each): path for each in _scalars(part)}
    _over(tree, own)
    at = _Places(file, owners)
    found = Found()
    images: Built = {}  # a later job may push what an earlier one has built
    for name, job in tree.items():
        if name not in _NO_JOBS and not name.startswith(".") and isinstance(job, Map):
            whole = _extended(tree, job)
            for chosen in parallel(whole):
                found += _job(at, tree, whole, chosen, images)
    if len(local) < _includes(own) and (found.images or _missing(tree)):
        place = Place(file, own.keys_at["include"][0] + 1)
        found += Found(remarks=(Remark(place, "what is included is not read: name its file with --from"),))
    told = bool(found.images or found.remarks)
    sources = tuple(Source("gitlab", each) for each in (file, *(path for path, _ in local))) if told else ()
    return Found(found.images, tuple(dict.fromkeys(found.remarks)), sources)


@dataclass(frozen=True, slots=True)
class _Places:
    """Where a line of a script stands: in the file, or in one that it includes (`owners`, by identity of the text)."""

    file: str
    owners: Mapping[int, str]

    def of(self, line: Text) -> Place:
        return Place(self.owners.get(id(line), self.file), line.at[0] + 1)


def _local(tree: Map) -> list[str]:
    """Paths of the project's own files that are included."""
    include = tree.get("include")
    entries = include if isinstance(include, Sequence) else [include]
    named = [word(each) or word(mapping(each).get("local")) for each in entries]
    return [each.lstrip("/") for each in named if each and "://" not in each and "*" not in each]


def _includes(tree: Map) -> int:
    include = tree.get("include")
    return len(include) if isinstance(include, Sequence) else int("include" in tree)


def _scalars(tree: object) -> Iterator[Text]:
    if isinstance(tree, Text):
        yield tree
    children = tree.values() if isinstance(tree, Map) else tree if isinstance(tree, Sequence) else ()
    for child in children:
        yield from _scalars(child)


def _missing(tree: Map) -> bool:
    """Whether a job extends what is not in this file."""
    named = (name for job in tree.values() if isinstance(job, Map) for name in texts(job.get("extends")))
    return any(str(name) not in tree for name in named)


def _job(at: _Places, tree: Map, job: Map, chosen: Map, built: Built) -> Found:
    lookup = _lookup(chosen, mapping(job, "variables"), mapping(tree, "variables"))
    environment = job.get("environment")
    name = replaced(word(environment) or word(mapping(environment).get("name")), lookup)
    script = Script(lookup, built)
    before = job.get("before_script") or mapping(tree, "default").get("before_script") or tree.get("before_script")
    for part in (before, job.get("script")):
        for each in _scripts(tree, part):
            script.read(each, at.of(each))
    for each in _scripts(tree, job.get("after_script")):  # a shell of its own, in the project's directory
        script.read(each, at.of(each), directory="")
    images = script.images(Destination(name=known(name) if name else None))
    return Found(images, (*script.remarks, *(_conditions(at.file, job) if images else ())))


def _conditions(file: str, job: Map) -> list[Remark]:
    return [
        Remark(
            Place(file, job.keys_at[key][0] + 1),
            f"{key}: is not carried over: the component runs on tags and on the default branch",
        )
        for key in _CONDITIONS
        if key in job
    ]


def _extended(tree: Map, job: Map, depth: int = 0) -> Map:
    """The job over what it `extends`: mappings key by key, all else replaced."""
    if depth > _DEEPEST:
        return job
    made = Map(job.at)
    for name in texts(job.get("extends")):
        base = tree.get(str(name))
        if isinstance(base, Map):
            _over(made, _extended(tree, base, depth + 1))
    _over(made, job)
    return made


def _over(made: Map, job: Map) -> None:
    for key, value in job.items():
        if isinstance(value, Map) and isinstance(made.get(key), Map):
            joined = Map(value.at)
            joined.update(made[key])
            joined.update(value)
            made.put(key, joined, job.keys_at.get(key))
        else:
            made.put(key, value, job.keys_at.get(key))


def _scripts(tree: Map, part: object) -> list[Text]:
    """The lines of a script; `!reference [job, script]` stands for those of another."""
    if isinstance(part, Sequence) and len(part) == 2 and all(isinstance(each, Text) for each in part):
        other = mapping(tree, str(part[0])).get(str(part[1]))
        if other is not None:
            return texts(other)
    if isinstance(part, Sequence):
        return [line for each in part for line in _scripts(tree, each)]
    return texts(part)


def _lookup(*layers: Map) -> Lookup:
    def lookup(name: str) -> str | None:
        for variables in layers:
            value = variables.get(name)
            if isinstance(value, Map):
                value = value.get("value")
            if isinstance(value, Text):
                itself = f"${name}" in value or f"${{{name}" in value
                return str(value) if itself else replaced(str(value), lookup)
        return None

    return lookup
