"""What a module imports and when, and what it does that only some places may do: read from its source, nothing runs."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

PACKAGE = "ecr_publish"


class When(StrEnum):
    """When an import happens."""

    LOAD = "load"  # as soon as the module is imported
    CALL = "call"  # inside a function: only when it is called
    TYPING = "typing"  # under TYPE_CHECKING: never


@dataclass(frozen=True)
class Import:
    """One imported module by its full dotted name."""

    line: int
    name: str
    when: When

    @property
    def top(self) -> str:
        """The distribution's top-level package."""
        return self.name.split(".", 1)[0]


@dataclass(frozen=True)
class Use:
    """Something a module does that a rule may forbid: `print`, `os.environ`, `datetime.now`."""

    line: int
    name: str


def imports(source: str) -> list[Import]:
    """All imports of a module, also those in functions and under TYPE_CHECKING."""
    return list(_imports(ast.parse(source), When.LOAD))


def _imports(node: ast.AST, when: When) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (Import(child.lineno, alias.name, when) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            yield from _imported_from(child, when)
        elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            yield from _within(child.body, When.TYPING)
            yield from _within(child.orelse, when)
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from _imports(child, When.CALL if when is When.LOAD else when)
        else:
            yield from _imports(child, when)


def _within(nodes: list[ast.stmt], when: When) -> Iterator[Import]:
    yield from _imports(ast.Module(body=nodes, type_ignores=[]), when)


def _imported_from(node: ast.ImportFrom, when: When) -> Iterator[Import]:
    if node.level:
        yield Import(node.lineno, "." * node.level + (node.module or ""), when)
    elif node.module == PACKAGE:
        # `from ecr_publish import app` imports a module, `from ecr_publish import __version__` does not.
        for alias in node.names:
            yield Import(node.lineno, PACKAGE if alias.name.startswith("__") else f"{PACKAGE}.{alias.name}", when)
    else:
        yield Import(node.lineno, node.module or "", when)


def uses(source: str) -> list[Use]:
    """Calls of bare names (`print`), and attributes of names (`os.environ`, `datetime.now`), as they are written."""
    tree = ast.parse(source)
    renamed = _renamed(tree)
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            found.append(Use(node.lineno, renamed.get(node.func.id, node.func.id)))
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            found.append(Use(node.lineno, f"{renamed.get(node.value.id, node.value.id)}.{node.attr}"))
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute):
            found.append(Use(node.lineno, f"{node.value.attr}.{node.attr}"))
        elif isinstance(node, ast.Raise) and node.exc is not None and "SystemExit" in ast.unparse(node.exc):
            found.append(Use(node.lineno, "raise SystemExit"))
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found += [Use(node.lineno, f"{node.module}.{alias.name}") for alias in node.names]
    return found


def _renamed(tree: ast.AST) -> dict[str, str]:
    """What a name stands for: `import os as o`, `from os import environ as e`."""
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.asname: alias.name for alias in node.names if alias.asname}
        elif isinstance(node, ast.ImportFrom) and node.module in ("os", "sys", "time"):
            names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return names
