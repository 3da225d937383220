"""Rules between the parts of a file: names that exist, places that do not clash, credentials that differ."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase

from ecr_publish.config.complaints import Complaints
from ecr_publish.config.document import Map, Sequence, Text, text, walk
from ecr_publish.config.model import (
    DEFAULT_PIPELINE,
    ArchiveBuild,
    Config,
    DockerBuild,
    EcrEnvironment,
    Environment,
    FilesBuild,
    Image,
    PlainEnvironment,
    PublicEnvironment,
)

_REPOSITORY = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*"


class _Check:
    def __init__(self, config: Config, tree: Map, complaints: Complaints) -> None:
        self.config, self.tree, self.complaints = config, tree, complaints
        self.environments = [each.name for each in config.environments]

    def at(self, *loc: str | int) -> tuple[int, int]:
        *_, last = walk(self.tree, loc)
        return last.at

    def error(self, loc: tuple[str | int, ...], what: str, hint: str) -> None:
        self.complaints.add(self.at(*loc), what, hint)


def check_names(tree: Map, complaints: Complaints) -> None:
    """The environments that edges name, checked on the tree: told even where something else is wrong."""
    listed = tree.get("environments", ())
    known = listed if isinstance(listed, Sequence) else ()
    environments = [str(each["name"]) for each in known if isinstance(each, Map) and "name" in each]
    edges = tree.get("promote", ())
    for edge in edges if isinstance(edges, Sequence) else ():
        for key in ("from", "to"):
            if isinstance(edge, Map) and isinstance(edge.get(key), Text):
                _known_environment(edge[key], environments, complaints)


def _known_environment(name: Text, environments: list[str], complaints: Complaints) -> None:
    if name not in environments:
        import difflib

        near = difflib.get_close_matches(name, environments, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        complaints.add(name.at, f"there is no environment {str(name)!r}", f"{hint}known: {', '.join(environments)}")


def check(config: Config, tree: Map, complaints: Complaints) -> None:
    """Add a complaint for every rule that does not hold, each at the value that breaks it."""
    checking = _Check(config, tree, complaints)
    _pipeline(checking)
    _edges(checking)
    _repositories(checking)
    _pointers(checking)
    _credentials(checking)
    _unscanned(checking)
    _compression(checking)


def _pipeline(check: _Check) -> None:
    seen: set[str] = set()
    for index, name in enumerate(check.config.pipeline):
        if name in seen:
            check.error(("pipeline", index), f"the step {name!r} is here for the second time", "a step runs once")
        seen.add(name)
        if name not in DEFAULT_PIPELINE and not check.config.plugins:
            check.error(
                ("pipeline", index),
                f"there is no step {name!r}",
                f"known steps: {', '.join(DEFAULT_PIPELINE)}; others come from plugins:",
            )


def _edges(check: _Check) -> None:
    edges = check.config.promote
    for index, edge in enumerate(edges):
        if not {edge.source, edge.destination} <= set(check.environments):
            continue
        if edge.source == edge.destination:
            check.error(("promote", index), f"promotes {edge.source} to itself", "name two environments")
        if not index and "promote" not in check.config.pipeline:
            check.error(("promote",), "the pipeline has no promote step", "add promote to pipeline:")
        for other in edges[:index]:
            if other.destination == edge.destination and _share(check.config.images, other.images, edge.images):
                check.error(
                    ("promote", index, "to"),
                    f"{edge.destination} is promoted to from {other.source} and from {edge.source}",
                    "an environment has one source per image; use images: on the edges to tell them apart",
                )
    _cycle(check)


def _share(images: Iterable[Image], first: tuple[str, ...], second: tuple[str, ...]) -> bool:
    return any(_any(image.name, first) and _any(image.name, second) for image in images)


def _any(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _cycle(check: _Check) -> None:
    leads: dict[str, list[str]] = {}
    for edge in check.config.promote:
        leads.setdefault(edge.source, []).append(edge.destination)
    for index, edge in enumerate(check.config.promote):
        path, seen = [edge.source], {edge.source}
        while path[-1] in leads:
            path.append(leads[path[-1]][0])
            if path[-1] in seen:
                break
            seen.add(path[-1])
        if len(path) > 2 and path[-1] == path[0]:
            check.error(("promote", index), f"promotions go round in a circle: {' -> '.join(path)}", "remove one edge")
            return


def _registries(environment: Environment) -> tuple[tuple[str, str], ...]:
    """What tells registries apart before any account is known."""
    match environment:
        case EcrEnvironment():
            account = environment.account or f"the account of {environment.profile or environment.role or 'the caller'}"
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


def _repositories(check: _Check) -> None:
    """Names that the prefix makes invalid, and two images in one repository that can have the same tag."""
    taken: dict[tuple[tuple[str, str], str], tuple[Image, str]] = {}
    for number, image in enumerate(check.config.images):
        for index, override in enumerate(image.environments):
            name_at = check.at("images", number, "environments", index, "environment")
            _known_environment(text(override.environment, name_at), check.environments, check.complaints)
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


def _same_tags(check: _Check, number: int, first: Image, second: Image, name: str) -> None:
    rules = set(first.tags or ("default rules",)) & set(second.tags or ("default rules",))
    if rules:
        check.error(
            ("images", number, "repository"),
            f"{first.name} and {second.name} go to the same repository {name!r} with the same tag ({sorted(rules)[0]})",
            "give each its own repository, or its own prefix=/suffix= in the tag rules",
        )


def _pointers(check: _Check) -> None:
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


def _credentials(check: _Check) -> None:
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


def _compression(check: _Check) -> None:
    """A level that the method has; and who will not be able to read what was asked for."""
    for index, image in enumerate(check.config.images):
        build = image.build
        if not isinstance(build, DockerBuild | ArchiveBuild | FilesBuild):
            continue
        from ecr_publish.model.compression import BY_NAME, LARGEST_LEVEL

        most = LARGEST_LEVEL[build.compression]
        if build.compression_level is not None and build.compression_level > most:
            check.error(
                ("images", index, "build", "compression-level"),
                f"{build.compression} has no level {build.compression_level}",
                f"from 1 to {most}; without it, {BY_NAME[build.compression].level}",
            )
        if build.compression == "zstd":
            check.complaints.warn(
                check.at("images", index, "build", "compression"),
                "zstd layers are read by Docker from 23.0, containerd from 1.5, Podman; Docker 20.10 cannot read them",
            )


def _unscanned(check: _Check) -> None:
    for index, edge in enumerate(check.config.promote):
        source = next((each for each in check.config.environments if each.name == edge.source), None)
        if source is not None and not isinstance(source, EcrEnvironment) and edge.unscannable is None:
            check.complaints.warn(
                check.at("promote", index),
                f"{edge.source} has no scanner: nothing leaves it but over an edge with unscannable: {{ allow: ... }}",
            )
