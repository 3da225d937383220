"""build: one image from its source, wherever the builder leaves it."""

from __future__ import annotations

from dataclasses import dataclass

from ecr_publish.config.builds import Build as BuildSection
from ecr_publish.config.builds import DockerBuild, FilesBuild
from ecr_publish.config.model import Image
from ecr_publish.errors import PlanImpossible
from ecr_publish.model.image import BuiltImage, InArchive, InEngine, InLayout, InRegistry
from ecr_publish.plan.intent import At, Give, Intent, Need, On
from ecr_publish.plan.step import Scene
from ecr_publish.ports.building import Builder, BuildRequest
from ecr_publish.ports.bundle import Ports
from ecr_publish.run.ledger import Facts
from ecr_publish.run.outcome import AlreadyDone, Done, Outcome
from ecr_publish.steps.moment import EPOCH, Moment

INPUTS_LABEL = "io.ecr-publish.inputs"
REVISION_LABEL = "org.opencontainers.image.revision"
VERSION_LABEL = "org.opencontainers.image.version"
CREATED_LABEL = "org.opencontainers.image.created"


@dataclass(frozen=True, slots=True)
class BuildDetails:
    """Everything that the build of one image depends on. `inputs` is None where nothing was read from disk."""

    builder: str
    reason: str
    build: BuildSection
    labels: tuple[tuple[str, str], ...]
    created: Moment
    inputs: str | None
    revision: str | None
    clean: bool

    @property
    def summary(self) -> str:
        """`docker build of . (a Dockerfile is there)`."""
        return f"with the {self.builder} builder" + (f" ({self.reason})" if self.reason else "")


class Build:
    """Runs once per image."""

    name = "build"
    on = On.IMAGE
    wanted = False
    needs: tuple[Need, ...] = ()
    gives = (Give(BuiltImage, At.IMAGE),)

    def details(self, scene: Scene) -> BuildDetails:
        """What goes into the build; labels are fixed here so that the same commit gives the same image everywhere."""
        assert scene.image is not None
        origin, build = scene.origin, scene.image.build
        labels = _labels(scene, scene.image)
        return BuildDetails(
            builder=build.builder,
            reason=scene.image.builder_reason,
            build=build,
            labels=labels,
            created=Moment(origin.commit_date or EPOCH),
            inputs=scene.inputs,
            revision=origin.checkout_sha or origin.sha,
            clean=not origin.dirty,
        )

    def run(self, intent: Intent, facts: Facts, ports: Ports) -> Outcome:
        """Build, unless preflight found the very image under its fixed tag already."""
        details: BuildDetails = intent.details
        image = intent.place.image
        assert image is not None
        if (there := ports.reuse.get(image)) is not None:
            reused = BuiltImage(there, details.builder, "the same commit and inputs are already published", reused=True)
            return AlreadyDone(f"{there.repository}@{there.digest} has this commit and these inputs", (reused,))
        builder = _builder(details.builder, ports)
        request = BuildRequest(
            image=image,
            build=details.build,
            root=ports.root,
            output=ports.layouts.fresh(image),
            labels=details.labels,
            created=details.created.instant,
            as_layout=ports.as_layout,
            only_pushed=image in ports.only_pushed,
            check=ports.stop.check,
        )
        built = builder.build(request, ports.notify)
        return Done(_where(built), (built,))


def _labels(scene: Scene, image: Image) -> tuple[tuple[str, str], ...]:
    """OCI's predefined annotation keys (image-spec, annotations), and the hash of the inputs; the file's own win."""
    origin, labels = scene.origin, {}
    revision = origin.checkout_sha or origin.sha
    if revision:
        labels[REVISION_LABEL] = revision
    if scene.tags and scene.tags.version:
        labels[VERSION_LABEL] = scene.tags.version
    if origin.commit_date:
        labels[CREATED_LABEL] = Moment(origin.commit_date).text
    if scene.inputs:
        labels[INPUTS_LABEL] = scene.inputs
    own = image.build.labels if isinstance(image.build, DockerBuild | FilesBuild) else ()
    return tuple(sorted({**labels, **dict(own)}.items()))


def _builder(name: str, ports: Ports) -> Builder:
    for builder in ports.builders:
        if builder.name == name:
            return builder
    raise PlanImpossible(
        what=f"no builder is called {name!r}",
        where="build: builder",
        hint=f"known: {', '.join(builder.name for builder in ports.builders)}; a plugin's needs its name in plugins:",
    )


def _where(built: BuiltImage) -> str:
    match built.where:
        case InLayout(digest=digest):
            return f"{digest} (OCI layout)"
        case InEngine(image_id=image_id):
            return f"{image_id} (in the engine)"
        case InArchive(path=path):
            return f"{path} (read when it is pushed)"
        case InRegistry(repository=repository, digest=digest):
            return f"{repository}@{digest}"
