"""A first ecr-publish.yaml from what was found: valid as it stands, with the place that each image came from."""

from __future__ import annotations

import itertools
import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import yaml

from ecr_publish.adoption.dockerfiles import repository_name
from ecr_publish.adoption.found import Destination, Found, FoundImage, Place, Remark

DEFAULT_TAGS = ("type=semver,pattern={{version}}", "type=ref,event=branch", "type=sha")
# Environments in the order in which a release passes them, by words that people use.
_ORDER = (
    ("dev", "develop", "development", "sandbox", "integration", "int"),
    ("test", "testing", "qa"),
    ("staging", "stage", "stg", "uat", "preprod", "pre-prod", "pre-production"),
    ("prod", "production", "prd", "live"),
)
_HEAD = """\
# What is built, tagged, pushed and promoted. `ecr-publish check` validates this file, `ecr-publish rehearse` runs all
# of it on this machine without AWS.
"""
_NEXT = """\
# Where there is another environment, name it above and let the same digest go on when its scan is clean:
# promote:
#   - { from: %s, to: %s, when: { tag: "v*" } }
"""


@dataclass(frozen=True, slots=True)
class Draft:
    """The file's text, and what a person must look at."""

    text: str
    remarks: tuple[Remark, ...]
    environments: tuple[tuple[str, Destination], ...]


@dataclass(frozen=True, slots=True)
class _Environment:
    name: str
    destination: Destination
    regions: tuple[str, ...]
    place: Place  # of the first image that goes there
    pointer: bool = False  # another one is in the same registry: a tag that is moved tells them apart


def draft(found: Found, *, project: str, region: str | None, default_branch: str | None) -> Draft:
    """The file for these images. `region` is what to write where no file names one (None: us-east-1, with a remark);
    `project` names what has no name of its own."""
    remarks = list(found.remarks)
    named = tuple(_named(each, project, remarks) for each in found.images)
    environments = _environments(named, region, remarks)
    images = _images(named, remarks)
    text = _HEAD + _block({"version": 1, "environments": {each.name: _environment(each) for each in environments}})
    if default_branch not in (None, "main"):
        text += _block({"default-branch": default_branch})
    text += "images:\n" + "".join(_image(name, image) for name, image in images)
    edges = _edges([each.name for each in environments])
    last = environments[-1].name
    ends = ("staging", last) if _rank(last) == len(_ORDER) - 1 else (last, "prod")
    text += _block({"promote": edges}) if edges else "\n" + _NEXT % ends
    remarks.sort(key=lambda each: (each.place.file, each.place.line))
    return Draft(text, tuple(dict.fromkeys(remarks)), tuple((each.name, each.destination) for each in environments))


def _named(image: FoundImage, project: str, remarks: list[Remark]) -> FoundImage:
    """An image whose repository no file tells, by its directory, else by the project."""
    if image.repository:
        return image
    directory = posixpath.normpath(f"{image.recipe.context}/{posixpath.dirname(image.recipe.dockerfile or '')}")
    words = [each for each in directory.split("/") if each not in (".", "..", "docker", "build", "deploy")]
    name = repository_name("-".join([*(words[-1:] or [project]), *filter(None, (image.recipe.target,))]))
    remarks.append(Remark(image.place, f"the repository cannot be told from the file: {name} is written, check it"))
    return replace(image, repository=name)


def _environments(images: Iterable[FoundImage], region: str | None, remarks: list[Remark]) -> tuple[_Environment, ...]:
    grouped: dict[tuple[str | None, ...], _Environment] = {}
    taken: set[str] = set()
    for image in images:
        there = image.destination
        key = there.name, there.account, there.public_alias, there.plain, str(there.public_alias is not None)
        found = grouped.get(key)
        if found is None:
            name = _unique(_environment_name(there, first="dev" not in taken), taken)
            found = _Environment(name, there, (), image.place)
        if there.region and there.region not in found.regions:
            found = replace(found, regions=(*found.regions, there.region))
        if there.create:
            found = replace(found, destination=replace(found.destination, create=True))
        grouped[key] = found
    made = []
    private = [each.destination for each in grouped.values()]
    several = len({each.account for each in private if not (each.plain or each.public_alias)}) > 1
    for each in grouped.values():
        there, place = each.destination, each.place
        ecr = there.plain is None and there.public_alias is None
        if ecr and not each.regions:
            made.append(replace(each, regions=(region or "us-east-1",)))
            if region is None:
                remarks.append(Remark(place, f"no region was found for {each.name}: us-east-1 is written, check it"))
        else:
            made.append(each)
        if ecr and there.account and not there.role and several:
            role = f"arn:aws:iam::{there.account}:role/ecr-publish"
            made[-1] = replace(made[-1], destination=replace(there, role=role))
            remarks.append(Remark(place, f"{each.name} needs a role of its own account: {role} is written, check it"))
        if ecr and there.account is None:
            remarks.append(
                Remark(place, f"no account was found for {each.name}: write its 12 digits, else any caller's is taken")
            )
    made = [_pointed(each, made, remarks) for each in made]
    return tuple(sorted(made, key=lambda each: _rank(each.name)))


def _pointed(each: _Environment, everybody: list[_Environment], remarks: list[Remark]) -> _Environment:
    others = [other.name for other in everybody if other is not each and _registry(other) & _registry(each)]
    if not others:
        return each
    said = f"{each.name} is in one registry with {', '.join(others)}: pointer: is written; or write another account"
    remarks.append(Remark(each.place, said))
    return replace(each, pointer=True)


