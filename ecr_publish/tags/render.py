"""A TagSet from rules and an Origin. Pure: the same commit and event give the same tags on every CI."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase

from semver import Version

from ecr_publish.errors import ConfigError
from ecr_publish.model.origin import Origin
from ecr_publish.model.registry import is_tag
from ecr_publish.model.tags import Fixed, Floating, Movement, NoTag, Tag, TagSet
from ecr_publish.tags.expression import rendered
from ecr_publish.tags.flavor import Flavor, flavor
from ecr_publish.tags.rule import Rule, parse
from ecr_publish.tags.version import semantic

# What applies where the file lists no rule.
DEFAULT_RULES = ("type=ref,event=branch", "type=ref,event=tag", "type=ref,event=pr")
SHORT_SHA = 7
LONGEST_TAG = 128


@dataclass(frozen=True, slots=True)
class _Given:
    """One name before sanitising; `latest` is what `latest=auto` makes of it if it is the first."""

    name: str
    movement: Movement
    latest: bool = False
    version: str | None = None


@dataclass(frozen=True, slots=True)
class _Nothing:
    reason: str


def tag_set(
    rules: tuple[str, ...],
    flavors: tuple[str, ...],
    floating: tuple[str, ...],
    origin: Origin,
    now: datetime,
    *,
    default_branch: str | None,
    pr_sha: str = "merge",
) -> TagSet:
    """The tags in order of priority, `latest` behind them, and each rule that gave none with its reason.

    `floating` are globs of tag names that are meant to move whatever gave them. Raises ConfigError for a rule that
    cannot be read or a tag that ECR would refuse.
    """
    style = flavor(flavors)
    parsed = sorted((parse(line) for line in rules or DEFAULT_RULES), key=lambda rule: -rule.priority)
    context = _context(origin, default_branch, pr_sha)
    tags: dict[str, Tag] = {}
    without, first = [], None
    for rule in parsed:
        given = _given(rule, origin, context, pr_sha)
        if isinstance(given, _Nothing):
            without.append(NoTag(rule.line, given.reason))
            continue
        name = _named(rule, style, given, context)
        first = first or (given, name)
        tags.setdefault(name, Tag(name, _movement(name, given, floating), rule.line))
    if first is not None and _wants_latest(style, first[0]):
        name = (style.prefix if style.prefix_latest else "") + "latest" + (style.suffix if style.suffix_latest else "")
        tags.setdefault(name, Tag(name, Floating(first[0].version, ""), f"latest={style.latest}"))
    version = (first[0].version or first[1]) if first else None
    return TagSet(tuple(tags.values()), tuple(without), version)


def _context(origin: Origin, default_branch: str | None, pr_sha: str) -> dict[str, str]:
    """The expressions that any rule may use."""
    sha = _sha(origin, pr_sha) or ""
    is_default = origin.branch is not None and origin.branch == default_branch
    return {
        "branch": origin.branch or "",
        "tag": origin.tag or "",
        "sha": sha[:SHORT_SHA],
        "base_ref": origin.base_ref or "",
        "is_default_branch": str(is_default).lower(),
        "is_not_default_branch": str(not is_default).lower(),
    }


def _sha(origin: Origin, pr_sha: str) -> str | None:
    return origin.sha if pr_sha == "head" else origin.checkout_sha or origin.sha


def _given(rule: Rule, origin: Origin, context: dict[str, str], pr_sha: str) -> _Given | _Nothing:
    enabled = rendered(rule.enable, context, f"tags: {rule.line}")
    if enabled not in ("true", "false"):
        raise ConfigError(
            what=f"enable must be true or false, it is {enabled!r}", where=f"tags: {rule.line}", hint="fix the rule"
        )
    if enabled == "false":
        return _Nothing("enable is false here")
    match rule.type:
        case "semver":
            return _semver(rule, origin, context)
        case "ref":
            return _ref(rule, origin)
        case "sha":
            sha = _sha(origin, pr_sha)
            if sha is None:
                return _Nothing("no commit is known")
            if origin.dirty:
                return _Nothing("the work tree has changes that are not committed")
            return _Given(sha if rule.format == "long" else sha[:SHORT_SHA], Fixed())
        case _:
            value = rendered(rule.value, context, f"tags: {rule.line}")
            return _Given(value, Fixed()) if value else _Nothing("its value is empty here")


def _semver(rule: Rule, origin: Origin, context: dict[str, str]) -> _Given | _Nothing:
    text = rendered(rule.value, context, f"tags: {rule.line}") or origin.tag
    if not text:
        return _Nothing("this run is not for a git tag")
    version = semantic(text)
    if version is None:
        return _Nothing(f"{text!r} is not a semantic version")
    if origin.dirty and not rule.value:
        return _Nothing("the work tree has changes that are not committed")
    # A prerelease must not take over `1.4`: it gives its full version whatever the pattern, unless that is {{raw}}.
    pattern = rule.pattern
    if version.prerelease and pattern != "{{raw}}":
        pattern = "{{version}}"
    parts = {
        "version": str(version),
        "major": str(version.major),
        "minor": str(version.minor),
        "patch": str(version.patch),
        "raw": text,
    }
    name = rendered(pattern, {**context, **parts}, f"tags: {rule.line}")
    return _Given(name, _semver_movement(pattern, version), latest=not version.prerelease, version=str(version))


def _semver_movement(pattern: str, version: Version) -> Movement:
    """A pattern that lacks major, minor or patch floats within what it names."""
    names = set(re.findall(r"\{\{\s*(\w+)\s*\}\}", pattern))
    if names & {"version", "raw"} or {"major", "minor", "patch"} <= names:
        return Fixed()
    if {"major", "minor"} <= names:
        return Floating(str(version), f"{version.major}.{version.minor}")
    return Floating(str(version), str(version.major) if "major" in names else "")


def _ref(rule: Rule, origin: Origin) -> _Given | _Nothing:
    if rule.event == "tag":
        if origin.tag is None:
            return _Nothing("this run is not for a git tag")
        if origin.dirty:
            return _Nothing("the work tree has changes that are not committed")
        version = semantic(origin.tag)
        return _Given(origin.tag, Fixed(), latest=True, version=str(version) if version else None)
    if rule.event == "branch":
        return _Given(origin.branch, Floating()) if origin.branch else _Nothing("this run is not for a branch")
    return (
        _Given(str(origin.pr), Floating()) if origin.pr is not None else _Nothing("this run is not for a pull request")
    )


def _named(rule: Rule, style: Flavor, given: _Given, context: dict[str, str]) -> str:
    """Prefix and suffix (the rule's own, even empty, replace the flavor's), made a valid tag."""
    where = f"tags: {rule.line}"
    prefix = style.prefix if rule.prefix is None else rule.prefix
    suffix = style.suffix if rule.suffix is None else rule.suffix
    text = rendered(prefix, context, where) + given.name + rendered(suffix, context, where)
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", text)
    if len(name) > LONGEST_TAG and isinstance(given.movement, Floating):
        # Two long branches must not become one tag: the cut end is replaced by a hash of the whole.
        name = f"{name[: LONGEST_TAG - 9]}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
    if not is_tag(name):
        raise ConfigError(
            what=f"the rule gives {name!r}, which is no valid tag",
            where=where,
            hint="a tag has 1 to 128 of A-Z a-z 0-9 . _ - and begins with a letter, a digit or _",
        )
    return name


def _movement(name: str, given: _Given, floating: tuple[str, ...]) -> Movement:
    if isinstance(given.movement, Fixed) and any(fnmatchcase(name, pattern) for pattern in floating):
        return Floating(given.version, "")
    return given.movement


def _wants_latest(style: Flavor, first: _Given) -> bool:
    return style.latest == "true" or (style.latest == "auto" and first.latest)
