"""Whoever reads what is printed: they may leave before the end, which changes nothing but that nobody is told."""

from __future__ import annotations

import os
import sys
from typing import TextIO

import click


def say(text: str, *, nl: bool = True) -> None:
    """What was asked for, to standard output. Raises OSError where it cannot be written (a file on a full disk), but
    not where its reader has left (`ecr-publish plan | head`)."""
    try:
        click.echo(text, nl=nl)
    except OSError as error:
        _leave(sys.stdout)
        if not isinstance(error, BrokenPipeError):
            raise


def tell(text: str, *, nl: bool = True, color: bool | None = None) -> None:
    """What is told beside it, to standard error; where that cannot be written, nobody is told, for whatever reason:
    what is done matters more."""
    try:
        click.echo(text, err=True, nl=nl, color=color)
    except OSError:
        _leave(sys.stderr)


def _leave(stream: TextIO) -> None:
    """Lead it nowhere from now on. What it still holds would otherwise be written when the process ends, fail once
    more, and make 120 of the exit code."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, stream.fileno())
    finally:
        os.close(nowhere)
