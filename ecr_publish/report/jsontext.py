"""The report as JSON: what later jobs and scripts read. Version 1; fields are only ever added within a version."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from ecr_publish.model.scan import ChildScan, Complete, TimedOut, Unscanned, Unsupported
from ecr_publish.model.verdict import Allow, CannotJudge, GateAnswer, Refuse
from ecr_publish.report.evidence import severities
from ecr_publish.report.exits import verdict
from ecr_publish.report.problems import Problem, problems
from ecr_publish.report.report import Report
from ecr_publish.report.rows import Holding, connection, detail, holdings, warnings, word
from ecr_publish.report.text import clean, passage
from ecr_publish.run.ledger import Entry
from ecr_publish.run.outcome import AlreadyDone, Done, Failed

VERSION = 1


class JsonReporter:
    """`--format json`."""

    name = "json"

    def text(self, report: Report) -> str:
        """One document, ASCII only, keys in the order of the schema."""
        return json.dumps(document(report), indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def document(report: Report) -> dict[str, Any]:
    """The report as the schema describes it (`ecr-publish schema report`)."""
    origin = report.plan.origin
    return {
        "version": VERSION,
        "command": clean(report.command),
        "exit_code": report.exit_code,
        "result": verdict(report.exit_code),
        "started": _instant(report.started),
        "finished": _instant(report.finished),
        "origin": {
            "ci": clean(origin.ci),
            "repository": _optional(origin.repository),
            "ref": _optional(origin.ref),
            "sha": _optional(origin.sha),
            "trusted": origin.trusted,
            "dirty": origin.dirty,
        },
        "published": [_holding(report, each) for each in holdings(report)],
        "steps": [_step(each) for each in report.entries],
        "left_out": [
            {**_place(each.place.image, each.place.target), "step": clean(each.step), "reason": clean(each.reason)}
            for each in report.plan.unplanned
        ],
        "errors": [_problem(each) for each in problems(report)],
        "warnings": list(warnings(report)),
        "transfer": {
            "sent_bytes": report.traffic.sent_bytes,
            "saved_bytes": report.traffic.saved_bytes,
            "mounted_blobs": report.traffic.mounted_blobs,
        },
    }


def _holding(report: Report, holding: Holding) -> dict[str, Any]:
    image = holding.published
    target = next((each for each in report.plan.targets if each.name == holding.target), None)
    return {
        **_place(holding.image, holding.target),
        "environment": clean(target.environment) if target else None,
        "region": getattr(target.registry, "region", None) if target else None,
        "repository": clean(str(image.repository)),
        "connection": connection(report, image.repository.registry.host),
        "digest": image.digest.text,
        "tags": [clean(tag) for tag in image.tags],
        "platforms": [
            {"platform": str(child.platform) if child.platform else None, "digest": child.digest.text}
            for child in image.children
        ],
        "scan": None if holding.scan is None else _scan(holding),
        "promotion": None if holding.record is None else _promotion(holding),
    }


def _scan(holding: Holding) -> dict[str, Any]:
    assert holding.scan is not None
    return {
        "words": holding.verdict,
        "counts": {str(severity).lower(): count for severity, count in severities(holding.scan).items()},
        "children": [_child(child) for child in holding.scan.children],
    }


def _child(child: ChildScan) -> dict[str, Any]:
    found: list[dict[str, Any]] = []
    match child.scan:
        case Complete(findings=findings, scanner=scanner):
            state, told = "COMPLETE", scanner
            found = [
                {
                    "id": clean(each.id),
                    "severity": str(each.severity).lower(),
                    "package": clean(each.package),
                    "version": clean(each.version),
                    "fixed_in": _optional(each.fixed_in),
                    "uri": _optional(each.uri),
                }
                for each in findings
            ]
        case Unsupported(detail=told):
            state = "UNSUPPORTED_IMAGE"
        case Unscanned(status=state, detail=told):
            pass
        case TimedOut(last=last, waited_seconds=waited):
            state, told = "TIMED_OUT", f"{last} after {waited:.0f} s"
    return {
        "digest": child.digest.text,
        "platform": str(child.platform) if child.platform else None,
        "state": clean(state),
        "detail": clean(told),
        "findings": found,
    }


def _promotion(holding: Holding) -> dict[str, Any]:
    record = holding.record
    assert record is not None
    return {
        "from": clean(record.promotion.from_environment),
        "topology": str(record.topology),
        "gate": str(record.mode),
        "at": _instant(record.at),
        "answers": [_answer(each) for each in record.answers],
        "advisory": [clean(each) for each in record.advisory],
    }


def _answer(answer: GateAnswer) -> dict[str, Any]:
    match answer.verdict:
        case Allow(notes=notes):
            return {"gate": clean(answer.gate), "verdict": "allow", "reasons": [clean(each) for each in notes]}
        case Refuse(reasons=reasons):
            return {"gate": clean(answer.gate), "verdict": "refuse", "reasons": [clean(each) for each in reasons]}
        case CannotJudge(code=code, reason=reason):
            told = [clean(f"{code}: {reason}")]
            return {"gate": clean(answer.gate), "verdict": "cannot-judge", "reasons": told}


def _step(entry: Entry) -> dict[str, Any]:
    outcome = entry.outcome
    seconds = (entry.finished - entry.started).total_seconds() if entry.started and entry.finished else None
    told = outcome.warnings if isinstance(outcome, Done | AlreadyDone) else ()
    return {
        **_place(entry.intent.place.image, entry.intent.place.target),
        "step": clean(entry.intent.step),
        "outcome": word(outcome),
        "started": _instant(entry.started) if entry.started else None,
        "seconds": round(seconds, 3) if seconds is not None else None,
        "detail": clean(detail(outcome)),
        "warnings": [clean(each) for each in told],
        "error": clean(outcome.error.code) if isinstance(outcome, Failed) else None,
    }


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "intent": problem.intent or None,
        "code": problem.code,
        "exit_code": problem.exit_code,
        "what": passage(problem.what),
        "where": problem.where,
        "hint": passage(problem.hint),
    }


def _place(image: str | None, target: str | None) -> dict[str, Any]:
    return {"image": _optional(image), "target": _optional(target)}


def _optional(text: str | None) -> str | None:
    return None if text is None else clean(text)


def _instant(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
