"""A CI's YAML file as text with line numbers: read more leniently than our own file, for nothing in it is obeyed."""

from __future__ import annotations

from typing import Any

import yaml

from ecr_publish.config.document import LONGEST_FILE, Map, Nothing, Sequence, Text, Tree, text
from ecr_publish.errors import ConfigError

_Loader: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MOST_NODES = 50_000
_DEEPEST = 60


def read(content: bytes, file: str) -> Map:
    """The last mapping of the file that is not a component's `spec:`, with merge keys (`<<`) merged and tags such as
    `!reference` left as what they stand on. Raises ConfigError with the place of what is no YAML."""
    body = content.decode("utf-8", errors="replace")
    if len(body) > LONGEST_FILE:
        raise ConfigError(
            what=f"the file has more than {LONGEST_FILE:,} characters", where=file, hint="name other files with --from"
        )
    try:
        nodes = [node for node in yaml.compose_all(body, Loader=_Loader) if node is not None]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{file}:{mark.line + 1}:{mark.column + 1}" if mark else file
        raise ConfigError(what=str(error.problem), where=where, hint="fix the YAML, or leave the file out") from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(what=f"this is no YAML: {reason}", where=file, hint="leave the file out") from error
    tree = _Reading(file).tree(nodes[-1]) if nodes else Map()
    return tree if isinstance(tree, Map) else Map()


class _Reading:
    def __init__(self, file: str) -> None:
        self._file, self._count = file, 0

    def tree(self, node: yaml.Node, depth: int = 0) -> Tree:
        at = (node.start_mark.line, node.start_mark.column)
        self._count += 1
        if self._count > _MOST_NODES or depth > _DEEPEST:
            raise ConfigError(
                what="the aliases of this file make too many values",
                where=f"{self._file}:{at[0] + 1}",
                hint="leave the file out",
            )
        if isinstance(node, yaml.ScalarNode):
            if node.tag == "tag:yaml.org,2002:null" and not node.style:
                return Nothing(at)
            # a block scalar's text begins on the line after its mark
            return text(node.value, (at[0] + (node.style in ("|", ">")), at[1]))
        if isinstance(node, yaml.SequenceNode):
            made = Sequence(self.tree(child, depth + 1) for child in node.value)
            made.at = at
            return made
        assert isinstance(node, yaml.MappingNode)
        return self._map(node, at, depth)

    def _map(self, node: yaml.MappingNode, at: tuple[int, int], depth: int) -> Map:
        own, merged = Map(at), Map(at)
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            tree = self.tree(value, depth + 1)
            key_at = (key.start_mark.line, key.start_mark.column)
            if key.value == "<<" and not key.style:
                for each in tree if isinstance(tree, Sequence) else (tree,):
                    if isinstance(each, Map):
                        merged.update(each)
                        merged.keys_at.update(each.keys_at)
                continue
            own.put(key.value, tree, key_at)
        for name, value in merged.items():
            if name not in own:
                own.put(name, value, merged.keys_at[name])
        return own


def mapping(tree: Any, *path: str) -> Map:
    """The mapping at that path; an empty one where there is none."""
    for key in path:
        tree = tree.get(key) if isinstance(tree, Map) else None
    return tree if isinstance(tree, Map) else Map()


def maps(tree: Any) -> list[Map]:
    """The mappings of a list; none of anything else."""
    return [each for each in tree if isinstance(each, Map)] if isinstance(tree, Sequence) else []


def texts(tree: Any) -> list[Text]:
    """All scalars of a value, flat and in order: of a list, of lists in it, or the one that it is."""
    if isinstance(tree, Text):
        return [tree]
    if isinstance(tree, Sequence):
        return [each for child in tree for each in texts(child)]
    return []


def word(tree: Any) -> str:
    """A scalar's text; empty for anything else."""
    return str(tree) if isinstance(tree, Text) else ""


def lines(tree: Any) -> list[Text]:
    """The lines of a scalar or of each scalar of a list that are not empty, each with its own place."""
    found = []
    for each in texts(tree):
        for offset, line in enumerate(each.split("\n")):
            if line.strip():
                found.append(text(line.strip(), (each.at[0] + offset, each.at[1])))
    return found
