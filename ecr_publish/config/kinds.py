"""Kinds of values in the file: each reads the text that the user wrote, and says in plain words what it expected."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
SEVERITIES = ("critical", "high", "medium", "low", "informational")


def _matching(pattern: str, expected: str) -> Callable[[object], object]:
    def check(value: object) -> object:
        if isinstance(value, str) and not re.fullmatch(pattern, value):
            raise ValueError(f"{value!r} is not {expected}")
        return value

    return check


def _text(pattern: str, expected: str) -> Any:
    return Annotated[
        str,
        BeforeValidator(_matching(pattern, expected)),
        WithJsonSchema({"type": "string", "pattern": f"^(?:{pattern})$"}),
    ]


def _yes_no(value: object) -> object:
    if isinstance(value, str):
        if value not in ("true", "false"):
            raise ValueError(f"{value!r} is neither true nor false")
        return value == "true"
    return value


def _duration(value: object) -> object:
    if isinstance(value, str):
        match = re.fullmatch(r"(\d{1,9})([smhd])", value)
        if match is None:
            raise ValueError(f"{value!r} is not a duration: write a number and s, m, h or d, such as 15m")
        return timedelta(**{_UNITS[match[2]]: int(match[1])})
    return value


def duration_text(value: timedelta) -> str:
    """The shortest way to write it: 15m, 24h is 1d."""
    seconds = int(value.total_seconds())
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def _pairs(value: object) -> object:
    if isinstance(value, dict):
        return tuple((str(key), each) for key, each in value.items())
    if isinstance(value, str):
        raise ValueError("expected a mapping (key: value)")
    return value


def _limits(value: object) -> object:
    if not isinstance(value, dict):
        return value if isinstance(value, tuple) else _pairs(value)
    limits = []
    for word, count in value.items():
        if word in ("undefined", "untriaged"):
            raise ValueError(f"{word} findings count as high: set high")
        if word not in SEVERITIES:
            raise ValueError(f"{word!r} is no severity: write {', '.join(SEVERITIES)}")
        if not (isinstance(count, str) and re.fullmatch(r"\d{1,9}", count)):
            raise ValueError(f"{word}: {count!r} is not a number: write the greatest allowed count")
        limits.append((str(word), int(count)))
    return tuple(limits)


def _words(value: object) -> object:
    """A single text where a list is expected stands for a list of one."""
    return (value,) if isinstance(value, str) else value


def _one(value: object) -> object:
    if isinstance(value, str):
        if value != "1":
            raise ValueError(f"{value!r} is not known: this ecr-publish reads version 1")
        return 1
    return value


def _digits(value: object) -> object:
    if isinstance(value, str):
        if not (re.fullmatch(r"[0-9]{1,2}", value) and 4 <= int(value) <= 40):
            raise ValueError(f"{value!r} is not a number of digits from 4 to 40")
        return int(value)
    return value


def _masked(value: object) -> object:
    if isinstance(value, str) and "***" in value:
        raise ValueError(f"{value!r} was masked by a CI: an account id is no secret, write its 12 digits into the file")
    return value


_map_of_text = {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}}


def _level(value: object) -> object:
    if isinstance(value, str):
        if not (re.fullmatch(r"[0-9]{1,2}", value) and 1 <= int(value) <= 19):
            raise ValueError("a level is a number from 1 to 12 for gzip, to 19 for zstd")
        return int(value)
    return value


Flag = Annotated[bool, BeforeValidator(_yes_no), WithJsonSchema({"type": "boolean"})]
Duration = Annotated[
    timedelta,
    BeforeValidator(_duration),
    PlainSerializer(duration_text),
    WithJsonSchema({"type": "string", "pattern": r"^\d{1,9}[smhd]$"}),
]
Pairs = Annotated[tuple[tuple[str, str], ...], BeforeValidator(_pairs), WithJsonSchema(_map_of_text)]
Limits = Annotated[
    tuple[tuple[str, int], ...],
    BeforeValidator(_limits),
    WithJsonSchema(
        {
            "type": "object",
            "properties": {word: {"type": "integer", "minimum": 0} for word in SEVERITIES},
            "additionalProperties": False,
        }
    ),
]
Words = Annotated[
    tuple[str, ...],
    BeforeValidator(_words),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
FormatVersion = Annotated[int, BeforeValidator(_one), WithJsonSchema({"const": 1})]
Level = Annotated[int, BeforeValidator(_level), WithJsonSchema({"type": "integer", "minimum": 1, "maximum": 19})]
ShortSha = Annotated[int, BeforeValidator(_digits), WithJsonSchema({"type": "integer", "minimum": 4, "maximum": 40})]
Account = Annotated[
    str,
    BeforeValidator(_matching(r"[0-9]{12}", "an account id: it has exactly 12 digits")),
    BeforeValidator(_masked),  # asked first: pydantic begins with the last
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": "^[0-9]{12}$"}, {"type": "integer"}]}),
]
Region = _text(r"[a-z]{2,4}(-[a-z]+)+-\d{1,2}", "an AWS region such as us-east-2")
Role = _text(
    r"arn:[\w-]+:iam::\d{12}:role/[\w+=,.@/-]{1,512}", "a role's ARN such as arn:aws:iam::111111111111:role/name"
)
Name = _text(
    r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}",
    "a name of letters, digits, _ . - (at most 63, beginning with a letter or digit)",
)
# Amazon ECR API Reference, CreateRepository, repositoryName.
RepositoryName = _text(
    r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*",
    "a repository name: lower-case letters, digits and single . _ - or / between them, without a host",
)
TagName = _text(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}", "a tag: at most 128 letters, digits, _ . -")
