"""Well-formed: what can be said of a line of `tags:` or `flavor:` before anything is known of a run."""

from __future__ import annotations

from datetime import UTC, datetime
from types import MappingProxyType

from ecr_publish.tags.expression import Expressions
from ecr_publish.tags.flavor import flavor
from ecr_publish.tags.pattern import groups
from ecr_publish.tags.rule import parse

ANYWHERE = ("branch", "tag", "sha", "base_ref", "is_default_branch", "is_not_default_branch")
OF_VERSIONS = ("version", "major", "minor", "patch", "raw")
_SOME_DAY = datetime(2000, 1, 1, tzinfo=UTC)


def well_formed_rule(line: str) -> None:
    """Raises ConfigError: a type, attribute, pattern or expression that does not exist or cannot be read."""
    rule = parse(str(line))
    for text in (rule.enable, rule.value, rule.prefix, rule.suffix):
        _named(text, (), rule.where)
    match rule.type:
        case "match":
            groups(rule.pattern, "", rule.where)
        case "semver" | "pep440":
            _named(rule.pattern, OF_VERSIONS, rule.where)
            if rule.match:
                groups(rule.match, "", rule.where)
        case "schedule":
            _named(rule.pattern, (), rule.where)


def well_formed_flavor(line: str) -> None:
    """Raises ConfigError, of one line."""
    taste = flavor((str(line),))
    for text in (taste.prefix, taste.suffix):
        _named(text, (), f"flavor: {line}")


def _named(text: str | None, more: tuple[str, ...], where: str) -> None:
    """Every expression in the text is one that a run would know. Raises ConfigError."""
    names = dict.fromkeys((*ANYWHERE, *more), str)
    Expressions(names, {"date": _SOME_DAY, "commit_date": _SOME_DAY}).rendered(text or "", where)


READERS = MappingProxyType({"tags": well_formed_rule, "flavor": well_formed_flavor})
