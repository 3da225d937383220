"""Explained tags, for people and as JSON: which rule gave each, why it may move or not, and why a rule gave none."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ecr_publish.model.origin import Origin
from ecr_publish.model.tags import Explained, Explanation, Fixed, Floating, Movement, Tag
from ecr_publish.report.plantext import origin_line
from ecr_publish.report.text import clean

VERSION = 1


def explanations_text(origin: Origin, images: Mapping[str, Explanation]) -> str:
    """The whole text, ending in a newline."""
    return "\n".join(_lines(origin, images)) + "\n"


def explanations_json(origin: Origin, images: Mapping[str, Explanation]) -> str:
    """One document, ASCII only. Within a version fields are only ever added."""
    document = {
        "version": VERSION,
        "origin": {"ci": clean(origin.ci), "ref": _cleaned(origin.ref), "sha": _cleaned(origin.sha)},
        "images": {clean(name): _document(each) for name, each in images.items()},
    }
    return json.dumps(document, indent=2, ensure_ascii=True) + "\n"


def movement_text(movement: Movement) -> str:
    """How a tag may move, in a word or few."""
    match movement:
        case Fixed():
            return "fixed"
        case Floating(version=None):
            return "floating"
        case Floating(version=version):
            return f"floating, forward only from {version}"


def _lines(origin: Origin, images: Mapping[str, Explanation]) -> Iterator[str]:
    yield f"origin: {origin_line(origin)}"
    for name, explanation in images.items():
        yield ""
        yield f"{clean(name)}:"
        for rule in explanation.rules:
            yield from _rule(rule, explanation)
        yield f"  latest: {clean(explanation.latest)}"


def _rule(rule: Explained, explanation: Explanation) -> Iterator[str]:
    yield f"  {clean(rule.rule)}"
    if rule.tag is None:
        yield f"    no tag: {clean(rule.how)}"
        return
    repeated = "" if _counts(rule, explanation) else " (an earlier rule gives it already: that one counts)"
    yield f"    tag {rule.tag.name}: {clean(rule.how)}{repeated}"
    yield f"    {movement_text(rule.tag.movement)}: {clean(rule.moving)}"


def _counts(rule: Explained, explanation: Explanation) -> bool:
    """Whether the tag is this rule's and not that of an earlier one."""
    return rule.tag is not None and any(
        tag.name == rule.tag.name and tag.rule == rule.rule for tag in explanation.tags.tags
    )


def _document(explanation: Explanation) -> dict[str, Any]:
    return {
        "tags": [_tag(tag) for tag in explanation.tags.tags],
        "rules": [
            {
                "rule": clean(rule.rule),
                "tag": rule.tag.name if rule.tag else None,
                "counts": _counts(rule, explanation),
                "how": clean(rule.how),
                "moving": clean(rule.moving) if rule.tag else None,
            }
            for rule in explanation.rules
        ],
        "latest": clean(explanation.latest),
        "version": _cleaned(explanation.tags.version),
    }


def _tag(tag: Tag) -> dict[str, Any]:
    found: dict[str, Any] = {"name": tag.name, "rule": clean(tag.rule), "floating": False}
    match tag.movement:
        case Fixed():
            return found
        case Floating(version=version, within=within):
            return {**found, "floating": True, "forward_from": version, "within": within}


def _cleaned(text: str | None) -> str | None:
    return None if text is None else clean(text)
