"""Rule lines, parsed: `type=semver,pattern={{version}}` and a bare `foo` (= `type=raw,value=foo`).

The grammar is docker/metadata-action's: CSV fields, each split on its first `=`.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from types import MappingProxyType

from ecr_publish.errors import ConfigError

# type -> default priority; a rule with a higher one comes first
PRIORITIES = MappingProxyType({"semver": 900, "ref": 600, "raw": 200, "sha": 100})
LATER = ("schedule", "pep440", "match", "edge")
ATTRIBUTES = MappingProxyType(
    {
        "semver": ("pattern", "value"),
        "ref": ("event",),
        "raw": ("value",),
        "sha": ("format",),
    }
)
# What most often stands behind a rule that has lost its second half.
FLOW = "in a [list, like, this] the comma ends the rule: write one rule per line after `- `"
COMMON = ("enable", "priority", "prefix", "suffix")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `prefix` and `suffix` None: the flavor's."""

    line: str
    type: str
    priority: int
    enable: str = "true"
    prefix: str | None = None
    suffix: str | None = None
    pattern: str = ""
    value: str = ""
    event: str = ""
    format: str = "short"


def parse(line: str) -> Rule:
    """The rule of one line. Raises ConfigError: an unknown type or attribute, a missing one, a wrong value."""
    fields = _fields(line)
    given: dict[str, str] = {}
    for field in fields:
        key, equals, value = field.partition("=")
        if not equals:
            given["value"] = field
        else:
            given[key.strip().lower()] = value.strip()
    kind = given.pop("type", "raw")
    _check(line, kind, given)
    priority = given.get("priority", str(PRIORITIES[kind]))
    if not priority.lstrip("-").isdigit():
        raise _wrong(line, f"priority={priority} is not a number", "write a whole number")
    return Rule(
        line=line,
        type=kind,
        priority=int(priority),
        enable=given.get("enable", "true"),
        prefix=given.get("prefix", {"sha": "sha-"}.get(kind, "pr-" if given.get("event") == "pr" else None)),
        suffix=given.get("suffix"),
        pattern=given.get("pattern", ""),
        value=given.get("value", ""),
        event=given.get("event", ""),
        format=given.get("format", "short"),
    )


def _fields(line: str) -> list[str]:
    try:
        rows = list(csv.reader([line], strict=True, skipinitialspace=True))
    except csv.Error as error:
        raise _wrong(line, f"the quotes do not fit: {error}", 'quote a whole field: type=raw,"value=a,b"') from error
    return [field for field in (rows[0] if rows else []) if field.strip()]


def _check(line: str, kind: str, given: dict[str, str]) -> None:
    if kind in LATER:
        raise _wrong(line, f"type={kind} is not in this version", f"known types: {', '.join(PRIORITIES)}")
    if kind not in PRIORITIES:
        raise _wrong(line, f"no rule type is called {kind!r}", f"known types: {', '.join(PRIORITIES)}")
    allowed = (*ATTRIBUTES[kind], *COMMON)
    for key in given:
        if key not in allowed:
            raise _wrong(line, f"type={kind} has no attribute {key!r}", f"it has: {', '.join(allowed)}")
    if kind == "semver" and not given.get("pattern"):
        raise _wrong(line, "type=semver needs a pattern", f"for example type=semver,pattern={{{{version}}}}; {FLOW}")
    if kind == "ref" and given.get("event") not in ("branch", "tag", "pr"):
        raise _wrong(line, "type=ref needs event=branch, event=tag or event=pr", "for example type=ref,event=branch")
    if kind == "raw" and not given.get("value"):
        raise _wrong(line, "type=raw needs a value", f"for example type=raw,value=nightly; {FLOW}")
    if kind == "sha" and given.get("format", "short") not in ("short", "long"):
        raise _wrong(line, f"type=sha has no format={given['format']}", "write format=short or format=long")


def _wrong(line: str, what: str, hint: str) -> ConfigError:
    return ConfigError(what=what, where=f"tags: {line}", hint=hint)
