"""Each step as its own command: it takes up, through the result files, where the one before stopped."""

from __future__ import annotations

from ecr_publish.app.project import Project
from ecr_publish.errors import NotAuthorised, ResultUnusable, UsageError
from ecr_publish.model.digest import Digest
from ecr_publish.model.image import BuiltImage, PublishedImage
from ecr_publish.model.registry import EcrRegistry, is_tag
from ecr_publish.model.tags import Fixed
from ecr_publish.model.target import Place, Target
from ecr_publish.plan.ask import Found
from ecr_publish.plan.make import tags_of
from ecr_publish.plan.targets import expected_tags, repository, targets
from ecr_publish.run.clock import SystemClock
from ecr_publish.run.results import DIRECTORY, Published, Result, read
from ecr_publish.run.stop import StopRequest
from ecr_publish.steps.resume import BuiltDetails, PublishedDetails

Facts = dict[tuple[type, Place], Found]


def built(project: Project, images: tuple[str, ...]) -> Facts:
    """What `build` left for each image. Raises ResultUnusable."""
    facts: Facts = {}
    for name in chosen(project, images):
        result = read(project.workspace, name)
        if result.layout is None and result.engine is None:
            raise ResultUnusable(
                what="it holds no built image", where=str(result.path), hint="run `ecr-publish build` before this"
            )
        details = BuiltDetails(result.layout, result.digest, result.engine, str(result.path))
        facts[BuiltImage, Place(name)] = Found(details)
    return facts


def published(project: Project, images: tuple[str, ...], environments: tuple[str, ...]) -> Facts:
    """What was published in these environments, by digest, as the result files say.

    Raises ResultUnusable, also where an image can come to one of them over the edges and its file does not say so: a
    command of one step never does the step before it.
    """
    facts: Facts = {}
    for name in chosen(project, images):
        result = read(project.workspace, name)
        planned = planned_tags(project, name)
        for target in targets(project.config):
            tags = expected_tags(project.config, name, target.environment, planned)
            if target.environment not in environments or tags is None:
                continue
            entry = _entry(result, target)
            if entry is None:
                raise ResultUnusable(
                    what=f"it does not say that {name} was published in {target.name}",
                    where=str(result.path),
                    hint="run the step before this one, or name the image by --tag or --digest",
                )
            where = repository(project.config.image(name), target)
            if entry.repository != str(where) and "<caller>" not in str(where):
                raise ResultUnusable(
                    what=f"it names {entry.repository}, the file says {where}",
                    where=str(result.path),
                    hint="the file was changed since: run the step before this one again",
                )
            details = PublishedDetails(target, where, entry.digest, str(result.path), tags, entry.tags)
            facts[PublishedImage, Place(name, target.name)] = Found(details)
    return facts


def planned_tags(project: Project, image: str) -> tuple[str, ...]:
    """The tags of this run's origin that never move: what is taken up by a result file must have them."""
    tags = tags_of(project.config, project.config.image(image), project.origin, SystemClock(StopRequest()).now())
    return tuple(tag.name for tag in tags.tags if isinstance(tag.movement, Fixed))


def left_by_edges(project: Project, images: tuple[str, ...]) -> tuple[str, ...]:
    """The environments where something was published, as the result files say, and that an edge leaves. Raises
    ResultUnusable where there is none."""
    found = {entry.environment for name in chosen(project, images) for entry in read(project.workspace, name).published}
    leaving = {edge.source for edge in project.config.promote}
    wanted = tuple(each.name for each in project.config.environments if each.name in found & leaving)
    if not wanted:
        raise ResultUnusable(
            what="no earlier job left anything published that is to be promoted",
            where=str(project.workspace / DIRECTORY),
            hint="run `ecr-publish push` before this, or carry .ecr-publish between the jobs",
        )
    return wanted


def reference(tag: str | None, digest: str | None) -> str | None:
    """What --tag or --digest names; None if neither is given. Raises UsageError, BadReference."""
    if tag is not None and digest is not None:
        raise UsageError(what="--tag and --digest name the same thing", where="promote", hint="give one of them")
    if "***" in (tag or digest or ""):
        raise UsageError(
            what="asterisks stand where a CI has masked something",
            where="--tag" if tag is not None else "--digest",
            hint="a short or common secret (an account id, `dev`) is masked wherever it occurs: give it another value",
        )
    if tag is not None and not is_tag(tag):
        raise UsageError(
            what=f"{tag!r} is no tag",
            where="--tag",
            hint="a tag has 1 to 128 of A-Z a-z 0-9 . _ - and begins with a letter, a digit or _",
        )
    return tag if digest is None else str(Digest(digest))


def referenced(project: Project, images: tuple[str, ...], environment: str, reference: str, option: str) -> Facts:
    """The image under a tag or digest in every target of an environment: no result file is needed."""
    return {
        (PublishedImage, Place(name, target.name)): Found(
            PublishedDetails(target, repository(project.config.image(name), target), reference, option), reference
        )
        for name in chosen(project, images)
        for target in targets(project.config)
        if target.environment == environment
    }


def chosen(project: Project, images: tuple[str, ...]) -> tuple[str, ...]:
    """The images asked for, or all. Raises UsageError for a name that the file does not have."""
    known = tuple(image.name for image in project.config.images)
    for name in images:
        if name not in known:
            raise UsageError(
                what=f"the file has no image {name!r}", where="--image", hint=f"it has: {', '.join(known)}"
            )
    return images or known


def must_be_trusted(project: Project, step: str) -> None:
    """A step that needs credentials, asked for by name from an origin that is not trusted, is refused (exit 3)."""
    if not project.origin.trusted:
        raise NotAuthorised(
            what=f"this run's code is not trusted ({project.origin.ci} {project.origin.event or 'event unknown'}): "
            f"it may build, it may not {step}",
            where="origin",
            hint="`ecr-publish origin` shows why; publish from a branch or tag of your own repository",
        )


def _entry(result: Result, target: Target) -> Published | None:
    region = target.registry.region if isinstance(target.registry, EcrRegistry) else None
    return next(
        (each for each in result.published if (each.environment, each.region) == (target.environment, region)), None
    )
