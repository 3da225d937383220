"""Expressions inside rules: `{{version}}`, `{{branch}}`, `{{date 'YYYYMMDD' tz='Asia/Tokyo'}}`, …: the listed ones in
Handlebars' notation, no template language. Values are escaped as Handlebars does (`&` becomes `&amp;`), but not those
in `{{{three braces}}}`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, tzinfo
from types import MappingProxyType
from zoneinfo import ZoneInfo

from ecr_publish.errors import ConfigError

_EXPRESSION = re.compile(r"\{\{\{(?P<plain>[^{}]*)\}\}\}|\{\{(?P<escaped>[^{}]*)\}\}")
_QUOTED = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\""""
_ARGUMENT = re.compile(rf"\s+(?:(?P<key>\w+)=)?(?P<value>{_QUOTED}|[^\s'\"=]+)", re.DOTALL)
_NAME = re.compile(r"\s*(?P<name>[\w.-]+)")
_ESCAPES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;", "`": "&#x60;", "=": "&#x3D;"}
)


class Unanswerable(Exception):
    """An expression asks for something that this run does not know: the rule gives nothing, for this reason."""


class Expressions:
    """What may stand between the braces. A value may raise Unanswerable or ConfigError when it is asked for."""

    def __init__(self, values: Mapping[str, Callable[[], str]], dates: Mapping[str, datetime | None]) -> None:
        """A date of None is not known."""
        self._values, self._dates = values, dates

    def beside(self, more: Mapping[str, str]) -> Expressions:
        """These and a rule's own (`version`, `major`, …)."""
        own: dict[str, Callable[[], str]] = {name: _constant(value) for name, value in more.items()}
        return Expressions(MappingProxyType({**self._values, **own}), self._dates)

    def rendered(self, text: str, where: str) -> str:
        """`text` with each expression replaced. Raises ConfigError for what cannot be read or is not known by name,
        Unanswerable for what has no answer in this run."""
        if "{{" not in text:
            return text
        if "{{" in _EXPRESSION.sub("", text):
            raise ConfigError(
                what=f"an expression in {text!r} does not end",
                where=where,
                hint="write {{name}}; only the listed expressions are known, no blocks",
            )
        return _EXPRESSION.sub(lambda match: self._value(match, where), text)

    def _value(self, match: re.Match[str], where: str) -> str:
        plain = match["plain"]
        value = self._answer(match["escaped"] if plain is None else plain, where)
        return value.translate(_ESCAPES) if plain is None else value

    def _answer(self, expression: str, where: str) -> str:
        name = _NAME.match(expression)
        if name is None:
            raise self._unknown(expression, where)
        rest = expression[name.end() :]
        if name["name"] in self._dates:
            return self._date(name["name"], rest, where)
        if rest.strip():
            raise self._wrong(f"{{{{{name['name']}}}}} takes no argument, it has {rest.strip()!r}", where)
        if name["name"] not in self._values:
            raise self._unknown(name["name"], where)
        return self._values[name["name"]]()

    def _date(self, name: str, arguments: str, where: str) -> str:
        pattern, zone, end = None, "UTC", 0
        for argument in _ARGUMENT.finditer(arguments):
            if argument.start() != end:
                break
            end = argument.end()
            if argument["key"] is None:
                # an unquoted format is no text to Handlebars: it counts as none
                pattern = _unquoted(argument["value"])
            elif argument["key"] == "tz":
                zone = _unquoted(argument["value"]) or ""
            else:
                raise self._wrong(f"{{{{{name}}}}} has no {argument['key']}=", where)
        if arguments[end:].strip():
            raise self._wrong(f"{{{{{name}}}}} cannot read {arguments[end:].strip()!r}", where)
        instant = self._dates[name]
        if instant is None:
            raise Unanswerable(f"{{{{{name}}}}} is not known here")
        from ecr_publish.tags.moment import formatted, iso

        there = instant.astimezone(_zone(zone, where))
        return iso(there) if pattern is None else formatted(there, pattern)

    def _unknown(self, name: str, where: str) -> ConfigError:
        known = ", ".join((*self._values, *self._dates))
        return ConfigError(what=f"no expression is called {{{{{name}}}}} here", where=where, hint=f"known: {known}")

    def _wrong(self, what: str, where: str) -> ConfigError:
        return ConfigError(what=what, where=where, hint="for example {{date 'YYYYMMDD-HHmmss' tz='Asia/Tokyo'}}")


def _constant(value: str) -> Callable[[], str]:
    return lambda: value


def _unquoted(text: str) -> str | None:
    """The text of a quoted word; None for one without quotes."""
    return re.sub(r"\\(['\"\\])", r"\1", text[1:-1]) if text[0] in "'\"" else None


def _zone(name: str, where: str) -> tzinfo:
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ConfigError(
            what=f"no time zone is called {name!r}",
            where=where,
            hint="write an IANA name in quotes: tz='Europe/Berlin'",
        ) from error
