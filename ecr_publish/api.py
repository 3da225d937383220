"""What plugins may import: the hook markers, the words of the hooks, and nothing else of ecr-publish."""

from ecr_publish.errors import BuildFailed, OriginUnclear, PublishError
from ecr_publish.hookspecs import hookimpl
from ecr_publish.model.digest import Digest
from ecr_publish.model.events import Note, Notify, Progress, Transferred, Untrusted
from ecr_publish.model.evidence import ScanEvidence
from ecr_publish.model.image import BuiltImage, Identity, InArchive, InEngine, InLayout, InRegistry, PublishedImage
from ecr_publish.model.origin import GitFacts, Origin, RefKind
from ecr_publish.model.platform import Platform
from ecr_publish.model.promotion import PromotionRecord
from ecr_publish.model.registry import EcrPublicRegistry, EcrRegistry, PlainRegistry, Repository
from ecr_publish.model.scan import (
    ChildScan,
    Complete,
    Finding,
    Severity,
    TimedOut,
    Unscanned,
    Unsupported,
)
from ecr_publish.model.tags import Fixed, Floating, Tag, TagSet
from ecr_publish.model.target import Place, Target
from ecr_publish.model.verdict import Allow, CannotJudge, Promotion, Refuse, Verdict
from ecr_publish.plan.intent import At, FactKey, Give, Intent, Need, On
from ecr_publish.plan.step import LeaveOut, Scene
from ecr_publish.ports.building import Builder, BuildRequest
from ecr_publish.ports.bundle import Ports
from ecr_publish.report.report import Report, Reporter
from ecr_publish.run.ledger import Facts
from ecr_publish.run.outcome import AlreadyDone, Done, Failed, NotStarted, NotYet, Outcome, Skipped
from ecr_publish.run.step import Step

__all__ = [
    "Allow",
    "AlreadyDone",
    "At",
    "BuildFailed",
    "BuildRequest",
    "Builder",
    "BuiltImage",
    "CannotJudge",
    "ChildScan",
    "Complete",
    "Digest",
    "Done",
    "EcrPublicRegistry",
    "EcrRegistry",
    "FactKey",
    "Facts",
    "Failed",
    "Finding",
    "Fixed",
    "Floating",
    "GitFacts",
    "Give",
    "Identity",
    "InArchive",
    "InEngine",
    "InLayout",
    "InRegistry",
    "Intent",
    "LeaveOut",
    "Need",
    "NotStarted",
    "NotYet",
    "Note",
    "Notify",
    "On",
    "Origin",
    "OriginUnclear",
    "Outcome",
    "Place",
    "PlainRegistry",
    "Platform",
    "Ports",
    "Progress",
    "Promotion",
    "PromotionRecord",
    "PublishError",
    "PublishedImage",
    "RefKind",
    "Refuse",
    "Report",
    "Reporter",
    "Repository",
    "ScanEvidence",
    "Scene",
    "Severity",
    "Skipped",
    "Step",
    "Tag",
    "TagSet",
    "Target",
    "TimedOut",
    "Transferred",
    "Unscanned",
    "Unsupported",
    "Untrusted",
    "Verdict",
    "hookimpl",
]
