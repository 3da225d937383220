"""Consistent: checks of what a CI says about a run. What contradicts itself is an error that names the variables, never
a guess which of two holds."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ecr_publish.errors import OriginUnclear

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_AGAIN = "start the run anew from the CI; if you set these variables yourself, set all of them or none"


def required(env: Mapping[str, str], names: tuple[str, ...], sign: str) -> None:
    """Raise OriginUnclear unless all `names` have a value, which a CI that shows `sign` always gives them."""
    missing = [name for name in names if not env.get(name)]
    if missing:
        raise OriginUnclear(
            what=f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set, though {sign} is",
            where="environment",
            hint="pass the CI's variables on into the container or shell that runs this, or unset all of them",
        )


def commit(env: Mapping[str, str], name: str) -> str | None:
    """The commit in variable `name`; None where it is not set. Raises OriginUnclear for anything else."""
    text = env.get(name)
    if not text:
        return None
    if _COMMIT.fullmatch(text) is None:
        raise contradiction(f"{name}={text} is no full commit id", name)
    return text


def agreeing(what: str, one: tuple[str, str | None], other: tuple[str, str | None]) -> None:
    """Raise OriginUnclear if two variables (name, value) tell different things; one that is not set tells nothing."""
    if one[1] and other[1] and one[1] != other[1]:
        raise contradiction(
            f"{one[0]} says that {what} is {one[1]}, {other[0]} says {other[1]}", f"{one[0]}, {other[0]}"
        )


def contradiction(what: str, where: str) -> OriginUnclear:
    """The refusal, ready to raise."""
    return OriginUnclear(what=what, where=where, hint=_AGAIN)
