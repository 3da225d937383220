"""File: what is written for later steps and jobs of a CI."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class File:
    """A file to write. One that is `needed` fails a run that was otherwise fine when it cannot be written."""

    path: Path
    text: str
    append: bool = False
    needed: bool = True
