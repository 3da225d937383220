"""Regular expressions of rules: `v(.*)` or `/v(.*)/i`, as JavaScript reads them where the two languages differ."""

from __future__ import annotations

import re
import warnings
from types import MappingProxyType

from ecr_publish.errors import ConfigError

_SLASHED = re.compile(r"/(.+)/([a-z]*)", re.DOTALL)
_FLAGS = MappingProxyType(
    {"g": re.NOFLAG, "i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL, "u": re.NOFLAG, "d": re.NOFLAG}
)


def groups(pattern: str, text: str, where: str) -> tuple[str | None, ...] | None:
    """The first match of `pattern` in `text`: the whole, then each group; None if it does not match.

    With the flag `g` JavaScript gives all matches instead and no groups, and so does this. Raises ConfigError.
    """
    expression, flags = _parted(pattern, where)
    # JavaScript's \d, \w and \b are of ASCII, and it names a group without Python's P
    spelled = re.sub(r"\(\?<(?=[A-Za-z_$])", "(?P<", expression)
    try:
        with warnings.catch_warnings():
            # `[[` may mean something else in a later Python; in JavaScript it never does
            warnings.simplefilter("ignore", FutureWarning)
            compiled = re.compile(spelled, re.ASCII | _combined(flags))
    except (re.error, OverflowError, RecursionError) as error:
        raise ConfigError(
            what=f"the pattern {pattern!r} cannot be read: {error}",
            where=where,
            hint="it is a regular expression: put a backslash before characters that stand for themselves",
        ) from error
    if "g" in flags:
        return tuple(match[0] for match in compiled.finditer(text)) or None
    found = compiled.search(text)
    return None if found is None else (found[0], *found.groups())


def _parted(pattern: str, where: str) -> tuple[str, str]:
    slashed = _SLASHED.fullmatch(pattern)
    if slashed is None:
        return pattern, ""
    if unknown := [flag for flag in slashed[2] if flag not in _FLAGS]:
        raise ConfigError(
            what=f"the pattern {pattern!r} has the flag {unknown[0]!r}",
            where=where,
            hint=f"known flags: {', '.join(_FLAGS)}",
        )
    return slashed[1], slashed[2]


def _combined(flags: str) -> int:
    combined = 0
    for flag in flags:
        combined |= _FLAGS[flag]
    return combined
