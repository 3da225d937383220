"""A small vocabulary for report tests: a plan with images on their way, and runs of it that end in different ways."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ecr_publish.errors import GateVulnerable, Interrupted
from ecr_publish.model.digest import Digest
from ecr_publish.model.evidence import ScanEvidence
from ecr_publish.model.image import BuiltImage, Child, Identity, InLayout, PublishedImage
from ecr_publish.model.origin import Origin
from ecr_publish.model.platform import Platform
from ecr_publish.model.promotion import GateMode, PromotionRecord, Topology
from ecr_publish.model.registry import EcrRegistry, Repository
from ecr_publish.model.scan import ChildScan, Complete, Evidence, Finding, Severity
from ecr_publish.model.tags import Fixed, Floating, NoTag, Tag, TagSet
from ecr_publish.model.target import Place, Target
from ecr_publish.model.verdict import Allow, GateAnswer, Promotion
from ecr_publish.plan.intent import FactKey, Intent, Unplanned
from ecr_publish.plan.plan import Plan, PlannedEdge
from ecr_publish.report.report import Report
from ecr_publish.run.ledger import Entry
from ecr_publish.run.outcome import AlreadyDone, Done, Failed, NotStarted, Outcome

START = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DIGEST = Digest("sha256:" + "ab" * 32)
ARM, AMD = Digest("sha256:" + "a1" * 32), Digest("sha256:" + "b2" * 32)
DEV = Target("dev", "dev", EcrRegistry("111111111111", "us-east-2"))
STAGING = Target("staging", "staging", EcrRegistry("222222222222", "us-east-2"))
CRITICAL = Finding("CVE-2026-1234", Severity.CRITICAL, "openssl", "3.0.1", "3.0.2")


@dataclass(frozen=True, slots=True)
class Said:
    """Details of a step nobody knows."""

    summary: str
    size: int = 1


@dataclass(frozen=True, slots=True)
class Signature:
    """A fact that only a plugin knows."""

    summary: str


def repository(target: Target, name: str = "team/web") -> Repository:
    return Repository(target.registry, name)


def published(target: Target = DEV, tags: tuple[str, ...] = ("1.4.0", "latest")) -> PublishedImage:
    children = (Child(AMD, Platform("linux", "amd64")), Child(ARM, Platform("linux", "arm64")))
    return PublishedImage(repository(target), DIGEST, tags, children)


def complete(*findings: Finding) -> Complete:
    return Complete(findings, START, "basic")


def evidence(*scans: Evidence, target: Target = DEV) -> ScanEvidence:
    children = tuple(
        ChildScan(digest, Platform("linux", architecture), scan)
        for (digest, architecture), scan in zip(((AMD, "amd64"), (ARM, "arm64")), scans, strict=False)
    )
    return ScanEvidence(repository(target), DIGEST, children)


def promotion_record(mode: GateMode = GateMode.ENFORCE, *answers: GateAnswer) -> PromotionRecord:
    promotion = Promotion(
        "web", "dev", "staging", repository(DEV), repository(STAGING), DIGEST, ("1.4.0",), (("critical", 0),)
    )
    return PromotionRecord(
        promotion,
        answers or (GateAnswer("thresholds", Allow()),),
        mode,
        (),
        Topology.COPY,
        START + timedelta(minutes=2),
    )


def intent(step: str, image: str | None, target: str | None, *gives: type, summary: str = "as planned") -> Intent:
    place = Place(image, target)
    return Intent(step, place, (), (), tuple(FactKey(kind, place) for kind in gives), Said(summary))


LOGIN = intent("login", None, "dev", Identity)
BUILD = intent("build", "web", None, BuiltImage)
PUSH = intent("push", "web", "dev", PublishedImage)
SCAN = intent("scan-wait", "web", "dev", ScanEvidence)
PROMOTE = intent("promote", "web", "staging", PublishedImage, PromotionRecord)
SIGN = intent("sign", "web", "dev", Signature)


def plan(*intents: Intent, **more: object) -> Plan:
    parts: dict[str, object] = {
        "intents": intents or (LOGIN, BUILD, PUSH, SCAN, PROMOTE),
        "unplanned": (Unplanned("promote", Place("web", "prod"), "when: tag 'v*', and this run is not for a git tag"),),
        "targets": (DEV, STAGING),
        "tags": (
            (
                "web",
                TagSet(
                    (
                        Tag("1.4.0", Fixed(), "type=semver,pattern={{version}}"),
                        Tag("latest", Floating("1.4.0"), "flavor: latest=auto"),
                    ),
                    (NoTag("type=ref,event=branch", "the ref is a tag"),),
                    "1.4.0",
                ),
            ),
        ),
        "edges": (PlannedEdge("dev", "staging", (("staging", Topology.COPY),)),),
        "origin": Origin(
            ci="github",
            repository="team/web",
            ref="refs/tags/v1.4.0",
            sha="0123456789abcdef0123456789abcdef01234567",
            trusted=True,
            actor="octocat",
            run_url="https://github.example/team/web/actions/runs/1",
            sources=(("sha", "GITHUB_SHA"),),
        ),
        "now": START,
        "config_hash": "c" * 64,
        "versions": (("ecr-publish", "0.1.0"),),
    }
    return Plan(**{**parts, **more})  # type: ignore[arg-type]


def entry(made: Intent, outcome: Outcome, seconds: float | None = 1.0) -> Entry:
    if seconds is None:
        return Entry(made, outcome)
    return Entry(made, outcome, START, START + timedelta(seconds=seconds))


ACCOUNT = Identity("111111111111", "arn:aws:iam::111111111111:role/ecr-publish")
LAYOUT = BuiltImage(InLayout(".ecr-publish/layouts/web", DIGEST), "files")


def first_half(scan: ScanEvidence | None = None) -> tuple[Entry, ...]:
    return (
        entry(LOGIN, Done(ACCOUNT.arn, (ACCOUNT,)), 0.25),
        entry(BUILD, Done(f"{DIGEST} (OCI layout)", (LAYOUT,)), 12.2),
        entry(PUSH, AlreadyDone(f"{repository(DEV)}@{DIGEST}", (published(),)), 3.0),
        entry(SCAN, Done("clean", (scan or evidence(complete(), complete()),)), 65.0),
    )


def run_of(*entries: Entry, exit_code: int = 0, **more: object) -> Report:
    parts: dict[str, object] = {
        "command": "run",
        "plan": plan(),
        "entries": entries,
        "exit_code": exit_code,
        "started": START,
        "finished": START + timedelta(seconds=82),
    }
    return Report(**{**parts, **more})  # type: ignore[arg-type]


def good_run(**more: object) -> Report:
    promoted = Done(f"{repository(STAGING)}@{DIGEST}", (published(STAGING), promotion_record()))
    return run_of(*first_half(), entry(PROMOTE, promoted), **more)


def vulnerable_run() -> Report:
    error = GateVulnerable(
        what="thresholds: 1 CRITICAL (at most 0): CVE-2026-1234 CRITICAL in openssl 3.0.1 (fixed in 3.0.2)",
        where=f"promote web@staging ({DIGEST})",
        hint="fix the packages named here",
    )
    return run_of(*first_half(evidence(complete(CRITICAL), complete())), entry(PROMOTE, Failed(error)), exit_code=6)


def interrupted_run() -> Report:
    stop = Interrupted(what="stopped by SIGINT (Ctrl-C)", where="run", hint="run the same command again")
    return run_of(
        *first_half()[:2],
        entry(PUSH, Failed(stop)),
        entry(SCAN, NotStarted("push web@dev failed"), None),
        entry(PROMOTE, NotStarted("the run was stopped"), None),
        exit_code=130,
    )
