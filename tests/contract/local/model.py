"""What botocore's model of a service asks for: right parameters, wrong ones, and whether an answer is of its shape.

Nothing here knows a service; a test says which values stand for what exists (`known`, by the member's name).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from botocore.model import ServiceModel, Shape

from ecr_publish.local.api import wire

Path = tuple[str | int, ...]
_KINDS = {"structure": dict, "list": list, "map": dict, "string": str}
WORDS = ("a" * 8, "team/web", "1" * 12, "us-west-2", "x", "00000000-0000-4000-8000-000000000000")


@dataclass(frozen=True)
class Wrong:
    """Parameters with one thing wrong: where (`a.b`, without positions in lists), and what."""

    operation: str
    field: str
    what: str
    parameters: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.field} {self.what}"


def service(name: str) -> ServiceModel:
    """The model that boto3 itself works with."""
    found = wire.model(name)
    assert isinstance(found, ServiceModel)
    return found


def method(operation: str) -> str:
    """boto3's name of an operation."""
    from botocore import xform_name

    return str(xform_name(operation))


def minimal(shape: Shape | None, known: Mapping[str, Any], name: str = "") -> Any:
    """The least that is right: required members only. Lists have as few elements as they may, but one."""
    if name in known and (shape is None or isinstance(known[name], _KINDS.get(shape.type_name, object))):
        return deepcopy(known[name])
    if shape is None:
        return {}
    match shape.type_name:
        case "structure":
            return {each: minimal(shape.members[each], known, each) for each in shape.required_members}
        case "list":
            return [minimal(shape.member, known)] * max(1, shape.metadata.get("min", 0))
        case "map":
            return {minimal(shape.key, known): minimal(shape.value, known)}
        case "string":
            return word(shape)
        case "integer" | "long" | "float" | "double":
            return shape.metadata.get("min", 1)
        case "boolean":
            return True
        case "blob":
            return b"x"
        case other:
            raise AssertionError(f"no value for a {other}")


def word(shape: Shape) -> str:
    """A text that is right."""
    if shape.enum:
        return str(shape.enum[0])
    least = shape.metadata.get("min", 0)
    for each in (*WORDS, "a" * least):
        if least <= len(each) <= shape.metadata.get("max", len(each)) and _matches(shape, each):
            return each
    raise AssertionError(f"the test knows no word for {shape.name}: {shape.metadata}")


def _matches(shape: Shape, text: str) -> bool:
    pattern = shape.metadata.get("pattern")
    return not pattern or re.fullmatch(pattern.removeprefix("^").removesuffix("$"), text) is not None


def wrongs(operation: str, service_name: str, known: Mapping[str, Any]) -> Iterator[Wrong]:
    """Each required parameter left out, and each constraint of each parameter, at any depth, broken once."""
    shape = service(service_name).operation_model(operation).input_shape
    if shape is None:
        return
    right = minimal(shape, known)
    for path, member in _members(shape, known, ()):
        whole = _grown(right, shape, path, known)
        field = ".".join(step for step in path if isinstance(step, str))
        if _is_required(shape, path):
            yield Wrong(operation, field, "left out", _without(whole, path))
        for what, value in _broken(member):
            yield Wrong(operation, field, what, _with(whole, path, value))


def _members(shape: Shape, known: Mapping[str, Any], path: Path) -> Iterator[tuple[Path, Shape]]:
    match shape.type_name:
        case "structure":
            for name, member in shape.members.items():
                yield (*path, name), member
                yield from _members(member, known, (*path, name))
        case "list":
            yield (*path, 0), shape.member
            yield from _members(shape.member, known, (*path, 0))


def _is_required(shape: Shape, path: Path) -> bool:
    *way, last = path
    for step in way:
        shape = shape.member if isinstance(step, int) else shape.members[step]
    return shape.type_name == "structure" and last in shape.required_members


def _grown(right: Any, shape: Shape, path: Path, known: Mapping[str, Any]) -> Any:
    """The right parameters with everything on the way to `path` there."""
    whole = deepcopy(right)
    at = whole
    for step in path:
        shape = shape.member if isinstance(step, int) else shape.members[step]
        name = step if isinstance(step, str) else ""
        if isinstance(at, dict) and step not in at:
            at[step] = minimal(shape, known, name)
        at = at[step]
    return whole


def _without(whole: Any, path: Path) -> Any:
    made = deepcopy(whole)
    at = made
    for step in path[:-1]:
        at = at[step]
    del at[path[-1]]
    return made


def _with(whole: Any, path: Path, value: Any) -> Any:
    made = deepcopy(whole)
    at = made
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = at[path[-1]] * value.times if isinstance(value, _Repeated) else value
    return made


@dataclass(frozen=True)
class _Repeated:
    """A list that is longer than it may be: its elements so many times."""

    times: int


def _broken(shape: Shape) -> Iterator[tuple[str, Any]]:
    """Values that break one constraint each."""
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    match shape.type_name:
        case "string":
            if shape.enum:
                yield "not of its values", "NOT-A-VALUE"
            if shape.metadata.get("pattern") and not _matches(shape, wrong := "\u00e9 ?" * max(1, least or 0)):
                yield "not as its pattern", wrong[: most or None]
            if least:
                yield "too short", "a" * (least - 1)
            if most:
                yield "too long", "a" * (most + 1)
        case "list":
            if least:
                yield "too short", []
            if most:
                yield "too long", _Repeated(most + 1)
        case "integer" | "long":
            if least is not None:
                yield "too small", least - 1
            if most is not None:
                yield "too large", most + 1
        case "blob" if most:
            yield "too long", b"x" * (most + 1)


def complaints(value: Any, shape: Shape | None, path: str = "answer") -> Iterator[str]:
    """What in an answer's JSON is not as the shape says. Lengths are not looked at: ECR's own lists exceed them."""
    if shape is None:
        if value not in ({}, None):
            yield f"{path}: nothing was expected"
        return
    match shape.type_name:
        case "structure" if isinstance(value, dict):
            yield from (f"{path}.{name} is not in the model" for name in set(value) - set(shape.members))
            yield from (f"{path}.{name} is missing" for name in shape.required_members if name not in value)
            for name in set(value) & set(shape.members):
                yield from complaints(value[name], shape.members[name], f"{path}.{name}")
        case "list" if isinstance(value, list):
            for number, each in enumerate(value):
                yield from complaints(each, shape.member, f"{path}[{number}]")
        case "map" if isinstance(value, dict):
            for key, each in value.items():
                yield from complaints(key, shape.key, f"{path} key")
                yield from complaints(each, shape.value, f"{path}.{key}")
        case "string" if isinstance(value, str):
            if shape.enum and value not in shape.enum:
                yield f"{path}: {value!r} is not one of {shape.enum}"
            if value and not _matches(shape, value):
                yield f"{path}: {value!r} is not as {shape.metadata['pattern']}"
        case "integer" | "long" if isinstance(value, int) and not isinstance(value, bool):
            return
        case "float" | "double" | "timestamp" if isinstance(value, int | float) and not isinstance(value, bool):
            return
        case "boolean" if isinstance(value, bool):
            return
        case "blob" if isinstance(value, str):
            base64.b64decode(value, validate=True)
        case other:
            yield f"{path}: {value!r} is no {other}"


def errors_of(operation: str, service_name: str) -> frozenset[str]:
    """The codes that the model knows for an operation."""
    found = service(service_name).operation_model(operation).error_shapes
    return frozenset(shape.metadata.get("error", {}).get("code", shape.name) for shape in found)
