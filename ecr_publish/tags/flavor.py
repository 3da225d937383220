"""Flavor lines: `latest=auto|true|false`, `prefix=`, `suffix=`, each with `onlatest=true`."""

from __future__ import annotations

from dataclasses import dataclass

from ecr_publish.errors import ConfigError


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
        for field in line.split(","):
            # text after a second `=` is dropped, as the action does
            key, value = [*field.split("="), "", ""][:2]
            key = key.strip().lower()
            if key == "onlatest" and last in on_latest:
                on_latest[last] = value == "true"
            elif key in values:
                values[key], last = value.strip(), key
            else:
                raise ConfigError(
                    what=f"no flavor is called {key!r}", where=f"flavor: {line}", hint="known: latest, prefix, suffix"
                )
    if values["latest"] not in ("auto", "true", "false"):
        raise ConfigError(
            what=f"latest={values['latest']} is neither auto, true nor false",
            where="flavor",
            hint="leave it out for auto",
        )
    return Flavor(values["latest"], values["prefix"], values["suffix"], on_latest["prefix"], on_latest["suffix"])
