"""Told: an embedded ECR by the files and names of a command line. What reads them is loaded only if there are any."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecr_publish.local.embedded import Settings

if TYPE_CHECKING:
    from ecr_publish.local.seed import Seed

ACCOUNT = "111111111111"  # stands for the caller's where nothing names one


def settings_of(paths: Iterable[str | None], named: Iterable[str] = ()) -> Settings:
    """The embedded ECR's settings, of findings, seed and faults files (each may hold any of the parts) and of faults by
    their names. Raises UsageError, ConfigErrors."""
    files = tuple(dict.fromkeys(filter(None, paths)))
    named = tuple(named)
    if not files and not named:
        return Settings(account=ACCOUNT)
    from ecr_publish.local import shipped
    from ecr_publish.local.seed import denials, faults, findings

    seeds = [_seed(path) for path in (*files, *(str(shipped.file(name)) for name in named))]
    return Settings(
        account=ACCOUNT,
        findings=tuple(each for seed in seeds for each in findings(seed)),
        faults=tuple(each for seed in seeds for each in faults(seed)),
        denials=tuple(each for seed in seeds for each in denials(seed)),
    )


def planted(path: str | None, ecr: Any, root: Path) -> None:
    """Make what a seed file names exist; the files that it names are below `root`.

    Raises UsageError, ConfigErrors, BadImage.
    """
    if path is not None:
        from ecr_publish.local.planting import plant

        plant(_seed(path), ecr, root)


def _seed(path: str) -> Seed:
    from ecr_publish.local.seed import load_seed, text_of

    return load_seed(text_of(path), path)
