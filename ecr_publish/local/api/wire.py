"""The JSON 1.1 wire of ECR: the operation from X-Amz-Target, input validated by botocore's own model, errors by name.

Source: botocore's service model `ecr/2015-09-21`; the status of modelled errors is 400, of ServerException 500
(ECR API Reference, "Errors" of each operation).
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from ecr_publish.local.apierror import ApiError, invalid
from ecr_publish.local.store import Store
from ecr_publish.local.tokens import Principal


@dataclass(frozen=True, slots=True)
class Call:
    """One call: who, where, and the validated input."""

    store: Store
    principal: Principal
    region: str
    now: float  # epoch seconds
    input: Mapping[str, Any]
    ecr: Any  # the EmbeddedEcr: settings, scanner, denials
    operation: str = ""


Operation = Callable[[Call], Mapping[str, Any]]


# A pattern of the model that takes exponential time on what it refuses -> one that matches the same.
_LINEAR = {r"^[a-z0-9*](?:[._\-/a-z0-9*]?[a-z0-9*]+)*$": r"[a-z0-9*](?:[._\-/]?[a-z0-9*])*"}


@cache
def model(service: str) -> Any:
    """Botocore's model of a service, read once."""
    from botocore.loaders import Loader
    from botocore.model import ServiceModel

    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


def validated(service: str, operation: str, body: bytes) -> dict[str, Any]:
    """The input of an operation, checked against its shape. Raises ApiError."""
    try:
        value = json.loads(body or b"{}")
    except (ValueError, RecursionError) as error:
        raise ApiError("SerializationException", "the body is not JSON") from error
    if not isinstance(value, dict):
        raise ApiError("SerializationException", "the body is not a JSON object")
    shape = model(service).operation_model(operation).input_shape
    return dict(_checked(value, shape, "")) if shape is not None else {}


def _checked(value: Any, shape: Any, path: str) -> Any:
    """A value as its shape wants it; lengths, ranges, enums and patterns are checked, unknown members dropped."""
    match shape.type_name:
        case "structure":
            if not isinstance(value, dict):
                raise _wrong(path, "a structure")
            for name in shape.required_members:
                if value.get(name) is None:
                    raise invalid(f"{path}{name}" if path else name, "Member must not be null")
            return {
                name: _checked(each, shape.members[name], f"{path}{name}.")
                for name, each in value.items()
                if name in shape.members and each is not None
            }
        case "list":
            if not isinstance(value, list):
                raise _wrong(path, "a list")
            _within(len(value), shape, path, "length")
            return [_checked(each, shape.member, path) for each in value]
        case "map":
            if not isinstance(value, dict):
                raise _wrong(path, "a map")
            _within(len(value), shape, path, "length")
            return {_checked(key, shape.key, path): _checked(each, shape.value, path) for key, each in value.items()}
        case "string":
            if not isinstance(value, str):
                raise _wrong(path, "a string")
            _within(len(value), shape, path, "length")
            if not value.isascii() and any("\ud800" <= each <= "\udfff" for each in value):
                raise _wrong(path, "a string without lone surrogates")
            pattern, enum = shape.metadata.get("pattern"), shape.metadata.get("enum")
            if pattern and not _compiled(pattern).fullmatch(value):
                raise invalid(path[:-1], f"must satisfy regular expression '{pattern}'")
            if enum and value not in enum:
                raise invalid(path[:-1], f"Member must satisfy enum value set: [{', '.join(enum)}]")
            return value
        case "integer" | "long":
            if not isinstance(value, int) or isinstance(value, bool):
                raise _wrong(path, "a number")
            if not -(1 << 63) <= value < 1 << 63:
                raise _wrong(path, "a number of 64 bits")
            _within(value, shape, path, "value")
            return value
        case "boolean":
            if not isinstance(value, bool):
                raise _wrong(path, "a boolean")
            return value
        case "blob":
            try:
                data = base64.b64decode(value, validate=True)
            except (ValueError, TypeError) as error:
                raise _wrong(path, "base64") from error
            _within(len(data), shape, path, "length")
            return data
        case _:
            return value


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(_LINEAR.get(pattern) or pattern.removeprefix("^").removesuffix("$"))


def _within(number: int, shape: Any, path: str, what: str) -> None:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and number < least:
        raise invalid(path[:-1], f"Member must have {what} greater than or equal to {least}")
    if most is not None and number > most:
        raise invalid(path[:-1], f"Member must have {what} less than or equal to {most}")


def _wrong(path: str, expected: str) -> ApiError:
    return ApiError("SerializationException", f"{path[:-1] or 'input'}: expected {expected}")


def encoded(value: Mapping[str, Any]) -> bytes:
    """The answer's body: timestamps as epoch seconds, absent members left out."""
    return json.dumps(_plain(value)).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items() if each is not None}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value.timestamp() if isinstance(value, datetime) else value


def error_body(error: ApiError) -> bytes:
    """An error's body."""
    return json.dumps({"__type": error.name, "message": error.message, **error.members}).encode()
