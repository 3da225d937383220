"""Flavor lines: `latest=auto|true|false`, `prefix=`, `suffix=`, the last two with `onlatest=true` on their own line."""

from __future__ import annotations

from dataclasses import dataclass

from ecr_publish.errors import ConfigError
from ecr_publish.tags.rule import fields

_CHOICES = {"latest": ("auto", "true", "false"), "onlatest": ("true", "false")}


@dataclass(frozen=True, slots=True)
class Flavor:
    """What is true for all rules of an image."""

    latest: str = "auto"
    prefix: str = ""
    suffix: str = ""
    prefix_latest: bool = False
    suffix_latest: bool = False


def flavor(lines: tuple[str, ...]) -> Flavor:
    """The flavor of all lines together; a later line wins. Raises ConfigError."""
    values = {"latest": "auto", "prefix": "", "suffix": ""}
    on_latest = {"prefix": False, "suffix": False}
    for line in lines:
        last = ""
        for field in fields(line, f"flavor: {line}"):
            key, value = _setting(line, field)
            if key != "onlatest":
                values[key], last = value, key
            elif last in on_latest:
                on_latest[last] = value == "true"
    return Flavor(values["latest"], values["prefix"], values["suffix"], on_latest["prefix"], on_latest["suffix"])


def _setting(line: str, field: str) -> tuple[str, str]:
    # text after a second `=` is dropped, as docker/metadata-action does
    key, equals, rest = field.partition("=")
    key, value = key.strip().lower(), rest.partition("=")[0].strip()
    if not equals or key not in ("latest", "prefix", "suffix", "onlatest"):
        raise ConfigError(
            what=f"no flavor is called {key!r}" if equals else f"{field!r} is no flavor: it has no `=`",
            where=f"flavor: {line}",
            hint="known: latest=auto, prefix=TEXT, suffix=TEXT, each of the last two followed by onlatest=true",
        )
    allowed = _CHOICES.get(key, (value,))
    if value not in allowed:
        raise ConfigError(
            what=f"{key}={value} is neither {' nor '.join(allowed)}", where=f"flavor: {line}", hint="leave it out"
        )
    return key, value
