"""A plan as canonical JSON: equal plans give equal text, and the first difference can be named.

Left out is what differs between two runs of the same thing: actor, event, run URL, the variables that the origin was
read from, absolute paths, and warnings, which are remarks and not part of what will be done.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import PurePath
from typing import Any

from pydantic import BaseModel

from ecr_publish.errors import PluginError
from ecr_publish.model.digest import Digest
from ecr_publish.model.target import Place
from ecr_publish.plan.intent import FactKey
from ecr_publish.plan.plan import Plan

VERSION = 1
_PASSING = ("run_url", "actor", "event", "sources", "warnings")
# What a person understands comes first, hashes come last: the first difference found is the one that is told.
_FIRST = ("version", "versions", "origin", "now", "tags", "targets", "edges", "intents", "unplanned")
_LONGEST_SHOWN = 200


def canonical(plan: Plan) -> str:
    """The text of a saved plan. Raises PluginError for details of a step that have no JSON form."""
    value = plain(plan)
    del value["warnings"]
    for name in _PASSING:
        del value["origin"][name]
    text = json.dumps({"version": VERSION, **value}, indent=1, sort_keys=True, ensure_ascii=True) + "\n"
    # GitHub's runner takes ##[ as the begin of a command wherever it stands in a line: the same JSON, without it
    return text.replace("##[", "\\u0023#[")


def plain(value: Any) -> Any:
    """JSON-like values of frozen data; an alternative of a union is told by its class name."""
    match value:
        case None | bool() | int() | float():
            return value
        case Enum():
            return plain(value.value)
        case str():
            return str(value)
        case FactKey() | Place() | Digest():
            return str(value)
        case datetime():
            return value.astimezone(UTC).isoformat()
        case timedelta():
            return value.total_seconds()
        case PurePath():
            return value.name if value.is_absolute() else value.as_posix()
        case type():
            return value.__name__
        case BaseModel():
            return value.model_dump(mode="json", by_alias=True)
        case tuple() | list():
            return [plain(each) for each in value]
        case set() | frozenset():
            return sorted((plain(each) for each in value), key=json.dumps)
        case Mapping():
            return {str(key): plain(each) for key, each in value.items()}
    if is_dataclass(value):
        return {"is": type(value).__name__, **{each.name: plain(getattr(value, each.name)) for each in fields(value)}}
    raise PluginError(
        what=f"a plan holds a {type(value).__name__}, which has no JSON form",
        where="plan",
        hint="a step's details may hold texts, numbers, instants, tuples and frozen dataclasses",
    )


def first_difference(saved: str, now: str) -> str | None:
    """The first place where two plans differ, in words; None if they do not. A saved text that is no plan differs."""
    try:
        before = json.loads(saved)
    except (ValueError, RecursionError):
        return "the saved plan is not JSON"
    if not isinstance(before, dict) or before.get("version") != VERSION:
        return f"the saved plan is not of version {VERSION}"
    return _difference(before, json.loads(now), "")


def _difference(saved: Any, now: Any, path: str) -> str | None:
    if isinstance(saved, dict) and isinstance(now, dict):
        return _in_object(saved, now, path)
    if isinstance(saved, list) and isinstance(now, list):
        return _in_list(saved, now, path)
    # True == 1 in Python, and both are not the same in JSON.
    same = saved == now and isinstance(saved, bool) == isinstance(now, bool)
    return None if same else f"{path}: saved {_shown(saved)}, now {_shown(now)}"


def _in_object(saved: dict[str, Any], now: dict[str, Any], path: str) -> str | None:
    for key in sorted({*saved, *now}, key=lambda key: (_FIRST.index(key) if key in _FIRST else len(_FIRST), key)):
        here = f"{path}.{key}" if path else key
        if key not in now:
            return f"{here}: saved {_shown(saved[key])}, now nothing"
        if key not in saved:
            return f"{here}: saved nothing, now {_shown(now[key])}"
        if found := _difference(saved[key], now[key], here):
            return found
    return None


def _in_list(saved: list[Any], now: list[Any], path: str) -> str | None:
    for number, (one, other) in enumerate(zip(saved, now, strict=False)):
        if found := _difference(one, other, f"{path}[{number}]{_named(one)}"):
            return found
    if len(saved) > len(now):
        return f"{path}[{len(now)}]: saved {_shown(saved[len(now)])}, now nothing"
    if len(now) > len(saved):
        return f"{path}[{len(saved)}]: saved nothing, now {_shown(now[len(saved)])}"
    return None


def _named(item: Any) -> str:
    """` (push web@dev)` behind the number of an intent: numbers alone tell nobody anything."""
    if isinstance(item, dict) and isinstance(item.get("step"), str) and isinstance(item.get("place"), str):
        return f" ({item['step']} {item['place']})"
    return ""


def _shown(value: Any) -> str:
    text = _named(value).strip(" ()") or json.dumps(value)
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"
