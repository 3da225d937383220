"""A small vocabulary for planner tests: files, fake steps, and a way to plan."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from ecr_publish.config.builds import DockerBuild
from ecr_publish.config.environments import EcrEnvironment
from ecr_publish.config.model import Config, Edge, Image
from ecr_publish.model.evidence import ScanEvidence
from ecr_publish.model.image import BuiltImage, Identity, PublishedImage
from ecr_publish.model.origin import Origin
from ecr_publish.model.tags import TagSet
from ecr_publish.plan.ask import Ask
from ecr_publish.plan.intent import At, Give, Need, On
from ecr_publish.plan.planner import Planner
from ecr_publish.plan.step import LeaveOut, Scene

NOW = datetime(2026, 11, 24, tzinfo=UTC)
TRUSTED = Origin(ci="local", trusted=True)


@dataclass(frozen=True)
class Said:
    summary: str


@dataclass(frozen=True)
class FakeStep:
    name: str
    on: On
    wanted: bool = False
    needs: tuple[Need, ...] = ()
    gives: tuple[Give, ...] = ()
    leave_out: dict[str, str] = field(default_factory=dict)

    def details(self, scene: Scene) -> Said | LeaveOut:
        reason = self.leave_out.get(str(scene.place))
        return LeaveOut(reason) if reason else Said(f"{self.name} {scene.place}")


BUILD = FakeStep("build", On.IMAGE, gives=(Give(BuiltImage, At.IMAGE),))
TAG = FakeStep("tag", On.IMAGE, gives=(Give(TagSet, At.IMAGE),))
LOGIN = FakeStep("login", On.TARGET, gives=(Give(Identity, At.TARGET),))
PUSH = FakeStep(
    "push",
    On.ENTRY,
    wanted=True,
    needs=(Need(BuiltImage, At.IMAGE), Need(TagSet, At.IMAGE), Need(Identity, At.TARGET)),
    gives=(Give(PublishedImage, At.HERE),),
)
SCAN = FakeStep(
    "scan-wait",
    On.PUBLISHED,
    needs=(Need(PublishedImage, At.HERE), Need(Identity, At.TARGET)),
    gives=(Give(ScanEvidence, At.HERE),),
)
PROMOTE = FakeStep(
    "promote",
    On.EDGE,
    wanted=True,
    needs=(Need(PublishedImage, At.SOURCE), Need(ScanEvidence, At.SOURCE), Need(Identity, At.TARGET)),
    gives=(Give(PublishedImage, At.HERE),),
)
SIX = (BUILD, TAG, LOGIN, PUSH, SCAN, PROMOTE)


def environment(name: str, *regions: str, scan: str = "edges") -> EcrEnvironment:
    return EcrEnvironment(name=name, account="1" * 12, regions=regions or ("us-east-2",), scan=scan)


def image(name: str) -> Image:
    return Image(name=name, repository=f"team/{name}", build=DockerBuild())


def edge(source: str, destination: str, **more: object) -> Edge:
    return Edge(source=source, destination=destination, **more)


def config(
    *images: str, prod_regions: tuple[str, ...] = ("us-east-2",), edges: tuple[Edge, ...] | None = None
) -> Config:
    return Config(
        environments=(environment("dev"), environment("staging"), environment("prod", *prod_regions)),
        images=tuple(image(name) for name in images or ("web",)),
        promote=edges if edges is not None else (edge("dev", "staging"), edge("staging", "prod")),
    )


def planned(file: Config, steps=SIX, *, origin: Origin = TRUSTED, ask: Ask | None = None) -> list[str]:
    intents, _ = Planner(file, origin, steps=steps, tags={}, now=NOW, ask=ask).intents()
    return [intent.id for intent in intents]


def unplanned(file: Config, steps=SIX, *, origin: Origin = TRUSTED, ask: Ask | None = None) -> dict[str, str]:
    _, left_out = Planner(file, origin, steps=steps, tags={}, now=NOW, ask=ask).intents()
    return {each.id: each.reason for each in left_out}
