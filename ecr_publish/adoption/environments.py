"""Environments: the registries that images go to, each with a name, in the order in which a release passes them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from ecr_publish.adoption.found import Destination, FoundImage, Place, Remark
from ecr_publish.adoption.names import environment_name, unique

# Environments in the order in which a release passes them, by words that people use.
_ORDER = (
    ("dev", "develop", "development", "sandbox", "integration", "int"),
    ("test", "testing", "qa"),
    ("staging", "stage", "stg", "uat", "preprod", "pre-prod", "pre-production"),
    ("prod", "production", "prd", "live"),
)


@dataclass(frozen=True, slots=True)
class Environment:
    """One of them: all images that go to one account, alias or plain registry under one name."""

    name: str
    destination: Destination
    regions: tuple[str, ...]
    place: Place  # of the first image that goes there
    pointer: bool = False  # another one is in the same registry: a tag that is moved tells them apart


def environments(images: Iterable[FoundImage], region: str | None, remarks: list[Remark]) -> tuple[Environment, ...]:
    """Where these images go. `region` is for those of which no file names one; what is made up is said in `remarks`."""
    grouped = _grouped(images)
    private = [each.destination for each in grouped if _is_private(each.destination)]
    several = len({each.account for each in private}) > 1
    whole = [
        _completed(each, region, remarks, several=several) if _is_private(each.destination) else each
        for each in grouped
    ]
    pointed = [_pointed(each, whole, remarks) for each in whole]
    return tuple(sorted(pointed, key=lambda each: rank(each.name)))


def _grouped(images: Iterable[FoundImage]) -> list[Environment]:
    grouped: dict[tuple[str | None, ...], Environment] = {}
    taken: set[str] = set()
    for image in images:
        there = image.destination
        key = there.name, there.account, there.public_alias, there.plain, str(there.public_alias is not None)
        found = grouped.get(key)
        if found is None:
            name = unique(environment_name(there, first="dev" not in taken), taken)
            found = Environment(name, there, (), image.place)
        if there.region and there.region not in found.regions:
            found = replace(found, regions=(*found.regions, there.region))
        if there.create:
            found = replace(found, destination=replace(found.destination, create=True))
        grouped[key] = found
    return list(grouped.values())


def _is_private(there: Destination) -> bool:
    return there.plain is None and there.public_alias is None


def _completed(each: Environment, region: str | None, remarks: list[Remark], *, several: bool) -> Environment:
    """A private registry with what it needs in our file; with `several` accounts each has a role of its own."""
    there = each.destination
    if not each.regions:
        each = replace(each, regions=(region or "us-east-1",))
        if region is None:
            remarks.append(Remark(each.place, f"no region was found for {each.name}: us-east-1 is written, check it"))
    if there.account and not there.role and several:
        role = f"arn:aws:iam::{there.account}:role/ecr-publish"
        each = replace(each, destination=replace(there, role=role))
        remarks.append(Remark(each.place, f"{each.name} needs a role of its own account: {role} is written, check it"))
    if there.account is None:
        remarks.append(
            Remark(each.place, f"no account was found for {each.name}: write its 12 digits, else any caller's is taken")
        )
    return each


def _pointed(each: Environment, everybody: list[Environment], remarks: list[Remark]) -> Environment:
    others = [other.name for other in everybody if other is not each and _registry(other) & _registry(each)]
    if not others:
        return each
    said = f"{each.name} is in one registry with {', '.join(others)}: pointer: is written; or write another account"
    remarks.append(Remark(each.place, said))
    return replace(each, pointer=True)


def _registry(each: Environment) -> set[tuple[str | None, ...]]:
    there = each.destination
    return {(there.account, there.public_alias, there.plain, region) for region in each.regions or (None,)}


def rank(name: str) -> int:
    """Its place in that order, from 0; a name that says nothing of it is at the beginning."""
    words = set(re.split(r"[^a-z]+", name.lower())) | {name.lower()}
    return next((rank for rank, group in enumerate(_ORDER) if words & set(group)), 0)


def is_production(name: str) -> bool:
    """Whether nothing comes after it."""
    return rank(name) == len(_ORDER) - 1
