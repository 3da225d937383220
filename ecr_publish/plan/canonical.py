"""A plan as canonical JSON: equal plans give equal text, and the first difference can be named.

Left out is what differs between two runs of the same thing: run URL, actor, event, attempt, and absolute paths.
"""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from pydantic import BaseModel

from ecr_publish.model.target import Place
from ecr_publish.plan.intent import FactKey
from ecr_publish.plan.plan import Plan

VERSION = 1
_PASSING = ("run_url", "actor", "event", "sources")


def canonical(plan: Plan) -> str:
    """The text of a saved plan."""
    value = plain(plan)
    for name in _PASSING:
        value["origin"].pop(name, None)
    return json.dumps({"version": VERSION, **value}, indent=1, sort_keys=True) + "\n"


def plain(value: Any) -> Any:
    """JSON-like values of frozen data; an alternative of a union is told by its class name."""
    if isinstance(value, FactKey | Place):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True)
    if is_dataclass(value) and not isinstance(value, type):
        return {"is": type(value).__name__, **{each.name: plain(getattr(value, each.name)) for each in fields(value)}}
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, type):
        return value.__name__
    return value


def first_difference(saved: str, now: str) -> str | None:
    """The first place where two plans differ, in words; None if they do not. A saved text that is no JSON differs."""
    try:
        return _difference(json.loads(saved), json.loads(now), "")
    except ValueError:
        return "the saved plan is not JSON"


def _difference(saved: Any, now: Any, path: str) -> str | None:
    if isinstance(saved, dict) and isinstance(now, dict):
        for key in sorted({*saved, *now}):
            here = f"{path}.{key}" if path else key
            if key not in saved or key not in now:
                word = "is only in the saved plan" if key in saved else "is not in the saved plan"
                return f"{here} {word}"
            if found := _difference(saved[key], now[key], here):
                return found
        return None
    if isinstance(saved, list) and isinstance(now, list):
        for number, (one, other) in enumerate(zip(saved, now, strict=False)):
            if found := _difference(one, other, f"{path}[{number}]"):
                return found
        if len(saved) != len(now):
            return f"{path}: saved {len(saved)} entries, now {len(now)}"
        return None
    return None if saved == now else f"{path}: saved {json.dumps(saved)}, now {json.dumps(now)}"
