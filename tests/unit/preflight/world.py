"""A small world for preflight: plans of built-in intents, and fakes of the ports that it asks."""

from __future__ import annotations

import threading
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from ecr_publish.config.builds import ArchiveBuild, DockerBuild, FilesBuild, LayoutBuild
from ecr_publish.errors import ImageMissing, RepositoryMissing
from ecr_publish.model.image import Identity, PublishedImage
from ecr_publish.model.origin import Origin
from ecr_publish.model.promotion import GateMode, Topology
from ecr_publish.model.registry import EcrRegistry, PlainRegistry
from ecr_publish.model.tags import Fixed, Floating, Tag
from ecr_publish.model.target import Create, Place, Target
from ecr_publish.plan.intent import Intent
from ecr_publish.plan.plan import Plan
from ecr_publish.ports.bundle import Ports
from ecr_publish.ports.repositories import RepositoryState
from ecr_publish.run.clock import SimulatedClock
from ecr_publish.run.stop import StopRequest
from ecr_publish.steps.build import INPUTS_LABEL, REVISION_LABEL, BuildDetails
from ecr_publish.steps.login import LoginDetails
from ecr_publish.steps.moment import EPOCH, Moment
from ecr_publish.steps.promotion import PromoteDetails, Source
from ecr_publish.steps.push import PushDetails
from ecr_publish.steps.watched import ScanDetails

NOW = datetime(2026, 11, 24, tzinfo=UTC)
DEV = Target("dev", "dev", EcrRegistry("111111111111", "us-east-2"))
EU = Target("eu", "eu", EcrRegistry("111111111111", "eu-west-1"))
PROD = Target("prod", "prod", EcrRegistry("222222222222", "us-east-2"), role="arn:aws:iam::222222222222:role/ci")
LAB = Target("lab", "lab", PlainRegistry("127.0.0.1:5000"))
BUILDS = {
    "docker": DockerBuild(),
    "layout": LayoutBuild(layout="l"),
    "archive": ArchiveBuild(archive="a"),
    "files": FilesBuild(files=()),
}


def fixed(name):
    return Tag(name, Fixed(), name)


def floating(name):
    return Tag(name, Floating(), name)


def creating(target):
    return replace(target, create=Create.IF_MISSING)


def login(target):
    return Intent("login", Place(None, target.name), (), (), (), LoginDetails(target))


def build(image="web", builder="docker", *, revision="c0ffee", inputs="hash", clean=True, labels=()):
    details = BuildDetails(
        builder=builder,
        reason="",
        build=BUILDS[builder],
        labels=labels,
        created=Moment(EPOCH),
        inputs=inputs,
        revision=revision,
        clean=clean,
    )
    return Intent("build", Place(image), (), (), (), details)


def push(*tags, to=DEV, image="web", pointer=None):
    details = PushDetails(to, to.repository(image), tags, pointer)
    return Intent("push", Place(image, to.name), (), (), (), details)


def scan(at=DEV, image="web"):
    return Intent("scan-wait", Place(image, at.name), (), (), (), ScanDetails(at, at.repository(image), 900))


def promote(*tags, source=DEV, to=PROD, image="web", topology=Topology.COPY, pointer=None):
    details = PromoteDetails(
        sources=(Source(source, source.repository(image)),),
        target=to,
        repository=to.repository(image),
        topology=topology,
        tags=tags,
        filters=("*",),
        pointers=(),
        pointer=pointer,
        when=None,
        gate=GateMode.ENFORCE,
        required=(),
        fail_on=(),
        unscannable=None,
        from_environment=source.name,
        to_environment=to.name,
    )
    return Intent("promote", Place(image, to.name), (Place(image, source.name),), (), (), details)


def plan(*intents):
    return Plan(intents, (), (), (), (), Origin("local"), NOW, "", ())


@dataclass
class Looked:
    """Tags that are asked for when somebody wants to know."""

    world: World
    target: Target
    repository: object

    def digest(self, tag):
        return self.world.digest(self.target, self.repository, tag)


@dataclass
class World:
    """What exists and what is refused; satisfies Identities, Repositories, Images and ScanSource."""

    repositories: dict = field(default_factory=dict)  # Repository -> RepositoryState
    tags: dict = field(default_factory=dict)  # (Repository, tag) -> Digest
    images: dict = field(default_factory=dict)  # Digest -> labels
    refused: dict = field(default_factory=dict)  # (method, target name) -> error
    asked: list = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def has(self, target, name="web", **settings):
        repository = target.repository(name)
        self.repositories[repository] = RepositoryState(repository, **{"immutable": False, **settings})
        return repository

    def holds(self, repository, tag, digest, *, revision=None, inputs=None):
        labels = {REVISION_LABEL: revision, INPUTS_LABEL: inputs}
        self.tags[repository, tag] = digest
        self.images[digest] = {key: value for key, value in labels.items() if value is not None}

    def _ask(self, method, target):
        with self._lock:
            self.asked.append((method, target.name))
        if (method, target.name) in self.refused:
            raise self.refused[method, target.name]

    def identity(self, target):
        self._ask("identity", target)
        account = getattr(target.registry, "account", None) or "999999999999"
        return Identity(account, f"arn:aws:iam::{account}:user/ci")

    def describe(self, target, repository):
        self._ask("describe", target)
        return self.repositories.get(repository)

    def described(self, target, repositories):
        self._ask("described", target)
        if any(each not in self.repositories for each in repositories):
            raise RepositoryMissing(what="one of them", where="", hint="")
        return {each: self.repositories[each] for each in repositories}

    def writable(self, target, repository):
        self._ask("writable", target)
        if repository not in self.repositories:
            raise RepositoryMissing(what=str(repository), where="", hint="")
        return not isinstance(target.registry, PlainRegistry)

    def digest(self, target, repository, reference):
        self._ask("digest", target)
        return self.tags.get((repository, reference))

    def open(self, target):
        self._ask("open", target)

    def look(self, target, repository, tags, arriving=None):
        return Looked(self, target, repository)

    def find(self, target, repository, reference):
        digest = next((each for each in self.images if str(each) == reference), None)
        if digest is None:
            digest = self.digest(target, repository, reference)
        return None if digest is None else PublishedImage(repository, digest, ())

    def labels(self, target, image):
        self._ask("labels", target)
        return self.images[image.digest]

    def scan(self, target, repository, digest):
        self._ask("scan", target)
        raise ImageMissing(what=str(digest), where="", hint="")

    def ports(self):
        return Ports(
            clock=SimulatedClock(NOW),
            stop=StopRequest(),
            identities=self,
            repositories=self,
            images=self,
            scans=self,
            builders=(),
            engine=None,
            archives=None,
            gates=None,
            root=Path(),
            workspace=Path(),
            layouts=None,
            notify=lambda progress: None,
            spool=lambda name: nullcontext(Path()),
        )
