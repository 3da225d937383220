"""Tags from rules and an origin: an own table, beside the field's."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ecr_publish.errors import ConfigError
from ecr_publish.model.origin import Origin
from ecr_publish.model.tags import Fixed, Floating, Tag
from ecr_publish.tags import moves, tag_set

NOW = datetime(2026, 11, 24, tzinfo=UTC)
SHA = "b0bd943fdeff95eb270517001b478d76c2ffd8f4"
RULES = ("type=semver,pattern={{version}}", "type=semver,pattern={{major}}.{{minor}}", "type=sha")


def origin(ref: str | None, **more) -> Origin:
    return Origin(ci="local", ref=ref, sha=SHA, checkout_sha=SHA, trusted=True, **more)


def tags(rules, ref="refs/heads/main", flavor=(), floating=(), **more):
    return tag_set(tuple(rules), tuple(flavor), tuple(floating), origin(ref, **more), NOW, default_branch="main")


@pytest.mark.parametrize(
    ("rules", "ref", "names"),
    [
        (RULES, "refs/tags/v1.4.0", ("1.4.0", "1.4", "sha-b0bd943", "latest")),
        (RULES, "refs/heads/main", ("sha-b0bd943",)),
        (RULES, "refs/tags/v1.4.0-rc.1", ("1.4.0-rc.1", "sha-b0bd943")),
        (RULES, "refs/tags/1.4", ("sha-b0bd943",)),
        (RULES, "refs/tags/V1.4.0", ("sha-b0bd943",)),
        (("type=semver,pattern={{raw}}",), "refs/tags/v1.4.0", ("v1.4.0", "latest")),
        (("type=semver,pattern={{major}}",), "refs/tags/v2.0.1", ("2", "latest")),
        (("type=semver,pattern={{version}},value=v3.0.0",), "refs/heads/main", ("3.0.0", "latest")),
        (("type=sha,format=long",), "refs/heads/main", (f"sha-{SHA}",)),
        (("type=sha,prefix=",), "refs/heads/main", ("b0bd943",)),
        (("type=sha,prefix={{branch}}-",), "refs/heads/main", ("main-b0bd943",)),
        (("type=ref,event=branch",), "refs/heads/feature/ABC-12+fix", ("feature-ABC-12-fix",)),
        (("type=ref,event=tag",), "refs/tags/v1.4.0", ("v1.4.0", "latest")),
        (("type=raw,value=nightly", "stable"), "refs/heads/main", ("nightly", "stable")),
        (("type=raw,value=x,enable={{is_default_branch}}",), "refs/heads/main", ("x",)),
        (("type=raw,value=x,enable={{is_default_branch}}",), "refs/heads/dev", ()),
        (("type=raw,value=x,suffix=-{{sha}}",), "refs/heads/main", ("x-b0bd943",)),
        (("type=raw,value=a", "type=raw,value=b,priority=900"), "refs/heads/main", ("b", "a")),
        (("1.10",), "refs/heads/main", ("1.10",)),
        ((), "refs/heads/main", ("main",)),
        ((), "refs/tags/v1.0.0", ("v1.0.0", "latest")),
    ],
)
def test_rules_give_these_tags(rules, ref, names):
    assert tags(rules, ref).names == names


@pytest.mark.parametrize(
    ("flavor", "names"),
    [
        (("latest=false",), ("1.4.0",)),
        (("latest=true",), ("1.4.0", "latest")),
        (("prefix=web-",), ("web-1.4.0", "latest")),
        (("prefix=web-,onlatest=true",), ("web-1.4.0", "web-latest")),
        (("suffix=-alpine", "latest=true"), ("1.4.0-alpine", "latest")),
    ],
)
def test_a_flavor_is_for_all_rules(flavor, names):
    assert tags(RULES[:1], "refs/tags/v1.4.0", flavor).names == names


def test_a_rule_that_gives_nothing_says_why():
    found = tags(RULES[:1], "refs/heads/main")
    assert found.without[0].reason == "this run is not for a git tag"


def test_a_dirty_tree_gets_no_release_and_no_commit_tags():
    found = tags((*RULES, "type=ref,event=branch", "type=raw,value=x"), "refs/heads/main", dirty=True)
    assert found.names == ("main", "x")
    assert all("not committed" in each.reason for each in found.without if "sha" in each.rule)


@pytest.mark.parametrize(
    ("rules", "ref", "movement"),
    [
        (RULES[:1], "refs/tags/v1.4.0", Fixed()),
        (("type=semver,pattern={{major}}.{{minor}}.{{patch}}",), "refs/tags/v1.4.0", Fixed()),
        (RULES[1:2], "refs/tags/v1.4.0", Floating("1.4.0", "1.4")),
        (("type=semver,pattern={{major}}",), "refs/tags/v1.4.0", Floating("1.4.0", "1")),
        (("type=ref,event=branch",), "refs/heads/main", Floating()),
        (("type=sha",), "refs/heads/main", Fixed()),
        (("nightly",), "refs/heads/main", Fixed()),
    ],
)
def test_a_tag_is_fixed_or_floating_by_the_rule_that_gave_it(rules, ref, movement):
    assert tags(rules, ref).tags[0].movement == movement


def test_the_file_can_say_that_a_tag_is_meant_to_move():
    assert tags(("nightly",), floating=("night*",)).tags[0].movement == Floating(None, "")


def test_latest_floats_with_its_release():
    assert tags(RULES[:1], "refs/tags/v1.4.0").tags[-1] == Tag("latest", Floating("1.4.0", ""), "latest=auto")


def test_two_long_branches_do_not_become_one_tag():
    one, other = (tags(("type=ref,event=branch",), f"refs/heads/{'x' * 150}{end}").names[0] for end in "ab")
    assert one != other
    assert len(one) <= 128


@pytest.mark.parametrize(
    "branch", ['a"b', "$(id)", "`id`", "a;b", "::set-output name=x::y", "ünïcödé", "x" * 250, "-x"]
)
def test_whatever_a_branch_is_called_its_tag_is_a_tag_or_an_error(branch):
    try:
        found = tags(("type=ref,event=branch",), f"refs/heads/{branch}")
    except ConfigError:
        return
    assert all(
        set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") for name in found.names
    )


@pytest.mark.parametrize(
    ("rule", "what"),
    [
        ("type=semver", "needs a pattern"),
        ("type=raw", "needs a value"),
        ("type=ref", "needs event"),
        ("type=sha,format=medium", "no format=medium"),
        ("type=semver,pattern={{version}},colour=red", "no attribute 'colour'"),
        ("type=nothing", "no rule type is called 'nothing'"),
        ("type=raw,value={{nothing}}", "no expression is called {{nothing}}"),
        ("type=raw,value=x,enable=maybe", "enable must be true or false"),
        ("type=raw,value=x,priority=high", "is not a number"),
        ('type=raw,"value=x', "quotes"),
        ("type=raw,value=.x", "no valid tag"),
    ],
)
def test_a_rule_that_cannot_be_read_is_an_error_that_names_it(rule, what):
    with pytest.raises(ConfigError, match=r"(?s).*") as caught:
        tags((rule,))
    assert what in caught.value.what
    assert rule in caught.value.where


@pytest.mark.parametrize(
    ("movement", "existing", "stays"),
    [
        (Floating("1.3.9", ""), ("1.4.0", "1.4.1"), True),
        (Floating("1.4.2", ""), ("1.4.0", "1.4.1"), False),
        (Floating("1.3.9", "1.3"), ("1.4.1", "1.3.8"), False),
        (Floating("1.3.8", "1.3"), ("1.3.9",), True),
        (Floating("1.4.0", "1"), ("2.0.0", "10.0.0"), False),
        (Floating("1.10.0", ""), ("1.9.0",), False),
        (Floating("1.9.0", ""), ("v1.10.0",), True),
        (Floating("1.4.0", ""), ("1.5.0-rc.1", "main", "latest"), False),
        (Floating("1.4.0", ""), ("1.4.0",), False),
        (Floating(None, ""), ("9.0.0",), False),
        (Fixed(), ("9.0.0",), False),
    ],
)
def test_a_floating_tag_never_goes_back(movement, existing, stays):
    assert (moves(Tag("latest", movement, "rule"), existing) is not None) is stays