def _registry(each: _Environment) -> set[tuple[str | None, ...]]:
    there = each.destination
    return {(there.account, there.public_alias, there.plain, region) for region in each.regions or (None,)}


def _environment_name(there: Destination, *, first: bool) -> str:
    if there.name:
        return re.sub(r"[^A-Za-z0-9_.-]+", "-", there.name).strip("-._")[:60] or "dev"
    if there.public_alias is not None:
        return "public"
    if there.plain is not None:
        return re.sub(r"[^A-Za-z0-9]+", "-", there.plain).strip("-")[:60]
    return "dev" if first else "env"


def _unique(name: str, taken: set[str]) -> str:
    number, made = 2, name
    while made in taken:
        made, number = f"{name}-{number}", number + 1
    taken.add(made)
    return made


def _rank(name: str) -> int:
    words = set(re.split(r"[^a-z]+", name.lower())) | {name.lower()}
    return next((rank for rank, group in enumerate(_ORDER) if words & set(group)), 0)


def _environment(each: _Environment) -> dict[str, Any]:
    there = each.destination
    pointer = {"pointer": re.sub(r"^[.-]+", "", each.name)} if each.pointer else {}
    if there.plain is not None:
        return {"registry": there.plain} | pointer
    if there.public_alias is not None:
        return {"registry": "public", "alias": there.public_alias} | pointer
    made: dict[str, Any] = {"account": there.account} if there.account else {}
    made |= {"region": each.regions[0]} if len(each.regions) == 1 else {"regions": list(each.regions)}
    made |= {"role": there.role} if there.role else {}
    return made | ({"create": "if-missing"} if there.create else {}) | pointer


def _images(images: Iterable[FoundImage], remarks: list[Remark]) -> list[tuple[str, FoundImage]]:
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
            continue
        first = kept[same]
        others = _tags_of_others(kept, same)
        tags = dict.fromkeys(tag for tag in first.tags + image.tags if tag not in others)
        kept[same] = replace(first, tags=tuple(tags))
        if doubled := [tag for tag in image.tags if tag in others]:
            remarks.append(
                Remark(
                    image.place, f"{image.repository}: {', '.join(doubled)} is given to the image built in another way"
                )
            )
        if first.destination != image.destination:
            where = image.destination.name or "another registry"
            remarks.append(
                Remark(image.place, f"{image.repository} is built again for {where}: its digest is promoted instead")
            )
        elif first.recipe != image.recipe:
            remarks.append(Remark(image.place, f"{image.repository} is built here in another way, which is left out"))
    for image in kept:
        if not image.tags and not image.place.file.endswith(("Dockerfile", "Containerfile")):
            remarks.append(
                Remark(image.place, f"no tag of {image.repository} can be told: the usual rules are written")
            )
        if len(image.recipe.platforms) > 1:
            platforms = ", ".join(image.recipe.platforms)
            remarks.append(
                Remark(
                    image.place,
                    f"an engine builds one platform at a time: of {platforms} only the first is written; for all of "
                    "them let buildx write an OCI layout (`build: { layout: PATH }`)",
                )
            )
    taken: set[str] = set()
    return [(_unique(_image_name(image), taken), image) for image in kept]


def _tags_of_others(kept: list[FoundImage], same: int) -> set[str]:
    """What other images of the same repository are tagged with already: a tag names one image."""
    repository = kept[same].repository
    return {tag for k, each in enumerate(kept) if k != same and each.repository == repository for tag in each.tags}


def _is_same(one: FoundImage, other: FoundImage) -> bool:
    return one.repository == other.repository and (
        one.recipe == other.recipe or not one.tags or not other.tags or bool(set(one.tags) & set(other.tags))
    )


def _image_name(image: FoundImage) -> str:
    return image.repository.rpartition("/")[2][:63]


def _image(name: str, image: FoundImage) -> str:
    recipe = image.recipe
    build: dict[str, Any] = {"context": recipe.context}
    if recipe.dockerfile:
        build["dockerfile"] = recipe.dockerfile
    if recipe.target:
        build["target"] = recipe.target
    for key, pairs in (("args", recipe.args), ("labels", recipe.labels)):
        if pairs:
            build[key] = dict(pairs)
    for switch in recipe.switches:
        build[switch] = True
    if recipe.platforms:
        build["platforms"] = [recipe.platforms[0]]
    body: dict[str, Any] = {"repository": image.repository, "build": build, "tags": list(image.tags or DEFAULT_TAGS)}
    if image.flavor:
        body["flavor"] = list(image.flavor)
    text = _block({name: body})
    return f"  # from {image.place}\n" + "".join(f"  {line}\n" for line in text.splitlines())


def _edges(names: list[str]) -> list[dict[str, Any]]:
    """Promotions along environments whose names say an order; into production only for version tags."""
    edges = []
    for before, after in itertools.pairwise(names):
        if _rank(before) < _rank(after):
            edge: dict[str, Any] = {"from": before, "to": after}
            if _rank(after) == len(_ORDER) - 1:
                edge["when"] = {"tag": "v*"}
            edges.append(edge)
    return edges


class _Dumper(yaml.SafeDumper):
    """Lists stand further in than their key, as people write them."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Never indentless."""
        super().increase_indent(flow, False)


def _block(value: dict[str, Any]) -> str:
    return str(yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1000))
