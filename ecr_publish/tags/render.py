"""A TagSet from rules and an Origin. Pure: the same commit and event give the same tags on every CI."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from fnmatch import fnmatchcase

from ecr_publish.model.origin import Origin
from ecr_publish.model.tags import Explained, Explanation, Fixed, Floating, Movement, NoTag, Tag, TagSet
from ecr_publish.tags.expression import Unanswerable
from ecr_publish.tags.flavor import Flavor, flavor
from ecr_publish.tags.given import Given, Nothing, given
from ecr_publish.tags.name import named
from ecr_publish.tags.rule import Rule, parse
from ecr_publish.tags.seen import Seen

# What applies where the file lists no rule.
DEFAULT_RULES = ("type=schedule", "type=ref,event=branch", "type=ref,event=tag", "type=ref,event=pr")
SHORT_SHA = 7
LATEST = "latest"
# What these give comes from a ref, which nobody chooses for the sake of a tag.
_FROM_REF = ("semver", "pep440", "match", "ref")


@dataclass(frozen=True, slots=True)
class Style:
    """What is true for all rules of an image: flavor lines, and globs of tag names that are meant to move whatever
    gave them."""

    flavor: tuple[str, ...] = ()
    floating: tuple[str, ...] = ()


def explanation(
    rules: tuple[str, ...],
    style: Style,
    origin: Origin,
    now: datetime,
    *,
    default_branch: str | None,
    pr_sha: str = "merge",
    short_sha: int = SHORT_SHA,
) -> Explanation:
    """The tags in order of priority, `latest` behind them, and what came of each rule.

    Raises ConfigError for a rule that cannot be read, a tag that ECR would refuse, or a default branch that a rule asks
    for and nobody tells.
    """
    taste = flavor(style.flavor)
    seen = Seen(origin, now, default_branch, pr_sha, short_sha)
    told: list[Explained] = []
    tags: dict[str, Tag] = {}
    first: tuple[Given, Tag] | None = None
    for rule in sorted((parse(line) for line in rules or DEFAULT_RULES), key=lambda rule: -rule.priority):
        made = _made(rule, taste, seen, style.floating)
        if isinstance(made, Nothing):
            told.append(Explained(rule.line, None, made.reason))
            continue
        result, explained, tag = made
        told.append(explained)
        first = first or (result, tag)
        tags.setdefault(tag.name, tag)
    if first is not None and _wants_latest(taste, first[0]):
        latest = _latest(taste, seen, first[0])
        tags.setdefault(latest.name, latest)
    if first is not None and (own := tags.get(LATEST)) is not None:
        # also one that a rule gave by name follows the release, so that it never goes back
        tags[LATEST] = replace(own, movement=Floating(first[0].version, "", first[0].scheme))
    without = tuple(NoTag(each.rule, each.how) for each in told if each.tag is None)
    version = (first[0].version or first[1].name) if first else None
    return Explanation(TagSet(tuple(tags.values()), without, version), tuple(told), _why_latest(taste, first))


def _made(rule: Rule, taste: Flavor, seen: Seen, floating: tuple[str, ...]) -> tuple[Given, Explained, Tag] | Nothing:
    result = given(rule, seen)
    if isinstance(result, Nothing):
        return result
    prefix = taste.prefix if rule.prefix is None else rule.prefix
    suffix = taste.suffix if rule.suffix is None else rule.suffix
    try:
        text = f"{_of(seen, prefix, rule)}{result.name}{_of(seen, suffix, rule)}"
    except Unanswerable as unknown:
        return Nothing(str(unknown))
    if not text:
        return Nothing("its value is empty here")
    written = rule.type not in _FROM_REF and "{{" not in f"{rule.value}{rule.pattern}{prefix}{suffix}"
    name, done = named(text, rule.where, written=written)
    movement, moving = _movement(name, result, floating)
    tag = Tag(name, movement, rule.line)
    return result, Explained(rule.line, tag, f"{result.how}; {done}" if done else result.how, moving), tag


def _of(seen: Seen, text: str, rule: Rule) -> str:
    return seen.expressions.rendered(text, rule.where)


def _movement(name: str, result: Given, floating: tuple[str, ...]) -> tuple[Movement, str]:
    if isinstance(result.movement, Floating):
        return result.movement, result.moving
    if result.name == LATEST:
        return Floating(result.version, "", result.scheme), "latest is always meant to move"
    for pattern in floating:
        if fnmatchcase(name, pattern):
            return Floating(result.version, "", result.scheme), f"floating: lists {pattern}"
    return Fixed(), result.moving


def _wants_latest(taste: Flavor, first: Given) -> bool:
    return taste.latest == "true" or (taste.latest == "auto" and first.latest)


def _latest(taste: Flavor, seen: Seen, first: Given) -> Tag:
    where = f"flavor: latest={taste.latest}"
    try:
        prefix = seen.expressions.rendered(taste.prefix, where) if taste.prefix_latest else ""
        suffix = seen.expressions.rendered(taste.suffix, where) if taste.suffix_latest else ""
    except Unanswerable:
        prefix = suffix = ""
    name, _ = named(f"{prefix}{LATEST}{suffix}", where, written="{{" not in f"{prefix}{suffix}")
    return Tag(name, Floating(first.version, "", first.scheme), f"latest={taste.latest}")


def _why_latest(taste: Flavor, first: tuple[Given, Tag] | None) -> str:
    """One sentence: whether `latest` was added, and what decided."""
    if first is None:
        return "not added: no rule gave a tag"
    if taste.latest != "auto":
        return f"{'added' if taste.latest == 'true' else 'not added'}: flavor says latest={taste.latest}"
    rule = f"latest=auto, and the first rule that gave a tag is {first[1].rule}"
    return f"added: {rule}, a release" if first[0].latest else f"not added: {rule}, which is for no release"
