"""Rules of places: repositories, moving tags and accounts that several images or environments may not share."""

from __future__ import annotations

import re

from ecr_publish.config.checking import Checking, known_environment
from ecr_publish.config.document import text
from ecr_publish.config.environments import EcrEnvironment, Environment, PlainEnvironment, PublicEnvironment
from ecr_publish.config.model import Image

_REPOSITORY = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*"


def check_places(check: Checking) -> None:
    """Whether each image has a place of its own in each environment, and credentials to get there."""
    _repositories(check)
    _pointers(check)
    _credentials(check)
    _accounts(check)


def _registries(environment: Environment) -> tuple[tuple[str, str], ...]:
    """What tells registries apart before any account is known."""
    match environment:
        case EcrEnvironment():
            account = environment.known_account or f"the account of {environment.profile or 'the caller'}"
            return tuple((account, region) for region in environment.regions)
        case PublicEnvironment():
            return (("public", environment.alias),)
        case PlainEnvironment():
            return (("plain", environment.registry),)


def _repository(image: Image, environment: Environment) -> str:
    for override in image.environments:
        if override.environment == environment.name and override.repository:
            return str(override.repository)
    return f"{environment.prefix}{image.repository}"


def _repositories(check: Checking) -> None:
    """Names that the prefix makes invalid, and two images in one repository that can have the same tag."""
    taken: dict[tuple[tuple[str, str], str], tuple[Image, str]] = {}
    for number, image in enumerate(check.config.images):
        for index, override in enumerate(image.environments):
            name_at = check.at("images", number, "environments", index, "environment")
            known_environment(text(override.environment, name_at), check.environments, check.complaints)
        for environment in check.config.environments:
            name = _repository(image, environment)
            if not re.fullmatch(_REPOSITORY, name) or not 2 <= len(name) <= 256:
                check.error(
                    ("images", number, "repository"),
                    f"{name!r} (prefix and repository in {environment.name}) is no repository name",
                    "2 to 256 lower-case letters and digits, with single . _ - or / between them",
                )
            for registry in _registries(environment):
                other, where = taken.setdefault((registry, name), (image, environment.name))
                if other.name != image.name and where == environment.name:
                    _same_tags(check, number, other, image, name)


def _same_tags(check: Checking, number: int, first: Image, second: Image, name: str) -> None:
    rules = set(first.tags or ("default rules",)) & set(second.tags or ("default rules",))
    if rules:
        check.error(
            ("images", number, "repository"),
            f"{first.name} and {second.name} go to the same repository {name!r} with the same tag ({sorted(rules)[0]})",
            "give each its own repository, or its own prefix=/suffix= in the tag rules",
        )


def _pointers(check: Checking) -> None:
    """Two environments in one repository are told apart by their pointers only."""
    for number, image in enumerate(check.config.images):
        seen: dict[tuple[tuple[str, str], str], dict[str | None, str]] = {}
        for environment in check.config.environments:
            pointer = next(
                (each.pointer for each in image.environments if each.environment == environment.name and each.pointer),
                environment.pointer,
            )
            for registry in _registries(environment):
                others = seen.setdefault((registry, _repository(image, environment)), {})
                if others and (pointer is None or None in others):
                    check.error(
                        ("images", number),
                        f"{image.name} is in one repository for {', '.join(others.values())} and {environment.name}",
                        "give each of these environments a pointer: (a moving tag), or a prefix: of its own",
                    )
                elif pointer in others:
                    check.error(
                        ("images", number),
                        f"{others[pointer]} and {environment.name} have the same pointer {pointer!r} in one repository",
                        "give each environment a pointer of its own",
                    )
                others[pointer] = environment.name


def _credentials(check: Checking) -> None:
    """The ambient principal belongs to one account: at most one account may have neither role nor profile."""
    bare: dict[str, int] = {}
    for index, environment in enumerate(check.config.environments):
        if isinstance(environment, EcrEnvironment) and not environment.role and not environment.profile:
            if environment.account is None:
                check.complaints.warn(
                    check.at("environments", index), f"{environment.name} has no account: the caller's is used"
                )
            bare.setdefault(environment.account or "the caller's", index)
    if len(bare) > 1:
        names = ", ".join(bare)
        check.error(
            ("environments", max(bare.values())),
            f"{len(bare)} accounts ({names}) have neither role: nor profile:, and ambient credentials are for one",
            "add role: arn:aws:iam::ACCOUNT:role/NAME to all but one",
        )


def _accounts(check: Checking) -> None:
    """A registry is an account and a region. Where neither `account:` nor `role:` names the account, two environments
    of one region would be one registry to us, though their profiles may lead to two."""
    unnamed: dict[str, EcrEnvironment] = {}
    for index, environment in enumerate(check.config.environments):
        if not isinstance(environment, EcrEnvironment) or environment.known_account is not None:
            continue
        for region in environment.regions:
            first = unnamed.setdefault(region, environment)
            if first.profile != environment.profile:
                check.error(
                    ("environments", index),
                    f"{first.name} and {environment.name} have no account: and different profiles in {region}, so"
                    " nothing says whether they are one registry",
                    "add account: to each of them",
                )
                break
