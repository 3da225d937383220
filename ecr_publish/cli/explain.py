"""`ecr-publish explain`: what an error code or an exit code means, and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

import click

from ecr_publish.cli.readers import say
from ecr_publish.errors import UsageError
from ecr_publish.report.exits import EXITS, Exit, exit_of
from ecr_publish.report.explanations import EXPLANATIONS, codes


@click.command(help="Explain an error code (such as tag-taken) or an exit code (such as 7). Without one: list them.")
@click.argument("code", required=False)
def command(code: str | None) -> int:
    """Print the explanation."""
    say("\n".join(_every() if code is None else _one(code.strip().lower())))
    return 0


def _one(code: str) -> Iterator[str]:
    if code.isdecimal() and (known := exit_of(int(code))):
        return _exit(known)
    if code in EXPLANATIONS:
        return _error(code)
    names = [*EXPLANATIONS, *(str(each.number) for each in EXITS)]
    near = difflib.get_close_matches(code, names, n=1)
    raise UsageError(
        what=f"no error and no exit code is called {code!r}" + (f"; did you mean {near[0]}?" if near else ""),
        where="explain",
        hint="`ecr-publish explain` lists them all",
    )


def _error(code: str) -> Iterator[str]:
    told = EXPLANATIONS[code]
    yield f"{code} (exit {codes()[code]})"
    yield ""
    yield told.meaning
    yield ""
    yield "Usual causes:"
    yield from (f"  - {cause}" for cause in told.causes)
    yield ""
    yield f"What to do: {told.remedy}"


def _exit(known: Exit) -> Iterator[str]:
    yield f"exit {known.number}: {known.word}"
    yield ""
    yield known.meaning
    yield ""
    yield f"What to do: {known.remedy}"
    if own := [code for code, number in codes().items() if number == known.number]:
        yield ""
        yield f"Errors that end with it: {', '.join(own)}"


def _every() -> Iterator[str]:
    yield "Exit codes:"
    yield from (f"  {each.number:<4} {each.word}" for each in EXITS)
    yield ""
    yield "Error codes:"
    yield from (f"  {code:<20} exit {number}" for code, number in codes().items())
