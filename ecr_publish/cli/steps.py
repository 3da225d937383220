"""Each step as its own command: it takes up, through the result files, where the one before stopped."""

from __future__ import annotations

from ecr_publish.app import Project
from ecr_publish.errors import NotAuthorised, ResultUnusable, UsageError
from ecr_publish.model.image import BuiltImage, PublishedImage
from ecr_publish.model.registry import EcrRegistry
from ecr_publish.model.target import Place, Target
from ecr_publish.plan.ask import Found
from ecr_publish.plan.targets import repository, targets
from ecr_publish.run.results import Published, Result, read
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
    """What was published in these environments, by digest, as the result files say. Raises ResultUnusable."""
    facts: Facts = {}
    for name in chosen(project, images):
        result = read(project.workspace, name)
        for target in targets(project.config):
            entry = _entry(result, target)
            if entry is None or (environments and target.environment not in environments):
                continue
            where = repository(project.config.image(name), target)
            if entry.repository != str(where) and "<caller>" not in str(where):
                raise ResultUnusable(
                    what=f"it names {entry.repository}, the file says {where}",
                    where=str(result.path),
                    hint="the file was changed since: run the step before this one again",
                )
            details = PublishedDetails(target, where, entry.digest, str(result.path))
            facts[PublishedImage, Place(name, target.name)] = Found(details)
        _complete(facts, result, project, environments)
    return facts


def _complete(facts: Facts, result: Result, project: Project, environments: tuple[str, ...]) -> None:
    for target in targets(project.config):
        key = (PublishedImage, Place(result.image, target.name))
        if target.environment in environments and key not in facts:
            raise ResultUnusable(
                what=f"it does not say that {result.image} was published in {target.name}",
                where=str(result.path),
                hint="run the step before this one, or name the image by --tag or --digest",
            )


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
