"""Faults with a name: each file beside this is an ordinary faults file, whose first line says what happens."""

from __future__ import annotations

from pathlib import Path

from ecr_publish.errors import UsageError

_HERE = Path(__file__).parent


def names() -> dict[str, str]:
    """Name -> what happens."""
    return {path.stem: path.read_text(encoding="utf-8").splitlines()[0].lstrip("# ") for path in _paths()}


def file(name: str) -> Path:
    """The faults file of a name. Raises UsageError for a name that there is not."""
    found = next((path for path in _paths() if path.stem == name), None)
    if found is None:
        raise UsageError(
            what=f"there is no fault called {name!r}",
            where="--fault",
            hint=f"there are {', '.join(names())}; your own go into a file for --faults",
        )
    return found


def _paths() -> list[Path]:
    return sorted(_HERE.glob("*.yaml"))
