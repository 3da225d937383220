"""Our own table of rules, read from tests/data/tags."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from ecr_publish.model.origin import Origin, RefKind
from ecr_publish.model.tags import Explanation
from ecr_publish.tags import Style, explanation

NOW = datetime(2031, 3, 4, 22, 35, 9, tzinfo=UTC)
COMMITTED = datetime(2031, 3, 2, 8, 0, tzinfo=UTC)
SHA = "0123456789abcdef0123456789abcdef01234567"


def table(name: str) -> dict[str, Any]:
    """One file of the table."""
    text = (Path(__file__).parents[2] / "data" / "tags" / f"{name}.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


ORIGINS: dict[str, dict[str, Any]] = table("rules")["origins"]


def origin(name: str) -> Origin:
    """An origin of the table by its name; where nothing else is said, of the commit above and trusted."""
    told = dict(ORIGINS[name])
    kind = RefKind(told.pop("ref_kind", "branch"))
    known = {"sha": SHA, "checkout_sha": SHA, "default_branch": "main"}
    committed = COMMITTED if told.get("sha", SHA) else None
    return Origin(**{**known, **told}, ref_kind=kind, commit_date=committed, trusted=True)


def explained(on: str, *rules: str, flavor: list[str] | None = None, **file: Any) -> Explanation:
    """What the rules give on an origin of the table; `file` are keys of ecr-publish.yaml."""
    seen = origin(on)
    return explanation(
        rules,
        Style(tuple(flavor or ()), tuple(file.get("floating", ()))),
        seen,
        NOW,
        default_branch=seen.default_branch or file.get("default-branch"),
        pr_sha=file.get("pr-sha", "merge"),
        short_sha=file.get("short-sha", 7),
    )
