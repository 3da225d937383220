"""Checking: a config beside its tree, so that what breaks a rule is complained of where it stands."""

from __future__ import annotations

from ecr_publish.config.complaints import Complaints
from ecr_publish.config.document import Map, Text, walk
from ecr_publish.config.model import Config


class Checking:
    """What every rule looks at. Places are paths into the file's normal form."""

    def __init__(self, config: Config, tree: Map, complaints: Complaints) -> None:
        self.config, self.tree, self.complaints = config, tree, complaints
        self.environments = [each.name for each in config.environments]

    def at(self, *loc: str | int) -> tuple[int, int]:
        """Line and column of a value."""
        *_, last = walk(self.tree, loc)
        return last.at

    def error(self, loc: tuple[str | int, ...], what: str, hint: str) -> None:
        """A rule does not hold at this value."""
        self.complaints.add(self.at(*loc), what, hint)


def known_environment(name: Text, environments: list[str], complaints: Complaints) -> None:
    """Complain of a name that no environment has."""
    if name not in environments:
        import difflib

        near = difflib.get_close_matches(name, environments, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        complaints.add(name.at, f"there is no environment {str(name)!r}", f"{hint}known: {', '.join(environments)}")
