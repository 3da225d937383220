"""Given: what each type of rule gives for a run, before prefix, suffix and sanitising; or why nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from ecr_publish.errors import ConfigError
from ecr_publish.model.tags import Fixed, Floating, Movement, Scheme
from ecr_publish.tags.expression import Unanswerable
from ecr_publish.tags.rule import Rule
from ecr_publish.tags.seen import Seen

if TYPE_CHECKING:
    from ecr_publish.tags.version import Numbered

_RAW = r"\{\{\{?\s*raw\s*\}?\}\}"
_NAME = r"\{\{\{?\s*(\w+)\s*\}?\}\}"
_DIRTY = "the work tree has changes that are not committed"
_NO_TAG = "this run is not for a git tag"
_NO_BRANCH = "this run is not for a branch"


@dataclass(frozen=True, slots=True)
class Given:
    """One name and how it may move. `latest` is what `latest=auto` makes of it if it is the first, `version` the
    semantic or Python version that `latest` then stands for."""

    name: str
    how: str
    movement: Movement
    moving: str
    latest: bool = False
    version: str | None = None
    scheme: Scheme = Scheme.SEMVER


@dataclass(frozen=True, slots=True)
class Nothing:
    """Why a rule gives no tag."""

    reason: str


Result: TypeAlias = Given | Nothing


def given(rule: Rule, seen: Seen) -> Result:
    """What `rule` gives. Raises ConfigError for a rule that is wrong whatever is built."""
    try:
        enabled = seen.expressions.rendered(rule.enable, rule.where)
        if enabled not in ("true", "false"):
            raise ConfigError(
                what=f"enable must be true or false, it is {enabled!r}", where=rule.where, hint="fix the rule"
            )
        if enabled == "false":
            return Nothing("enable is false here")
        return _TYPES[rule.type](rule, seen)
    except Unanswerable as unknown:
        return Nothing(str(unknown))


def _schedule(rule: Rule, seen: Seen) -> Result:
    if not seen.scheduled:
        return Nothing("no schedule started this run")
    name = seen.expressions.rendered(rule.pattern, rule.where)
    return Given(name, "a schedule started this run", Floating(), "each run of the schedule moves it")


def _semver(rule: Rule, seen: Seen) -> Result:
    return _versioned(Scheme.SEMVER, rule, seen)


def _pep440(rule: Rule, seen: Seen) -> Result:
    return _versioned(Scheme.PEP440, rule, seen)


def _versioned(scheme: Scheme, rule: Rule, seen: Seen) -> Result:
    source = _source(rule, seen)
    if isinstance(source, Nothing):
        return source
    from ecr_publish.tags.pattern import groups
    from ecr_publish.tags.version import numbered

    text, whence = source
    if rule.match:
        found = groups(rule.match, text, rule.where)
        # one that does not match leaves the text as it is
        text = text if found is None else (found[1] if len(found) > 1 else found[0]) or ""
        whence += f", {'not ' if found is None else ''}matched by {rule.match}"
    version = numbered(scheme, text)
    if version is None:
        kind = "a semantic version" if scheme is Scheme.SEMVER else "a Python version (PEP 440)"
        return Nothing(f"{text!r} ({whence}) is not {kind}")
    # A prerelease must not take over `1.4`: whatever the pattern it gives its full version, but for {{raw}}.
    pattern = rule.pattern if not version.unfinished or re.fullmatch(_RAW, rule.pattern) else "{{version}}"
    how = f"{text} ({whence}) is {'no final' if version.unfinished else 'a'} release"
    if pattern != rule.pattern:
        how += ", which gives its full version whatever the pattern"
    name = seen.expressions.beside(version.parts).rendered(pattern, rule.where)
    movement, moving = _movement(pattern, version)
    return Given(
        name, how, movement, moving, latest=not version.unfinished, version=version.normal, scheme=version.scheme
    )


def _movement(pattern: str, version: Numbered) -> tuple[Movement, str]:
    """A pattern that lacks major, minor or patch floats within what it names."""
    names = set(re.findall(_NAME, pattern))
    parts = ("major", "minor", "patch")
    missing = [name for name in parts if name not in names]
    if names & {"version", "raw"} or not missing:
        return Fixed(), "it names the whole version"
    moving = f"its pattern lacks {' and '.join(missing)}"
    if "major" not in names:
        return Floating(version.normal, "", version.scheme), moving
    within = f"{version.major}.{version.minor}" if "minor" in names else version.major
    return Floating(version.normal, within, version.scheme), moving


def _match(rule: Rule, seen: Seen) -> Result:
    source = _source(rule, seen)
    if isinstance(source, Nothing):
        return source
    from ecr_publish.tags.pattern import groups

    text, whence = source
    found = groups(rule.pattern, text, rule.where)
    if found is None:
        return Nothing(f"{rule.pattern} does not match {text!r} ({whence})")
    name = found[rule.group] if 0 <= rule.group < len(found) else None
    if name is None:
        return Nothing(f"{rule.pattern} has no group {rule.group} in {text!r} ({whence})")
    how = f"group {rule.group} of {rule.pattern} in {text} ({whence})"
    return Given(
        name, how, Fixed(), "what a pattern takes from a tag is meant once", latest=True, version=_release(name)
    )


def _source(rule: Rule, seen: Seen) -> tuple[str, str] | Nothing:
    """The text that a version is read from, and where it is from: `value=`, else the git tag."""
    if rule.value:
        return seen.expressions.rendered(rule.value, rule.where), "value="
    if seen.tag is None:
        return Nothing(seen.no_ref or _NO_TAG)
    return Nothing(_DIRTY) if seen.origin.dirty else (seen.tag, "the git tag")


def _edge(rule: Rule, seen: Seen) -> Result:
    if seen.branch is None:
        return Nothing(seen.no_ref or _NO_BRANCH)
    wanted = rule.branch or seen.known_default_branch()
    if seen.branch != wanted:
        return Nothing(f"this run is for the branch {seen.branch!r}, not for {wanted!r}")
    return Given("edge", f"the branch {wanted} is built", Floating(), "the branch moves on")


def _ref(rule: Rule, seen: Seen) -> Result:
    match rule.event:
        case "tag":
            if seen.tag is None:
                return Nothing(seen.no_ref or _NO_TAG)
            if seen.origin.dirty:
                return Nothing(_DIRTY)
            version = _release(seen.tag)
            return Given(seen.tag, "the git tag", Fixed(), "a git tag is meant once", latest=True, version=version)
        case "branch":
            if seen.branch is None:
                return Nothing(seen.no_ref or _NO_BRANCH)
            return Given(seen.branch, "the branch", Floating(), "the branch moves on")
        case _:
            if seen.pr is None:
                return Nothing(seen.no_ref or "this run is not for a pull request")
            return Given(seen.pr, "the pull request", Floating(), "the pull request moves on")


def _raw(rule: Rule, seen: Seen) -> Result:
    name = seen.expressions.rendered(rule.value, rule.where)
    return Given(name, "its value", Fixed(), "floating does not list it")


def _sha(rule: Rule, seen: Seen) -> Result:
    if seen.sha is None:
        return Nothing("no commit is known")
    if seen.origin.dirty:
        return Nothing(_DIRTY)
    name = seen.sha if rule.format == "long" else seen.sha[: seen.short]
    return Given(name, "the commit", Fixed(), "it names one commit")


def _release(text: str) -> str | None:
    from ecr_publish.tags.version import semantic

    version = semantic(text)
    return None if version is None else str(version)


_TYPES = {
    "schedule": _schedule,
    "semver": _semver,
    "pep440": _pep440,
    "match": _match,
    "edge": _edge,
    "ref": _ref,
    "raw": _raw,
    "sha": _sha,
}
