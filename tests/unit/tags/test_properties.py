"""Whatever stands in a rule and whatever a ref is called: a tag that ECR takes, or one clear error."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st
from semver import Version

from ecr_publish.errors import ConfigError
from ecr_publish.model.origin import Origin, RefKind
from ecr_publish.model.tags import Explanation, Floating, Scheme, Tag
from ecr_publish.tags import Style, explanation
from ecr_publish.tags.forward import moves
from ecr_publish.tags.moment import formatted, iso
from ecr_publish.tags.pattern import groups
from ecr_publish.tags.rule import ATTRIBUTES, PRIORITIES, parse

ECR = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")  # API: PutImage, imageTag
NOW = datetime(2031, 3, 4, 22, 35, 9, tzinfo=UTC)
ANY = st.text(max_size=40)
EXPRESSIONS = (
    *("{{version}}", "{{major}}", "{{minor}}", "{{raw}}", "{{branch}}", "{{{branch}}}", "{{tag}}", "{{sha}}"),
    *("{{base_ref}}", "{{is_default_branch}}", "{{date}}", "{{date 'YYYYMMDD'}}", "{{date 'L' tz='Asia/Tokyo'}}"),
    *("{{commit_date 'x' tz=\"UTC\"}}", "{{", "}}", "{{date '", "{{#if}}"),
)
WORDS = (
    *("true", "false", "v1.2.3", "(", ")", ".*", "latest", "-", ".", "/", "=", ",", '"', "1", "branch", "tag", "pr"),
    *("long", "short", "é", "\n", "[x]"),
)
PIECES = st.sampled_from((*EXPRESSIONS, *WORDS))
VALUES = st.lists(PIECES | st.text(max_size=6), max_size=4).map("".join)
KEYS = sorted(
    {name for own in ATTRIBUTES.values() for name in own} | {"enable", "priority", "prefix", "suffix", "nope"}
)


def quoted(field: str) -> str:
    """One CSV field."""
    return '"' + field.replace('"', '""') + '"'


LINES = st.tuples(st.sampled_from(sorted(PRIORITIES)), st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=4)).map(
    lambda told: ",".join([f"type={told[0]}", *(quoted(f"{key}={value}") for key, value in told[1].items())])
)
REFS = st.one_of(
    st.none(),
    st.text(min_size=1, max_size=300).map("refs/heads/{}".format),
    st.text(min_size=1, max_size=300).map("refs/tags/{}".format),
    st.from_regex(
        r"refs/tags/v?[0-9]{1,3}\.[0-9]{1,3}(\.[0-9]{1,3})?(-?(rc|a|b|post|dev)\.?[0-9])?(\+x)?", fullmatch=True
    ),
    st.just("refs/pull/7/merge"),
)


@st.composite
def origins(draw: st.DrawFn) -> Origin:
    """A run of any kind."""
    ref = draw(REFS)
    return Origin(
        ci=draw(st.sampled_from(("github", "gitlab", "codebuild", "local"))),
        ref=ref,
        ref_kind=draw(st.sampled_from(RefKind)),
        sha=draw(st.none() | st.just("b0bd943fdeff95eb270517001b478d76c2ffd8f4")),
        pr=7 if ref == "refs/pull/7/merge" else None,
        event=draw(st.none() | st.sampled_from(("push", "schedule", "pull_request_target"))),
        base_ref=draw(st.none() | ANY),
        commit_date=draw(st.none() | st.just(NOW)),
        dirty=draw(st.booleans()),
    )


def explained(rules: list[str], flavor: list[str], origin: Origin) -> Explanation | None:
    """None for one clear error."""
    try:
        return explanation(tuple(rules), Style(tuple(flavor)), origin, NOW, default_branch="main")
    except ConfigError as error:
        assert error.what
        assert error.where
        assert error.hint
        return None


@given(st.lists(LINES | ANY, max_size=4), st.lists(ANY | VALUES.map("prefix={}".format), max_size=2), origins())
def test_any_rules_give_tags_that_ecr_takes_or_one_clear_error(rules: list[str], flavor: list[str], origin: Origin):
    found = explained(rules, flavor, origin)
    if found is None:
        return
    assert [name for name in found.tags.names if ECR.fullmatch(name) is None] == []
    assert len(set(found.tags.names)) == len(found.tags.names)
    assert len(found.rules) == (len(rules) or 4)
    assert all(each.how for each in found.rules)


@given(LINES | ANY)
def test_any_line_is_a_rule_or_one_clear_error(line: str):
    try:
        rule = parse(line)
    except ConfigError as error:
        assert error.where == f"tags: {line}"
        return
    assert rule.type in PRIORITIES
    assert parse(line) == rule


@given(REFS.filter(bool), st.sampled_from(("type=ref,event=branch", "type=ref,event=tag", "x{{branch}}{{tag}}")))
def test_a_ref_by_any_name_has_a_tag(ref: str, rule: str):
    found = explained([rule, "type=ref,event=pr", "y"], ["latest=true"], Origin(ci="github", ref=ref, pr=7))
    assert found is not None
    assert found.tags.names[-1] == "latest"


@given(st.text(alphabet="ab/-", min_size=129, max_size=140), st.text(alphabet="ab/-", min_size=129, max_size=140))
def test_two_long_branches_never_share_a_tag(one: str, other: str):
    names = [
        explanation(
            ("type=ref,event=branch",),
            Style(),
            Origin(ci="local", ref=f"refs/heads/{branch}"),
            NOW,
            default_branch=None,
        ).tags.names
        for branch in (one, other)
    ]
    if len(re.sub(r"/+", "-", one)) > 128 and len(re.sub(r"/+", "-", other)) > 128:
        assert (names[0] == names[1]) is (one == other)


@given(
    st.text(max_size=30),
    st.datetimes(datetime(1, 1, 3), datetime(9998, 1, 1)),  # noqa: DTZ001 - the zone is the next argument
    st.integers(-23 * 60, 23 * 60),
)
def test_any_format_of_any_date_is_a_text(pattern: str, at: datetime, minutes: int):
    instant = at.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert isinstance(formatted(instant, pattern), str)
    assert datetime.fromisoformat(iso(instant)) == instant.replace(microsecond=0)


@given(st.text(alphabet=r"\dwv()[]{}?*+.^$|/ig<>P=!:1a", max_size=8), st.text(max_size=8))
def test_any_pattern_matches_or_not_or_is_one_clear_error(pattern: str, text: str):
    try:
        found = groups(pattern, text, "here")
    except ConfigError as error:
        assert pattern in error.what or repr(pattern) in error.what
        return
    assert found is None or found[0] is None or found[0] in text


VERSIONS = st.tuples(*[st.integers(0, 4)] * 3).map(lambda parts: Version(*parts))


@given(VERSIONS, st.lists(VERSIONS, max_size=6), st.sampled_from(("", "major", "minor")), st.sampled_from(Scheme))
def test_a_tag_moves_exactly_if_no_greater_release_is_within_it(
    own: Version, there: list[Version], kind: str, scheme: Scheme
):
    within = {"": "", "major": str(own.major), "minor": f"{own.major}.{own.minor}"}[kind]
    behind = any(
        each > own and (not kind or each.major == own.major) and (kind != "minor" or each.minor == own.minor)
        for each in there
    )
    tag = Tag("t", Floating(str(own), within, scheme), "rule")
    assert (moves(tag, tuple(f"v{each}" for each in there)) is not None) is behind
