"""A YAML file as text and positions: every scalar is what the user wrote, every value knows where it stands.

Read through YAML's nodes, never through its types: `1.10`, `012345678901` and `on` stay text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import yaml

from ecr_publish.errors import ConfigError, ConfigErrors

LONGEST_FILE = 1 << 20  # characters; a file for 300 images has some 60,000
MOST_NODES = 200_000  # after aliases are followed: what a bomb of aliases would exceed

_Loader: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


# What YAML itself finds in plain values; any other tag was written, and asks for something that is not read here.
_PLAIN_TAGS = frozenset(
    f"tag:yaml.org,2002:{name}"
    for name in ("str", "int", "float", "bool", "null", "timestamp", "value", "merge", "seq", "map")
)


class Text(str):
    """A scalar as it is written, and where (0-based line and column)."""

    __slots__ = ("at",)
    at: tuple[int, int]


class Map(dict[str, Any]):
    """A mapping with the place of itself and of each key."""

    at: tuple[int, int] = (0, 0)
    keys_at: dict[str, tuple[int, int]]

    def __init__(self, at: tuple[int, int] = (0, 0)) -> None:
        super().__init__()
        self.at, self.keys_at = at, {}

    def put(self, key: str, value: Tree, at: tuple[int, int] | None = None) -> None:
        """Set a key; without a place of its own it stands where the mapping does."""
        self[key] = value
        self.keys_at[key] = at or self.at


class Sequence(list[Any]):
    """A sequence with its place."""

    at: tuple[int, int] = (0, 0)


class Nothing:
    """A key without a value (`key:` or `key: null`)."""

    def __init__(self, at: tuple[int, int]) -> None:
        self.at = at


Tree: TypeAlias = "Text | Map | Sequence | Nothing"
Tell: TypeAlias = Callable[[tuple[int, int], str, str], None]  # where, what, hint


def place(file: str, at: tuple[int, int]) -> str:
    """`file:line:column`, both from 1."""
    return f"{file}:{at[0] + 1}:{at[1] + 1}"


def text(value: str, at: tuple[int, int]) -> Text:
    """A Text of our own making (a default), standing where what it belongs to stands."""
    made = Text(value)
    made.at = at
    return made


def read(content: str | bytes, file: str) -> Map:
    """The one mapping in the file. Raises ConfigErrors: all that `gathered` tells, or the one thing that ends it."""
    found: list[ConfigError] = []
    tree = gathered(content, file, lambda at, what, hint: found.append(_error(file, at, what, hint)))
    if found:
        raise ConfigErrors(tuple(found))
    return tree


def gathered(content: str | bytes, file: str, tell: Tell) -> Map:
    """The one mapping in the file, without what is told of: keys that come twice, merge keys, keys that are no text.

    Raises ConfigError at the first thing that is no YAML of this kind, for what follows then means nothing.
    """
    body = _decoded(content, file)
    if len(body) > LONGEST_FILE:
        raise _error(
            file, (0, 0), f"the file has {len(body):,} characters, at most {LONGEST_FILE:,} are read", "split it"
        )
    try:
        node = yaml.compose(body, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = (mark.line, mark.column) if mark else (0, 0)
        raise _error(file, at, _problem(error), "fix the YAML here") from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise _error(
            file, (0, 0), f"this is no YAML: {str(error).splitlines()[0]}", "save the file as UTF-8 text"
        ) from error
    if node is None:
        raise _error(
            file, (0, 0), "the file is empty", "`ecr-publish schema` and docs/configuration.md show what belongs here"
        )
    tree = _Reading(file, tell).tree(node)
    if not isinstance(tree, Map):
        raise _error(file, tree.at, "the file must be a mapping (key: value)", "see docs/configuration.md")
    return tree


def _decoded(content: str | bytes, file: str) -> str:
    if isinstance(content, str):
        return content.removeprefix("\ufeff")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start)
        column = error.start - (content.rfind(b"\n", 0, error.start) + 1)
        raise _error(file, (line, column), "the file is not UTF-8", "save it as UTF-8") from error


def _problem(error: yaml.MarkedYAMLError) -> str:
    problem = str(error.problem or "not readable as YAML")
    if "tab" in problem or "\\t" in problem:
        return "a tab is used for indentation: YAML wants spaces"
    if "another document" in problem:
        return "the file holds a second document (---): only one is read"
    return f"{error.context}: {problem}" if error.context else problem


class _Reading:
    """One reading of one file: counts nodes, and refuses what a configuration never needs."""

    def __init__(self, file: str, tell: Tell) -> None:
        self._file, self._tell, self._count = file, tell, 0

    def tree(self, node: yaml.Node, depth: int = 0) -> Tree:
        at = (node.start_mark.line, node.start_mark.column)
        self._count += 1
        if self._count > MOST_NODES:
            raise _error(
                self._file, at, f"aliases (*name) make more than {MOST_NODES:,} values", "write the values out"
            )
        if depth > 50:
            raise _error(self._file, at, "nested too deeply (or an alias that contains itself)", "write it flat")
        if node.tag is not None and node.tag not in _PLAIN_TAGS:
            self._tell(at, f"the tag {node.tag} is not known here", "leave the tag out")
        if isinstance(node, yaml.ScalarNode):
            if node.tag == "tag:yaml.org,2002:null" and not node.style:
                return Nothing(at)
            return text(node.value, at)
        if isinstance(node, yaml.SequenceNode):
            sequence = Sequence(self.tree(child, depth + 1) for child in node.value)
            sequence.at = at
            return sequence
        assert isinstance(node, yaml.MappingNode)
        return self._map(node, at, depth)

    def _map(self, node: yaml.MappingNode, at: tuple[int, int], depth: int) -> Map:
        mapping = Map(at)
        for key, value in node.value:
            key_at = (key.start_mark.line, key.start_mark.column)
            if not isinstance(key, yaml.ScalarNode):
                self._tell(key_at, "a key must be plain text", "write key: value")
                continue
            if key.value == "<<" and not key.style:
                self._tell(key_at, "merge keys (<<) are not read", "use defaults:, or an alias for a whole value")
                continue
            if key.value in mapping:
                first = place(self._file, mapping.keys_at[key.value])
                self._tell(key_at, f"the key {key.value!r} is here for the second time (first: {first})", "keep one")
                continue
            mapping.put(key.value, self.tree(value, depth + 1), key_at)
        return mapping


def walk(tree: Tree, loc: tuple[str | int, ...]) -> Iterator[Tree]:
    """The values on the way along `loc`, as far as it can be followed."""
    for step in loc:
        yield tree
        if isinstance(tree, Map) and isinstance(step, str):
            tree = tree.get(step, tree)
        elif isinstance(tree, Sequence) and isinstance(step, int) and step < len(tree):
            tree = tree[step]
    yield tree


def _error(file: str, at: tuple[int, int], what: str, hint: str) -> ConfigError:
    return ConfigError(what=what, where=place(file, at), hint=hint)
