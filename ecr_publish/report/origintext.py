"""What was understood of a run, for people and as JSON: each fact with the variable or git command that told it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict

from ecr_publish.model.origin import Origin
from ecr_publish.report.columns import aligned

_REMARKS = ("sources", "warnings", "no_ref")  # the last is among the warnings


def origin_text(origin: Origin) -> str:
    """A line per fact, `-` for what is not known; ends in a newline. Warnings are not in it."""
    sources = dict(origin.sources)
    return "\n".join(aligned(list(_rows(origin, sources)))) + "\n"


def origin_json(origin: Origin) -> str:
    """All facts, `sources` and `warnings`, ASCII only."""
    facts = asdict(origin)
    document = {**facts, "sources": _known(origin), "warnings": list(origin.warnings)}
    return defused(json.dumps(document, indent=2, default=str, ensure_ascii=True)) + "\n"


def defused(text: str) -> str:
    """The same JSON document, without what GitHub's runner takes as a command wherever it stands in a line."""
    return text.replace("##[", "\\u0023#[")


def _rows(origin: Origin, sources: dict[str, str]) -> Iterator[tuple[str, str]]:
    for name, value in asdict(origin).items():
        if name in _REMARKS:
            continue
        shown = str(value).lower() if isinstance(value, bool) else str(value)
        source = f" ({sources[name]})" if name in sources else ""
        yield name, "-" if value is None else f"{shown}{source}"


def _known(origin: Origin) -> dict[str, str]:
    """The sources of the facts that are known."""
    return {name: source for name, source in origin.sources if getattr(origin, name) is not None}
