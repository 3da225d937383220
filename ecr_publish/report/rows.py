"""The two tables of every report, as data: what became of each intent, and what exists where."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from ecr_publish.model.evidence import ScanEvidence
from ecr_publish.model.image import PublishedImage
from ecr_publish.model.promotion import PromotionRecord
from ecr_publish.model.target import Place
from ecr_publish.report.report import Report
from ecr_publish.report.text import clean
from ecr_publish.run.ledger import Entry
from ecr_publish.run.outcome import AlreadyDone, Done, Failed, NotStarted, NotYet, Outcome, Skipped


@dataclass(frozen=True, slots=True)
class Row:
    """One intent and what became of it; every text is clean and on one line."""

    image: str
    step: str
    target: str
    outcome: str  # done, already done, skipped, not yet, not started, failed
    duration: timedelta | None
    detail: str


@dataclass(frozen=True, slots=True)
class Holding:
    """One digest in one repository, as the run left it. `scan` is None where nothing was scanned or judged."""

    image: str
    target: str
    published: PublishedImage
    scan: ScanEvidence | None
    record: PromotionRecord | None  # of the promotion that brought it here
    connection: str | None

    @property
    def repository(self) -> str:
        """`canonical`, with ` (at 127.0.0.1:PORT)` behind it where the connection went elsewhere."""
        canonical = clean(str(self.published.repository))
        return f"{canonical} (at {self.connection})" if self.connection else canonical

    @property
    def verdict(self) -> str:
        """The scan here, or what the gates said on the way here."""
        if self.scan is None and self.record is None:
            return "not scanned"
        from ecr_publish.report.evidence import judged, scan_words

        if self.scan is not None:
            return clean(scan_words(self.scan))
        assert self.record is not None
        return f"{judged(self.record)} (judged at {clean(self.record.promotion.from_environment)})"


_LONG_DIGEST = re.compile(r"(sha256:[0-9a-f]{12})[0-9a-f]{52}")


def rows(report: Report) -> tuple[Row, ...]:
    """One row per intent, in the order of the plan, so that the rows of an image stand together."""
    order = {intent.id: index for index, intent in enumerate(report.plan.intents)}
    images = {name: index for index, (name, _) in enumerate(report.plan.tags)}

    def position(entry: Entry) -> tuple[int, int]:
        return images.get(entry.intent.place.image or "", -1), order.get(entry.intent.id, len(order))

    return tuple(_row(entry) for entry in sorted(report.entries, key=position))


def _row(entry: Entry) -> Row:
    place = entry.intent.place
    return Row(
        image=clean(place.image or "-"),
        step=clean(entry.intent.step),
        target=clean(place.target or "-"),
        outcome=word(entry.outcome),
        duration=entry.finished - entry.started if entry.started and entry.finished else None,
        detail=_LONG_DIGEST.sub(r"\1", clean(detail(entry.outcome))),
    )


def left_out(report: Report) -> tuple[Row, ...]:
    """What was considered when planning and left out, with the reason (an edge whose `when` does not hold)."""
    return tuple(
        Row(
            image=clean(each.place.image or "-"),
            step=clean(each.step),
            target=clean(each.place.target or "-"),
            outcome="left out",
            duration=None,
            detail=clean(each.reason),
        )
        for each in report.plan.unplanned
    )


def word(outcome: Outcome) -> str:
    """The outcome in one or two words that can be searched for."""
    match outcome:
        case Done():
            return "done"
        case AlreadyDone():
            return "already done"
        case Skipped():
            return "skipped"
        case NotYet():
            return "not yet"
        case NotStarted():
            return "not started"
        case Failed():
            return "failed"


def detail(outcome: Outcome) -> str:
    """What the outcome itself says, not yet cleaned."""
    match outcome:
        case Done(summary=text) | AlreadyDone(summary=text):
            return text
        case Skipped(reason=text) | NotStarted(because=text):
            return text
        case NotYet(reason=text, since=since):
            return f"{text} (since {since:%Y-%m-%d %H:%M} UTC)"
        case Failed(error=error):
            return error.what


def holdings(report: Report) -> tuple[Holding, ...]:
    """What exists where after the run, per image in the order of the plan's targets; nothing that failed is in it."""
    published: dict[Place, PublishedImage] = {}
    scans: dict[Place, ScanEvidence] = {}
    records: dict[Place, PromotionRecord] = {}
    for place, fact in _facts(report):
        match fact:
            case PublishedImage():
                published[place] = fact
            case ScanEvidence():
                scans[place] = fact
            case PromotionRecord():
                records[place] = fact
            case _:
                continue  # a plugin's fact is told by its outcome's summary
    images = {name: index for index, (name, _) in enumerate(report.plan.tags)}
    targets = {target.name: index for index, target in enumerate(report.plan.targets)}
    ordered = sorted(
        published, key=lambda place: (images.get(place.image or "", -1), targets.get(place.target or "", -1))
    )
    return tuple(
        Holding(
            image=clean(place.image or "-"),
            target=clean(place.target or "-"),
            published=published[place],
            scan=scans.get(place),
            record=records.get(place),
            connection=connection(report, published[place].repository.registry.host),
        )
        for place in ordered
    )


def _facts(report: Report) -> Iterator[tuple[Place, object]]:
    for entry in report.entries:
        if isinstance(entry.outcome, Done | AlreadyDone):
            for key, fact in zip(entry.intent.gives, entry.outcome.facts, strict=False):
                yield key.place, fact


def connection(report: Report, host: str) -> str | None:
    """Where the canonical host really was, as host:port; None where it was itself."""
    for canonical, there in report.connections:
        if canonical == host:
            return clean(there.split("://", 1)[-1].rstrip("/"))
    return None


def warnings(report: Report) -> tuple[str, ...]:
    """All warnings, each once: of the plan, of the run, and of each intent with its name."""
    found = [*report.plan.warnings, *report.warnings]
    for entry in report.entries:
        if isinstance(entry.outcome, Done | AlreadyDone):
            found += [f"{entry.intent.id}: {warning}" for warning in entry.outcome.warnings]
    return tuple(dict.fromkeys(clean(each) for each in found))


def undone(report: Report) -> tuple[Row, ...]:
    """What was planned and not done, for whatever reason but a deliberate skip."""
    return tuple(row for row in rows(report) if row.outcome in ("failed", "not started", "not yet"))
