"""Complaints: everything that is wrong with one file, gathered with positions and told at once."""

from __future__ import annotations

from collections.abc import Iterable

from ecr_publish.config.document import Map, Nothing, Sequence, Text, Tree, place
from ecr_publish.errors import ConfigError, ConfigErrors

# Keys of the design that this version does not act on: accepting and ignoring one of them would fail open.
LATER = frozenset(
    {"soak", "ignore-file", "ignores", "repositories", "extends", "cvss", "epss", "kev", "fixable-only", "baseline"}
    | {"max-age", "approvals", "sign", "sbom", "provenance", "cache", "secrets", "ssh", "records", "lifecycle"}
)


class Complaints:
    """Gathers; `raise_if_any` ends the reading."""

    def __init__(self, file: str) -> None:
        self.file = file
        self._all: dict[tuple[tuple[int, int], str], ConfigError] = {}
        self.warnings: list[str] = []

    def add(self, at: tuple[int, int], what: str, hint: str) -> None:
        """One complaint; the same words at the same place count once."""
        self._all[at, what] = ConfigError(what=what, where=place(self.file, at), hint=hint)

    def warn(self, at: tuple[int, int], text: str) -> None:
        """Something worth telling that is no error."""
        self.warnings.append(f"{place(self.file, at)}: {text}")

    def unknown_keys(self, mapping: Map, allowed: Iterable[str], what: str) -> None:
        """Complain about each key that is not allowed here, and take it out so that it is told once."""
        names = tuple(allowed)
        for key in [key for key in mapping if key not in names]:
            at = mapping.keys_at[key]
            if key in LATER:
                self.add(at, f"{key!r} is not in this version", "remove it: ignoring it would promise what is not done")
            else:
                import difflib

                near = difflib.get_close_matches(key, names, n=1, cutoff=0.6)
                hint = f"did you mean {near[0]!r}? " if near else ""
                self.add(at, f"{what} has no key {key!r}", f"{hint}known keys: {', '.join(names)}")
            del mapping[key]

    def wants_map(self, tree: Tree, what: str) -> Map | None:
        """The tree if it is a mapping with something in it; else a complaint and None."""
        if isinstance(tree, Map):
            return tree
        self.add(tree_place(tree), f"{what} must be a mapping (key: value)", "see docs/configuration.md")
        return None

    def raise_if_any(self) -> None:
        """Raise ConfigErrors with all complaints in the order of their positions."""
        if self._all:
            raise ConfigErrors(tuple(error for _, error in sorted(self._all.items(), key=lambda each: each[0][0])))


def tree_place(tree: Tree) -> tuple[int, int]:
    """Where a value stands."""
    assert isinstance(tree, Text | Map | Sequence | Nothing)
    return tree.at
