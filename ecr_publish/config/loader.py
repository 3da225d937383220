"""Load: from text to a checked Config, or every error of the file at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from ecr_publish.config.complaints import Complaints
from ecr_publish.config.document import Map, Nothing, Text, Tree, gathered, place, walk
from ecr_publish.config.model import Config
from ecr_publish.config.normal import normal
from ecr_publish.config.rules import check, check_names
from ecr_publish.config.tagrules import check_tags


@dataclass(frozen=True, slots=True)
class Loaded:
    """A valid file: its Config, what is worth telling about it, and where everything stands."""

    config: Config
    warnings: tuple[str, ...]
    file: str
    tree: Map

    def position(self, *loc: str | int) -> str:
        """`file:line:column` of a path in the model, such as `("images", 0, "tags")`, as near as it can be told."""
        *_, last = walk(self.tree, loc)
        return place(self.file, last.at)


def load(content: str | bytes, file: str) -> Loaded:
    """Read, complete and check a file. Raises ConfigErrors (all errors, in the order of their positions)."""
    complaints = Complaints(file)
    tree = normal(gathered(content, file, complaints.add), complaints)
    config: Config | None = None
    try:
        config = Config.model_validate(tree)
    except ValidationError as error:
        for each in error.errors(include_url=False):
            _complain(each, tree, complaints)
    check_names(tree, complaints)
    check_tags(tree, complaints)
    if config is not None:
        check(config, tree, complaints)
    complaints.raise_if_any()
    assert config is not None
    return Loaded(config, tuple(complaints.warnings), file, tree)


def _complain(error: Any, tree: Map, complaints: Complaints) -> None:
    """One of pydantic's errors in plain words, at the place of the value."""
    loc: tuple[str | int, ...] = error["loc"]
    *_, value = walk(tree, loc)
    name = _name(loc, tree)
    if isinstance(value, Nothing):
        complaints.add(value.at, f"{name} has no value", "give it one, or remove the key")
        return
    match error["type"]:
        case "missing":
            complaints.add(value.at, f"{name} is missing", f"add {name.rpartition('.')[2]}:")
        case "value_error":
            complaints.add(value.at, f"{name}: {error['ctx']['error']}", "see docs/configuration.md")
        case "enum" | "literal_error":
            expected = str(error["ctx"]["expected"])
            complaints.add(value.at, f"{name}: {_shown(value)} is not {expected}", f"write {expected}")
        case kind:
            complaints.add(
                value.at, f"{name} must be {_expected(kind)}, it is {_shown(value)}", "see docs/configuration.md"
            )


def _name(loc: tuple[str | int, ...], tree: Map) -> str:
    """The value's path as the file has it: `images.web.repository`, `promote[0].gate`."""
    words, above = "", ""
    for step, value in zip(loc, list(walk(tree, loc))[1:], strict=False):
        if isinstance(step, int):
            name = value.get("name") if isinstance(value, Map) else None
            words += f".{name}" if name else f"[{step}]"
        elif not (step in UNION_TAGS and above in UNIONS):
            words += f".{step}" if words else step
        above = "environments" if isinstance(step, int) and above == "environments" else str(step)
    return words


# Where pydantic puts an alternative's name into the path of an error: behind these keys.
UNIONS = frozenset({"environments", "build"})
UNION_TAGS = frozenset({"ecr", "public", "plain", "docker", "layout", "archive", "files", "plugin"})


def _expected(kind: str) -> str:
    if kind.startswith(("tuple", "list")):
        return "a list" if kind != "too_short" else "a list with something in it"
    if kind.startswith(("model", "dict")):
        return "a mapping (key: value)"
    if kind == "too_short":
        return "a list with something in it"
    return "a text" if kind.startswith("string") else "another kind of value"


def _shown(value: Tree) -> str:
    if isinstance(value, Text):
        return repr(str(value)) if len(value) <= 60 else repr(str(value)[:57] + "...")
    return "a mapping" if isinstance(value, Map) else "a list"
