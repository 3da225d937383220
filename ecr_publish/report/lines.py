"""A report's parts as rows of text, from which the writers make their tables."""

from __future__ import annotations

from dataclasses import dataclass

from ecr_publish.model.image import PublishedImage
from ecr_publish.model.promotion import PromotionRecord
from ecr_publish.model.scan import Complete, ScanEvidence, TimedOut, Unscanned, Unsupported
from ecr_publish.report.report import Report
from ecr_publish.report.size import lasted
from ecr_publish.run.ledger import Entry
from ecr_publish.run.outcome import AlreadyDone, Done, Failed, NotStarted, NotYet, Outcome, Skipped

CODES = {
    0: "ok",
    1: "a fault of ours or of this machine",
    2: "usage, configuration or plan",
    3: "not authorised",
    4: "build failed",
    5: "registry refused",
    6: "gate: vulnerable",
    7: "gate: cannot judge",
    8: "promotion refused",
    9: "service unavailable after retries",
    10: "drift found",
    130: "interrupted",
    143: "terminated",
}


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one intent."""

    step: str
    place: str
    outcome: str
    took: str
    detail: str


@dataclass(frozen=True, slots=True)
class There:
    """What exists where at the end of the run."""

    image: str
    target: str
    repository: str
    digest: str
    tags: tuple[str, ...]
    scan: str
    connection: str  # where the canonical host really was; empty for AWS itself


def rows(report: Report) -> tuple[Row, ...]:
    """One per intent, in the order of the plan."""
    place = {intent.id: number for number, intent in enumerate(report.plan.intents)}
    entries = sorted(report.entries, key=lambda entry: place.get(entry.intent.id, len(place)))
    return tuple(_row(entry) for entry in entries)


def _row(entry: Entry) -> Row:
    word, detail = worded(entry.outcome)
    took = lasted(entry.finished - entry.started) if entry.started and entry.finished else ""
    return Row(entry.intent.step, str(entry.intent.place), word, took, detail)


def worded(outcome: Outcome) -> tuple[str, str]:
    """The outcome's word and what there is to say about it."""
    match outcome:
        case Done(summary=summary):
            return "done", summary
        case AlreadyDone(summary=summary):
            return "already done", summary
        case Skipped(reason=reason):
            return "skipped", reason
        case NotYet(reason=reason):
            return "not yet", reason
        case NotStarted(because=because):
            return "not started", because
        case Failed(error=error):
            return "failed", error.what


def there(report: Report) -> tuple[There, ...]:
    """What is published where, with the verdict of its scan if there was one."""
    connections = dict(report.connections)
    scans = {entry.intent.place: fact for entry in report.entries for fact in _facts(entry, ScanEvidence)}
    found = []
    for entry in sorted(report.entries, key=lambda each: _position(report, each)):
        for image in _facts(entry, PublishedImage):
            place, host = entry.intent.place, str(image.repository.registry).split("/")[0]
            scan = _scan(scans[place]) if place in scans else "not scanned"
            found.append(
                There(
                    place.image or "",
                    place.target or "",
                    str(image.repository),
                    str(image.digest),
                    image.tags,
                    scan,
                    connections.get(host, ""),
                )
            )
    return tuple(found)


def _position(report: Report, entry: Entry) -> int:
    ids = [intent.id for intent in report.plan.intents]
    return ids.index(entry.intent.id) if entry.intent.id in ids else len(ids)


def _facts(entry: Entry, kind: type) -> list:  # type: ignore[type-arg]
    outcome = entry.outcome
    facts = outcome.facts if isinstance(outcome, Done | AlreadyDone) else ()
    return [fact for fact in facts if isinstance(fact, kind)]


def _scan(evidence: ScanEvidence) -> str:
    """The worst of all children in a word or two."""
    words = []
    for child in evidence.children:
        match child.scan:
            case Complete(findings=findings):
                severities = [str(finding.severity) for finding in findings]
                counts = [f"{severities.count(each)} {each}" for each in dict.fromkeys(sorted(severities))]
                words.append(", ".join(counts) or "clean")
            case Unsupported():
                words.append("unsupported")
            case Unscanned(status=status):
                words.append(status)
            case TimedOut():
                words.append("timed out")
    return "; ".join(dict.fromkeys(words)) or "nothing to scan"


def warnings(report: Report) -> tuple[str, ...]:
    """Of the run and of each intent."""
    own = [
        f"{entry.intent.id}: {warning}"
        for entry in report.entries
        if isinstance(entry.outcome, Done | AlreadyDone)
        for warning in entry.outcome.warnings
    ]
    return (*report.warnings, *own)


def failures(report: Report) -> tuple[tuple[str, str, str, str], ...]:
    """(code, where, what, hint) of everything that went wrong."""
    errors = [*report.errors, *(entry.outcome.error for entry in report.entries if isinstance(entry.outcome, Failed))]
    return tuple((error.code, error.where, error.what, error.hint) for error in errors)


def records(report: Report) -> tuple[PromotionRecord, ...]:
    """Every promotion that was made."""
    return tuple(fact for entry in report.entries for fact in _facts(entry, PromotionRecord))


def last_line(report: Report) -> str:
    """The exit code in words: some CIs lose the number."""
    word = CODES.get(report.exit_code, "failed")
    ok = "ok" if report.exit_code == 0 else f"failed: {word}"
    return f"ecr-publish: {ok} (exit {report.exit_code})"
