"""Rule lines, parsed: `type=semver,pattern={{version}}` and a bare `foo` (= `type=raw,value=foo`).

The grammar is docker/metadata-action's: CSV fields, each split on its first `=`; the last of two equal keys counts.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from ecr_publish.errors import ConfigError

# type -> default priority; a rule with a higher one comes first
PRIORITIES = MappingProxyType(
    {"schedule": 1000, "semver": 900, "pep440": 900, "match": 800, "edge": 700, "ref": 600, "raw": 200, "sha": 100}
)
# type -> its own attributes and what each is when it is not given
ATTRIBUTES = MappingProxyType(
    {
        "schedule": MappingProxyType({"pattern": "nightly"}),
        "semver": MappingProxyType({"pattern": None, "value": "", "match": ""}),
        "pep440": MappingProxyType({"pattern": None, "value": "", "match": ""}),
        "match": MappingProxyType({"pattern": None, "group": "0", "value": ""}),
        "edge": MappingProxyType({"branch": ""}),
        "ref": MappingProxyType({"event": None}),
        "raw": MappingProxyType({"value": None}),
        "sha": MappingProxyType({"format": "short"}),
    }
)
COMMON = ("enable", "priority", "prefix", "suffix")
CHOICES = MappingProxyType({("ref", "event"): ("branch", "tag", "pr"), ("sha", "format"): ("short", "long")})
EXAMPLES = MappingProxyType(
    {
        "semver": "type=semver,pattern={{version}}",
        "pep440": "type=pep440,pattern={{version}}",
        "match": r"type=match,pattern=v(\d+),group=1",
        "ref": "type=ref,event=branch",
        "raw": "type=raw,value=nightly",
    }
)
# What most often stands behind a rule that has lost its second half.
FLOW = "in a [list, like, this] the comma ends the rule: write one rule per line after `- `"


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
    match: str = ""
    group: int = 0
    branch: str = ""
    event: str = ""
    format: str = "short"

    @property
    def where(self) -> str:
        """The place that an error about this rule names."""
        return f"tags: {self.line}"


@lru_cache(maxsize=1024)  # images mostly share their rules
def parse(line: str) -> Rule:
    """The rule of one line. Raises ConfigError: an unknown type or attribute, a missing one, a wrong value."""
    given = _given(line)
    kind = given.pop("type", "raw")
    _check(line, kind, given)
    values = {**{name: default or "" for name, default in ATTRIBUTES[kind].items()}, **given}
    default_prefix = {"sha": "sha-"}.get(kind, "pr-" if values.get("event") == "pr" else None)
    return Rule(
        line=line,
        type=kind,
        priority=_number(line, "priority", values.get("priority", str(PRIORITIES[kind]))),
        enable=values.get("enable", "true"),
        prefix=values.get("prefix", default_prefix),
        suffix=values.get("suffix"),
        pattern=values.get("pattern", ""),
        value=values.get("value", ""),
        match=values.get("match", ""),
        group=_number(line, "group", values.get("group", "0")),
        branch=values.get("branch", ""),
        event=values.get("event", ""),
        format=values.get("format", "short"),
    )


def fields(line: str, where: str) -> list[str]:
    """The CSV fields of a line, without blanks around them and without empty ones. Raises ConfigError."""
    try:
        rows = list(csv.reader([line], strict=True, skipinitialspace=True))
    except csv.Error as error:
        raise ConfigError(
            what=f"the quotes do not fit: {error}", where=where, hint='quote a whole field: type=raw,"value=a,b"'
        ) from error
    return [stripped for field in (rows[0] if rows else []) if (stripped := field.strip())]


def _given(line: str) -> dict[str, str]:
    given: dict[str, str] = {}
    for field in fields(line, f"tags: {line}"):
        key, equals, value = field.partition("=")
        if equals and key:
            given[key.strip().lower()] = value.strip()
        else:
            given["value"] = field
    return given


def _check(line: str, kind: str, given: dict[str, str]) -> None:
    if kind not in PRIORITIES:
        raise _wrong(line, f"no rule type is called {kind!r}", f"known types: {', '.join(PRIORITIES)}")
    own = ATTRIBUTES[kind]
    for key in given:
        if key not in own and key not in COMMON:
            hint = "write value= before an expression that has a `=` in it" if "{{" in key else ""
            known = f"it has: {', '.join((*own, *COMMON))}"
            raise _wrong(line, f"type={kind} has no attribute {key!r}", hint or known)
    for key, default in own.items():
        if default is None and not given.get(key):
            told = f"{key}={f', {key}='.join(CHOICES[kind, key])}" if (kind, key) in CHOICES else f"a {key}"
            raise _wrong(line, f"type={kind} needs {told}", f"for example {EXAMPLES[kind]}; {FLOW}")
        allowed = CHOICES.get((kind, key))
        if allowed and given.get(key, default) not in allowed:
            options = " or ".join(f"{key}={each}" for each in allowed)
            raise _wrong(line, f"type={kind} has no {key}={given[key]}", f"write {options}")


def _number(line: str, key: str, text: str) -> int:
    if re.fullmatch(r"-?[0-9]{1,9}", text) is None:
        raise _wrong(line, f"{key}={text} is not a number", "write a whole number")
    return int(text)


def _wrong(line: str, what: str, hint: str) -> ConfigError:
    return ConfigError(what=what, where=f"tags: {line}", hint=hint)
