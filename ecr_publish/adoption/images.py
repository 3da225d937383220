"""Images as the file lists them: each with a name, and what is built several times as the one that is promoted."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import replace

from ecr_publish.adoption.found import FoundImage, Remark
from ecr_publish.adoption.names import image_name, repository_name, unique


def named(image: FoundImage, project: str, remarks: list[Remark]) -> FoundImage:
    """An image whose repository no file tells, by its directory, else by the project."""
    if image.repository:
        return image
    directory = posixpath.normpath(f"{image.recipe.context}/{posixpath.dirname(image.recipe.dockerfile or '')}")
    words = [each for each in directory.split("/") if each not in (".", "..", "docker", "build", "deploy")]
    name = repository_name("-".join([*(words[-1:] or [project]), *filter(None, (image.recipe.target,))]))
    remarks.append(Remark(image.place, f"the repository cannot be told from the file: {name} is written, check it"))
    return replace(image, repository=name)


def listed(images: Iterable[FoundImage], remarks: list[Remark]) -> list[tuple[str, FoundImage]]:
    """Images with names. What is built again for another environment is one image, for its digest is promoted."""
    kept: list[FoundImage] = []
    for found in images:
        image = replace(found, repository=repository_name(found.repository))
        if image.repository != found.repository:
            remarks.append(
                Remark(found.place, f"{found.repository} is no name for ECR: {image.repository} is written instead")
            )
        same = next((k for k, each in enumerate(kept) if _is_same(each, image)), None)
        if same is None:
            kept.append(image)
        else:
            remarks += [Remark(image.place, f"{image.repository}{text}") for text in _doubled(kept, same, image)]
            others = _tags_of_others(kept, same)
            tags = dict.fromkeys(tag for tag in kept[same].tags + image.tags if tag not in others)
            kept[same] = replace(kept[same], tags=tuple(tags))
    for image in kept:
        remarks += [Remark(image.place, text) for text in _lacking(image)]
    taken: set[str] = set()
    return [(unique(image_name(image.repository), taken), image) for image in kept]


def _doubled(kept: list[FoundImage], same: int, image: FoundImage) -> Iterator[str]:
    """What is said of an image that becomes one with `kept[same]`."""
    first, others = kept[same], _tags_of_others(kept, same)
    if doubled := [tag for tag in image.tags if tag in others]:
        yield f": {', '.join(doubled)} is given to the image built in another way"
    if first.destination != image.destination:
        where = image.destination.name or "another registry"
        yield f" is built again for {where}: its digest is promoted instead"
    elif first.recipe != image.recipe:
        yield " is built here in another way, which is left out"


def _lacking(image: FoundImage) -> Iterator[str]:
    """What is said of an image that is written otherwise than it was found, or with less."""
    if not image.tags and not image.place.file.endswith(("Dockerfile", "Containerfile")):
        yield f"no tag of {image.repository} can be told: the usual rules are written"
    if len(image.recipe.platforms) > 1:
        platforms = ", ".join(image.recipe.platforms)
        yield (
            f"an engine builds one platform at a time: of {platforms} only the first is written; for all of them let "
            "buildx write an OCI layout (`build: { layout: PATH }`)"
        )


def _tags_of_others(kept: list[FoundImage], same: int) -> set[str]:
    """What other images of the same repository are tagged with already: a tag names one image."""
    repository = kept[same].repository
    return {tag for k, each in enumerate(kept) if k != same and each.repository == repository for tag in each.tags}


def _is_same(one: FoundImage, other: FoundImage) -> bool:
    return one.repository == other.repository and (
        one.recipe == other.recipe or not one.tags or not other.tags or bool(set(one.tags) & set(other.tags))
    )
