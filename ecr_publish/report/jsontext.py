"""json: the result that later jobs and scripts read; its schema is `ecr-publish schema report`."""

from __future__ import annotations

import json
from typing import Any

from ecr_publish.report.lines import CODES, failures, records, rows, there, warnings
from ecr_publish.report.report import Report

VERSION = 1


class JsonReporter:
    """One document; members are only ever added within a version."""

    name = "json"

    def text(self, report: Report) -> str:
        """The whole document."""
        return json.dumps(document(report), indent=2, sort_keys=True) + "\n"


def document(report: Report) -> dict[str, Any]:
    """The report as JSON-like values."""
    origin = report.plan.origin
    return {
        "version": VERSION,
        "command": report.command,
        "exit_code": report.exit_code,
        "exit_reason": CODES.get(report.exit_code, "failed"),
        "started": report.started.isoformat(),
        "finished": report.finished.isoformat(),
        "origin": {"ci": origin.ci, "ref": origin.ref, "sha": origin.sha, "trusted": origin.trusted},
        "steps": [
            {"step": row.step, "where": row.place, "outcome": row.outcome, "detail": row.detail} for row in rows(report)
        ],
        "left_out": [
            {"step": each.step, "where": str(each.place), "reason": each.reason} for each in report.plan.unplanned
        ],
        "published": [
            {
                "image": each.image,
                "target": each.target,
                "repository": each.repository,
                "digest": each.digest,
                "tags": list(each.tags),
                "scan": each.scan,
            }
            for each in there(report)
        ],
        "promotions": [
            {
                "image": each.promotion.image,
                "from": each.promotion.from_environment,
                "to": each.promotion.to_environment,
                "digest": str(each.promotion.digest),
                "tags": list(each.promotion.tags),
                "topology": str(each.topology),
                "gate": str(each.mode),
                "gates": [answer.gate for answer in each.answers],
                "advisory": list(each.advisory),
            }
            for each in records(report)
        ],
        "warnings": list(warnings(report)),
        "errors": [
            {"code": code, "where": where, "what": what, "hint": hint} for code, where, what, hint in failures(report)
        ],
    }


def schema() -> dict[str, Any]:
    """The JSON Schema of the document."""
    text, texts = {"type": "string"}, {"type": "array", "items": {"type": "string"}}

    def objects(**members: object) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "object", "properties": members, "required": sorted(members)}}

    properties: dict[str, Any] = {
        "version": {"const": VERSION},
        "command": text,
        "exit_code": {"type": "integer"},
        "exit_reason": text,
        "started": {"type": "string", "format": "date-time"},
        "finished": {"type": "string", "format": "date-time"},
        "origin": {"type": "object"},
        "steps": objects(step=text, where=text, outcome=text, detail=text),
        "left_out": objects(step=text, where=text, reason=text),
        "published": objects(image=text, target=text, repository=text, digest=text, tags=texts, scan=text),
        "promotions": {"type": "array", "items": {"type": "object"}},
        "warnings": texts,
        "errors": objects(code=text, where=text, what=text, hint=text),
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "ecr-publish report",
        "type": "object",
        "properties": properties,
        "required": sorted(properties),
    }
