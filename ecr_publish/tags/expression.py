"""Expressions inside rules: `{{version}}`, `{{branch}}`, `{{sha}}`, …: the listed ones, no template language."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ecr_publish.errors import ConfigError

_EXPRESSION = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")


def rendered(text: str, values: Mapping[str, str], where: str) -> str:
    """`text` with each `{{name}}` replaced. Raises ConfigError for a name that is not in `values`."""

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name not in values:
            raise ConfigError(
                what=f"no expression is called {{{{{name}}}}} here", where=where, hint=f"known: {', '.join(values)}"
            )
        return values[name]

    return _EXPRESSION.sub(value, text)
